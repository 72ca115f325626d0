// Runs a plain command under a profile like a container: on the host's root, in the host's namespaces except for a
// mount namespace of its own, with our user, groups, capabilities, environment and directory. Root uses runc or crun.
// Other users use bubblewrap, with a filter that libseccomp compiles and always with no_new_privs.
// Authority: runtime-spec config.md; runc-run(8); crun(1). The root is mounted over an empty directory, because a
// runtime cannot pivot to its own root. /dev is mounted over itself, because a runtime creates devices in a /dev that
// is not a mount. crun refuses a mount over the root, so it gets a directory of ours in which every entry of the root
// is mounted or linked. Only a new name directly in / is then not the host's.
import { execa } from 'execa'
import { randomBytes } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, readlinkSync, statfsSync, symlinkSync } from 'node:fs'
import { isatty } from 'node:tty'
import { join } from 'node:path'
import { UserError } from '../errors.ts'
import { contextOf, resolve } from '../meaning/index.ts'
import { parseProfile } from '../profile/index.ts'
import {
  recordBelow,
  recordBundle,
  removeEnded,
  spawnEnvironmentOf,
  type CommandOptions,
  type Recording,
  type RefusalsSeenBy,
  type EnforcedProfile,
} from '../record/index.ts'
import { capabilitiesIn } from './capabilities.ts'
import { compileTo, loadLibseccomp, type Libseccomp } from './libseccomp.ts'

export interface SandboxSettings {
  /** Whether the sandbox sets no_new_privs. */
  readonly noNewPrivileges: boolean
}

export interface Sandbox {
  readonly name: string
  readonly runtime: Runtime | undefined
  readonly run: (
    options: CommandOptions,
    under: EnforcedProfile,
    recorder: RefusalsSeenBy,
  ) => Promise<Recording>
}

/** Throws UserError (125) if no sandbox can be used. */
export async function findSandbox(options: CommandOptions, settings: SandboxSettings): Promise<Sandbox> {
  const runtimes = process.getuid?.() === 0 ? (['runc', 'crun'] as const) : []
  for (const runtime of runtimes) {
    const version = await versionOf(runtime, options)
    if (version !== undefined) return runtimeSandbox(runtime, version, settings)
  }
  const why = await whyNoBubblewrap(options)
  if (typeof why === 'string') throw new UserError('no-sandbox', { why })
  return bubblewrap(why)
}

type Runtime = 'runc' | 'crun'

/** The version of a runtime; undefined if it is not installed or does not run here. */
async function versionOf(runtime: Runtime, options: CommandOptions): Promise<string | undefined> {
  const asked = await execa(runtime, ['--version'], {
    ...spawnEnvironmentOf(options),
    reject: false,
    stdin: 'ignore',
  })
  if (asked.failed || (runtime === 'crun' && isHybrid())) return undefined
  return new RegExp(`^${runtime} version (\\S+)`, 'm').exec(asked.stdout)?.[1] ?? ''
}

/** Whether cgroup v2 is mounted beside v1: crun refuses that even if it makes no cgroup (libcrun_get_cgroup_mode). */
function isHybrid(): boolean {
  const cgroup2 = 0x63677270
  const typeOf = (path: string): number | undefined => (existsSync(path) ? statfsSync(path).type : undefined)
  return typeOf('/sys/fs/cgroup') !== cgroup2 && typeOf('/sys/fs/cgroup/unified') === cgroup2
}

const runtimeWords: Readonly<Record<Runtime, readonly string[]>> = {
  runc: ['runc', 'run', '--no-new-keyring'],
  // A cgroup of its own would need a BPF program for devices and a raised memory limit.
  crun: ['crun', '--cgroup-manager=disabled', 'run', '--no-new-keyring'],
}

function runtimeSandbox(runtime: Runtime, version: string, settings: SandboxSettings): Sandbox {
  return {
    name: `${runtime} ${version} on the host’s root`.replace('  ', ' '),
    runtime,
    run: async (options, under, recorder) => {
      const container = `seccompgen${process.pid}x${randomBytes(6).toString('hex')}`
      const recording = await recordBundle(options.name ?? options.command[0], options, {
        config: hostRootConfig(runtime, options, under.profile, settings),
        root: runtime === 'crun' ? linkRoot : undefined,
        container: [runtime, 'delete', '--force', container],
        words: (bundle) => [...runtimeWords[runtime], '--bundle', bundle, container],
        recorder,
        watch: under.watch,
      })
      await removeEnded(container)
      return recording
    },
  }
}

/** Repeats the links in the host's root, such as /bin of a merged /usr. */
function linkRoot(rootfs: string): void {
  for (const entry of hostEntries())
    if (entry.isSymbolicLink()) symlinkSync(readlinkSync(`/${entry.name}`), join(rootfs, entry.name))
}

function hostEntries() {
  return readdirSync('/', { withFileTypes: true })
}

/** bubblewrap's version and libseccomp, or why bubblewrap cannot be used. */
async function whyNoBubblewrap(
  options: CommandOptions,
): Promise<string | { readonly version: string; readonly library: Libseccomp }> {
  const quietly = { ...spawnEnvironmentOf(options), reject: false, stdin: 'ignore' } as const
  const version = await execa('bwrap', ['--version'], quietly)
  if (version.failed) return 'bubblewrap is not installed (apt-get install bubblewrap)'
  const tried = await execa('bwrap', [...hostRoot, '--', 'bwrap', '--version'], quietly)
  if (tried.failed) return `bubblewrap does not run here (${tried.stderr.split('\n')[0] ?? ''})`
  try {
    return { version: version.stdout.replace(/^bubblewrap /, ''), library: await loadLibseccomp() }
  } catch (error) {
    return `libseccomp.so.2 cannot be used through the optional package koffi (${(error as Error).message.split('\n')[0] ?? ''})`
  }
}

const hostRoot = ['--dev-bind', '/', '/']

function bubblewrap({
  version,
  library,
}: {
  readonly version: string
  readonly library: Libseccomp
}): Sandbox {
  const rights = process.getuid?.() === 0 ? ['--cap-add', 'ALL'] : []
  return {
    name: `bubblewrap ${version} on the host’s root, with no_new_privs`,
    runtime: undefined,
    run: (options, { profile, watch }, recorder) =>
      recordBelow(options.name ?? options.command[0], options, { recorder, watch }, (directory) => {
        const resolved = resolve(parseProfile(profile, { name: 'profile' }), contextOf())
        const descriptor = compileTo(library, resolved, join(directory, 'filter.bpf'))
        return {
          command: ['bwrap', ...hostRoot, ...rights, '--seccomp', '3', '--', ...options.command],
          descriptors: [descriptor],
          passesNothing: true,
        }
      }),
  }
}

function hostRootConfig(
  runtime: Runtime,
  options: CommandOptions,
  profile: string,
  { noNewPrivileges }: SandboxSettings,
): string {
  const { cwd, env } = spawnEnvironmentOf(options)
  const status = readFileSync('/proc/self/status', 'latin1')
  const numbers = (member: string): readonly number[] =>
    (new RegExp(`^${member}:\\t(.*)$`, 'm').exec(status)?.[1] ?? '').split(/\s+/).filter(Boolean).map(Number)
  const mounted =
    runtime === 'runc'
      ? ['/', '/dev']
      : hostEntries()
          .filter((entry) => !entry.isSymbolicLink())
          .map(({ name }) => `/${name}`)
  const place = `profile ${randomBytes(8).toString('hex')}`
  const config = {
    ociVersion: '1.0.2',
    root: { path: 'rootfs', readonly: false },
    process: {
      terminal: (options.streams ?? 'inherit') === 'inherit' && isatty(0) && isatty(1),
      user: {
        uid: numbers('Uid')[1] ?? 0,
        gid: numbers('Gid')[1] ?? 0,
        additionalGids: numbers('Groups'),
        umask: process.umask(),
      },
      cwd,
      env: Object.entries(env).map(([name, value]) => `${name}=${value}`),
      args: options.command,
      capabilities: {
        bounding: capabilitiesIn('CapBnd'),
        effective: capabilitiesIn('CapEff'),
        permitted: capabilitiesIn('CapPrm'),
        inheritable: capabilitiesIn('CapInh'),
        ambient: capabilitiesIn('CapAmb'),
      },
      noNewPrivileges: noNewPrivileges || numbers('NoNewPrivs')[0] === 1,
    },
    mounts: mounted.map((path) => ({
      destination: path,
      type: 'bind',
      source: path,
      options: ['rbind', 'rw'],
    })),
    linux: {
      namespaces: [{ type: 'mount' }],
      ...(runtime === 'runc' && { resources: { devices: [{ allow: true, access: 'rwm' }] } }),
      seccomp: place,
    },
  }
  return JSON.stringify(config).replace(JSON.stringify(place), () => profile)
}
