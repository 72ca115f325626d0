// Real engines for the live tests: a Docker daemon without network, Podman with its own storage, runc and crun with a
// bundle; images contain busybox. Import it only if containers can be recorded.
import { mkdirSync, mkdtempSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { writeBundle } from '../../scripts/bundle.ts'
import { cgroupMounts } from '../../src/record/cgroups.ts'
import { plainEnvironment, seccompGen } from './command.ts'
import { dockerSocket, importImage, startEngines } from './engines.ts'

export const work = mkdtempSync('/tmp/sg-live-')
export const at = (name: string): string => join(work, name)
/** The environment for commands of the tests. */
export const env = { ...plainEnvironment, DOCKER_HOST: dockerSocket(work, 'runc'), TMPDIR: work }
export const quietly = { env, reject: false, stdin: 'ignore', cwd: work } as const
mkdirSync(at('bundle'))
writeBundle(at('bundle'), { args: ['/bin/ls', '/'], noNewPrivileges: false }, undefined)

const { engines: started, end } = await startEngines(work, ['runc'])
/** Ends the daemon and removes everything. */
export const close = end
for (const [, engine] of started)
  if (engine.why === undefined) await importImage(engine, 'seccomp-gen-test', at('bundle/rootfs'))

/** Imports the bundle's root file system as it is now, into every engine. */
export async function importRoot(image: string): Promise<void> {
  for (const [, engine] of started)
    if (engine.why === undefined) await importImage(engine, image, at('bundle/rootfs'))
}

export const engines = started.map(
  ([name, engine]) => [name, engine.why, engine.client('runc'), engine.options('runc')] as const,
)
const [, [, ofPodman]] = started
export const podman = ofPodman.client('runc')
export const limits = ofPodman.options('runc')

/** Leftovers of this recorder only: others may run on this machine. */
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
