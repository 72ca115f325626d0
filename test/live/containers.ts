// Real engines for the live tests: a Docker daemon of our own without network, Podman with its own storage, runc and crun
// with a bundle; images are a busybox. Imported where it is known that they can be recorded.
import { spawn, type ChildProcess } from 'node:child_process'
import { execa } from 'execa'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { writeBundle } from '../../scripts/bundle.ts'
import { cgroupMounts } from '../../src/record/cgroups.ts'
import { plainEnvironment, seccompGen } from './command.ts'

export const work = mkdtempSync('/tmp/sg-live-')
export const at = (name: string): string => join(work, name)
const env: Record<string, string> = {
  ...plainEnvironment,
  DOCKER_HOST: `unix://${at('socket')}`,
  TMPDIR: work,
}
export const quietly = { env, reject: false, stdin: 'ignore', cwd: work } as const
mkdirSync(at('bundle'))
writeBundle(at('bundle'), { args: ['/bin/ls', '/'], noNewPrivileges: false }, undefined)

let daemon: ChildProcess | undefined
async function whyNoDocker(): Promise<string | undefined> {
  if ((await execa('dockerd', ['--version'], quietly)).failed) return 'dockerd is not installed'
  const words = ['--iptables=false', '--ip6tables=false', '--bridge=none', '--storage-driver=vfs']
  const places = ['--data-root', at('data'), '--exec-root', at('exec'), '-p', at('pid')]
  daemon = spawn('dockerd', [...words, ...places, '-H', `unix://${at('socket')}`], { stdio: 'ignore' })
  for (let tries = 0; tries < 150; tries++) {
    if (!(await execa('docker', ['info'], quietly)).failed) return importInto(['docker'])
    await wait(200)
  }
  return 'dockerd does not start here'
}
async function whyNoPodman(): Promise<string | undefined> {
  if ((await execa('podman', ['--version'], quietly)).failed) return 'podman is not installed'
  return importInto(podman)
}
async function importInto(client: readonly string[]): Promise<string | undefined> {
  const [engine = '', ...words] = client
  const tar = execa('tar', ['-C', at('bundle/rootfs'), '-c', '.'], { encoding: 'buffer' })
  const image = await execa(engine, [...words, 'import', '-', 'seccomp-gen-test:latest'], {
    ...quietly,
    stdin: 'pipe',
    input: (await tar).stdout,
  })
  return image.failed ? `${engine} cannot import an image: ${image.stderr}` : undefined
}
export const podman = ['podman', '--root', at('podman'), '--runroot', at('podman-run'), '--runtime', 'runc']
export const limits = ['--ulimit', 'nofile=1024:1024', '--ulimit', 'nproc=1024:1024']

export const engines: readonly (readonly [
  name: string,
  why: string | undefined,
  client: readonly string[],
  more: readonly string[],
])[] = [
  ['docker', await whyNoDocker(), ['docker'], []],
  ['podman', await whyNoPodman(), podman, limits],
]

/** Of our own recorders: another may be at work on this machine. */
export function leftovers(recorder: number | undefined): readonly string[] {
  const cgroups = cgroupMounts().flatMap(({ path }) =>
    readdirSync(path).filter((name) => name.startsWith(`seccompgen${recorder}x`)),
  )
  return [...cgroups, ...readdirSync(work).filter((name) => name.startsWith('seccomp-gen-'))]
}
export const [node, ...words] = seccompGen
export const allowed = (file: string): readonly string[] =>
  (JSON.parse(readFileSync(file, 'utf8')) as { syscalls: { names: string[]; action: string }[] }).syscalls
    .filter(({ action }) => action === 'SCMP_ACT_ALLOW')
    .flatMap(({ names }) => names)

/** Ends the daemon and takes everything away. */
export async function close(): Promise<void> {
  const gone = daemon && new Promise((resolve) => daemon?.once('exit', resolve))
  daemon?.kill('SIGTERM')
  await gone
  const [first = '', ...rest] = podman
  await execa(first, [...rest, 'rmi', '--all', '--force'], quietly)
  for (const mount of readFileSync('/proc/self/mounts', 'utf8')
    .split('\n')
    .map((line) => line.split(' ')[1] ?? ''))
    if (mount.startsWith(work)) await execa('umount', ['-l', mount], quietly)
  rmSync(work, { recursive: true, force: true })
}
