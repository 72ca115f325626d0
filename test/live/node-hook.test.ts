// The OCI hook on a node: under CRI-O, which reads hooks by itself (SECCOMP_GEN_CRIO=DIRECTORY with crio and pinns), and
// by NRI's hook-injector (SECCOMP_GEN_HOOK_INJECTOR=FILE) under CRI-O and a containerd with NRI
// (SECCOMP_GEN_CONTAINERD=DIRECTORY). scripts/build-cri-o.sh builds crio, pinns and hook-injector.
// Authority: crio.conf(5), "allowed_annotations" and "hooks_dir"; cri-o#4544; containerd/nri, plugins/hook-injector.
import { execa } from 'execa'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { noEbpf, plainEnvironment, seccompGen } from './command.ts'
import { containerd, containerdRelease, whyNoContainerd } from './node-containerd.ts'
import { crio, whyNoCrio } from './node-crio.ts'
import { Node, type NodeRuntime } from './node.ts'
import { skipFile } from './skip.ts'

const injector = process.env['SECCOMP_GEN_HOOK_INJECTOR']
const noCrio = await whyNoCrio()
const noContainerd =
  (await whyNoContainerd()) ??
  (/^1\.[0-6]$/.test(await containerdRelease()) ? 'containerd has NRI from 1.7 on' : undefined)
const noInjector = injector === undefined ? 'SECCOMP_GEN_HOOK_INJECTOR names no program' : undefined
skipFile((await noEbpf()) ?? (noCrio && (noInjector ?? noContainerd)))
t.setTimeout(600_000)

const [program = '', ...loading] = seccompGen
/** The file for a hooks directory, with what a program from the source needs besides. */
async function hookFile(): Promise<string> {
  const { stdout } = await execa(program, [...loading, 'hook', '--print-config'], { env: plainEnvironment })
  const { hook, ...rest } = JSON.parse(stdout) as { readonly hook: { readonly env: readonly string[] } }
  const { NODE_V8_COVERAGE: coverage } = process.env
  const env = coverage === undefined ? hook.env : [...hook.env, `NODE_V8_COVERAGE=${coverage}`]
  return JSON.stringify({ ...rest, hook: { ...hook, env } })
}

const annotation = 'io.containers.trace-syscall'
const list = ['/bin/sh', '-c', 'ls / && mkdir /tmp/made']
const allowedIn = (file: string): readonly string[] =>
  (
    JSON.parse(readFileSync(file, 'utf8')) as { readonly syscalls: readonly { readonly names: string[] }[] }
  ).syscalls.flatMap(({ names }) => names)

/** A pod of one container; returns the exit code of the container. */
async function runs(
  node: Node,
  name: string,
  annotations: Readonly<Record<string, string>>,
  file?: string,
): Promise<number> {
  const pod = await node.pod(name, {
    annotations,
    noNewPrivileges: false,
    ...(file !== undefined && { filter: { file } }),
  })
  const code = await node.ended(await pod.container('web', list))
  await pod.remove()
  return code
}

async function records(t: Test, node: Node, key: string): Promise<void> {
  const at = (name: string): string => join(node.directory, name)
  const profile = at(`${key.replaceAll('/', '_')}.json`)
  t.equal(await runs(node, 'recorded', { [key]: `of:${profile}` }), 0)
  for (let tries = 0; tries < 600 && !existsSync(profile) && !existsSync(`${profile}.error`); tries++)
    await wait(100)
  t.ok(existsSync(profile), existsSync(`${profile}.error`) ? readFileSync(`${profile}.error`, 'utf8') : key)
  t.ok(allowedIn(profile).includes('mkdir'))
  t.equal(await runs(node, 'again', {}, profile), 0, 'runs under the profile')
  const without = at('without.json')
  const lacking = JSON.parse(readFileSync(profile, 'utf8')) as { syscalls: { names: string[] }[] }
  lacking.syscalls = lacking.syscalls.map((rule) => ({
    ...rule,
    names: rule.names.filter((each) => !each.startsWith('mkdir')),
  }))
  writeFileSync(without, JSON.stringify(lacking))
  t.not(await runs(node, 'lacking', {}, without), 0, 'and the profile is what holds')
}

async function onNode(t: Test, runtime: NodeRuntime, work: (node: Node) => Promise<void>): Promise<void> {
  const node = await Node.start(runtime)
  t.teardown(() => node.stop())
  await work(node)
}

t.test('CRI-O starts the hook for the pod, or for one container of it', { skip: noCrio ?? false }, (t) =>
  onNode(t, crio, async (node) => {
    writeFileSync(join(node.directory, 'hooks.d/seccomp-gen.json'), await hookFile())
    await records(t, node, annotation)
    await records(t, node, `${annotation}/web`)
    const other = join(node.directory, 'other.json')
    t.equal(await runs(node, 'beside', { [`${annotation}/db`]: `of:${other}` }), 0)
    t.notOk(existsSync(other), 'another container of the pod is asked for')
  }),
)

/** Starts hook-injector, which has its hooks directories compiled in, in a mount namespace with its own. */
async function inject(t: Test, node: Node): Promise<void> {
  const hooks = join(node.directory, 'injected')
  mkdirSync(hooks)
  writeFileSync(join(hooks, 'seccomp-gen.json'), await hookFile())
  const script = `mount -t tmpfs none /etc/containers && mkdir -p /etc/containers/oci/hooks.d &&
mount --bind "$1" /etc/containers/oci/hooks.d && mkdir -p /usr/share/containers &&
mount -t tmpfs none /usr/share/containers && exec "$2" -idx 10 -socket-path "$3"`
  const socket = join(node.directory, 'nri.sock')
  const plugin = execa('unshare', ['--mount', 'sh', '-c', script, 'sh', hooks, injector ?? '', socket], {
    reject: false,
    stdin: 'ignore',
  })
  t.teardown(async () => {
    plugin.kill('SIGTERM')
    await plugin
  })
  await new Promise<void>((resolve, reject) => {
    let said = ''
    plugin.stderr.on('data', (piece: Buffer) => {
      said += piece.toString()
      if (/Started plugin|configured|Synchronize/i.test(said)) resolve()
    })
    plugin.stderr.on('end', () => reject(new Error(said)))
  })
}

for (const [name, runtime, missing] of [
  ['CRI-O', crio, noCrio],
  ['containerd', containerd, noContainerd],
] as const)
  t.test(`hook-injector starts the hook under ${name}`, { skip: noInjector ?? missing ?? false }, (t) =>
    onNode(t, runtime, async (node) => {
      await inject(t, node)
      await records(t, node, annotation)
    }),
  )
