// The printed forms of a context, read by their consumers: kubectl's types, docker-compose, systemd, AppArmor's parser
// and a shell. test/live/context.test.ts tests enforcement.
import { execa } from 'execa'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { parse } from 'yaml'
import {
  hardenContext,
  patchManifest,
  printContextAs,
  type ContextForm,
  type PrintContextOptions,
  type SecurityContext,
} from '../../src/index.ts'
import { change, observations, opened } from '../harden/rows.ts'
import { web } from '../harden/workloads.ts'

const folder = mkdtempSync(join(tmpdir(), 'seccomp-gen-forms-'))
t.teardown(() => rmSync(folder, { recursive: true, force: true }))

const hostile = `/srv/a b'c"d\`$(touch x);%h{1}*[2]#&|<>\\!~`
const evidence = observations(web())
const strange = observations(
  web({
    changes: [change({ kind: 'open', path: `${hostile}/x`, creates: true, program: '# \n]' })],
    reads: [
      '/etc/a b',
      '/etc/"q"',
      '/etc/new\nline',
      '/etc/${x}@{y}*?[z]^',
      '/etc/\u202ebidi',
      '/proc/17/status',
    ].map((path) => opened(path)),
  }),
)

const contexts: readonly (readonly [string, typeof evidence, SecurityContext])[] = [
  ['as root', evidence, hardenContext(evidence)],
  ['as uid 33', evidence, hardenContext(evidence, { user: { uid: 33 } })],
  ['with hostile names', strange, hardenContext(strange)],
]

async function have(program: string, ...words: readonly string[]): Promise<string | false> {
  const { exitCode } = await execa(program, words, { reject: false, timeout: 20_000 })
  return exitCode === 0 ? false : `${program} is not here`
}

// Before the first test, because tap ends if no test is under way.
const [noKubectl, noCompose, noSystemd, noAppArmor] = [
  await have('kubectl', 'version', '--client'),
  await have('docker-compose', '--version'),
  await have('systemd-analyze', '--version'),
  await have('apparmor_parser', '--version'),
] as const

function written(
  name: string,
  form: ContextForm,
  [, given, context]: (typeof contexts)[number],
  options: PrintContextOptions = {},
): string {
  const file = join(folder, name)
  writeFileSync(file, printContextAs(context, form, options, given))
  return file
}

/** Paths of the wanted members that the found object lacks or that differ. */
function lacking(wanted: unknown, found: unknown, at = ''): readonly string[] {
  if (typeof wanted !== 'object' || wanted === null) return wanted === found ? [] : [at]
  if (typeof found !== 'object' || found === null) return [at]
  return Object.entries(wanted).flatMap(([key, value]) =>
    lacking(value, (found as Record<string, unknown>)[key], `${at}/${key}`),
  )
}

t.test('Kubernetes: every member is one of its types', { skip: noKubectl }, async (t) => {
  for (const each of contexts) {
    const file = written('pod.yaml', 'kubernetes', each, { image: 'web:1' })
    // kubectl decodes into the API's types and drops members that they lack.
    const { stdout } = await execa('kubectl', [
      'set',
      'image',
      '--local',
      '-f',
      file,
      'web=web:2',
      '-o',
      'json',
    ])
    const typed: unknown = JSON.parse(stdout)
    const printed: unknown = parse(printContextAs(each[2], 'kubernetes', { image: 'web:2' }))
    t.same(
      lacking(printed, typed).filter((at) => !at.startsWith('/spec/initContainers/')),
      [],
      each[0],
    )
    const bad = join(folder, 'bad.yaml')
    writeFileSync(
      bad,
      printContextAs(each[2], 'kubernetes').replace('readOnlyRootFilesystem', 'readOnlyRoot'),
    )
    const other: unknown = JSON.parse(
      (await execa('kubectl', ['set', 'image', '--local', '-f', bad, 'web=x', '-o', 'json'])).stdout,
    )
    t.ok(
      lacking({ spec: { containers: [{ securityContext: { readOnlyRoot: true } }] } }, other).length > 0,
      'another name is dropped',
    )
  }
})

t.test('compose', { skip: noCompose }, async (t) => {
  for (const each of contexts) {
    const file = written('compose.yaml', 'compose', each, { image: 'web:1' })
    const { stdout } = await execa('docker-compose', ['-f', file, 'config'])
    const service = (parse(stdout) as { services: { web: Record<string, unknown> } }).services.web
    const [container] = each[2].containers
    t.equal(service['read_only'], true, each[0])
    // The output is a compose file again, so its dollars are doubled.
    t.same(
      (service['tmpfs'] as readonly string[]).map((one) => one.replaceAll('$$', '$').split(':')[0]),
      container?.mounts.map(({ path }) => path),
    )
    const patched = join(folder, 'patched.yaml')
    writeFileSync(patched, patchManifest('version: "2.4"\nservices:\n  web: {image: x}\n', 'x', each[2]).text)
    t.equal((await execa('docker-compose', ['-f', patched, 'config'])).exitCode, 0, `${each[0]}: patched`)
  }
  // What compose makes of a patched service that extends another is what the patch says of it.
  const base = 'privileged: true, cap_add: [SYS_ADMIN], tmpfs: /run, security_opt: ["seccomp:unconfined"]'
  const file = `version: "2.4"\nservices:\n  base: {image: x, ${base}}\n  web: {extends: {service: base}}\n`
  const { text, inherited } = patchManifest(file, 'x', hardenContext(evidence))
  const extending = join(folder, 'extending.yaml')
  writeFileSync(extending, text)
  const { stdout } = await execa('docker-compose', ['-f', extending, 'config'])
  const { web: service } = (parse(stdout) as { services: { web: Record<string, readonly string[]> } })
    .services
  t.notOk(service['privileged'])
  t.same(inherited, ['web: cap_add SYS_ADMIN'])
  t.ok(service['cap_add']?.includes('SYS_ADMIN'))
  t.equal(service['tmpfs']?.filter((each) => each.startsWith('/run')).length, 1)
})

t.test('systemd', { skip: noSystemd }, async (t) => {
  writeFileSync(join(folder, 'web.service'), '[Unit]\nDescription=web\n[Service]\nExecStart=/bin/true\n')
  mkdirSync(join(folder, 'web.service.d'))
  const verify = async (): Promise<string> => {
    const { all } = await execa('systemd-analyze', ['verify', join(folder, 'web.service')], {
      all: true,
      reject: false,
    })
    return all
  }
  for (const each of contexts) {
    const file = written('web.service.d/harden.conf', 'systemd', each)
    t.equal(await verify(), '', each[0])
    writeFileSync(file, '[Service]\nNoSuch=1\n')
    t.match(await verify(), /NoSuch/, 'a mistake is told')
  }
})

t.test('AppArmor', { skip: noAppArmor }, async (t) => {
  for (const each of contexts) {
    const file = written('web.apparmor', 'apparmor', each)
    const { exitCode, stderr } = await execa('apparmor_parser', ['-Q', '-K', file], { reject: false })
    t.equal(exitCode, 0, `${each[0]}: ${stderr}`)
  }
  const file = written('web.apparmor', 'apparmor', contexts[2] as (typeof contexts)[number])
  const { all } = await execa('apparmor_parser', ['-Q', '-K', '-D', 'rule-exprs', file], { all: true })
  for (const literal of [
    String.raw`/etc/a\ b`,
    '/etc/"q"',
    String.raw`/etc/new\nline`,
    String.raw`/etc/${'$'}{x}@{y}\*[>?@]\[z\]^`,
  ])
    t.ok(all.includes(` ${literal} (`), `${literal} stands for itself`)
})

t.test('docker and podman: a shell reads back each word', async (t) => {
  for (const form of ['docker', 'podman'] as const)
    for (const each of contexts) {
      const script = `${form}() { for each; do printf '%s\\n' "$each"; done; }\n${printContextAs(each[2], form, { image: 'a b' }, each[1])}`
      const { stdout } = await execa('sh', ['-c', script], { cwd: folder })
      const words = stdout.split('\n')
      t.equal(words[0], 'run', each[0])
      t.equal(words.at(-1), 'a b')
      const [container] = each[2].containers
      for (const { path } of container?.mounts ?? [])
        t.ok(
          words.some((word) => word === path || word.startsWith(`${path}:`)),
          `${form}: ${path}`,
        )
    }
})
