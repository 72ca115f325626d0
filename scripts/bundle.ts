// Makes a container small enough to measure runtimes with: one static busybox, an OCI bundle, and the words that start
// it under runc or crun. Used by the project's scripts and live tests only. Authority: runtime-spec config.md.
import { spawnSync } from 'node:child_process'
import { copyFileSync, existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

export type Runtime = 'runc' | 'crun'

/** The parts of `process` in config.json that change what a runtime does between the filter and the program. */
export interface BundleProcess {
  readonly args: readonly string[]
  readonly noNewPrivileges: boolean
  readonly user?: { readonly uid: number; readonly gid: number; readonly additionalGids?: readonly number[] }
  readonly cwd?: string
  readonly capabilities?: readonly string[]
  readonly ambient?: boolean
  readonly terminal?: boolean
}

const busybox = '/bin/busybox'
const applets = ['true', 'ls', 'cat', 'echo', 'sleep', 'sh', 'id']

/** Why containers cannot run here, as a sentence; undefined if they can. `binary`: the runtime, if not in PATH. */
export function whyNotRun(runtime: Runtime, binary: string = runtime): string | undefined {
  if (process.platform !== 'linux') return 'containers need Linux'
  if (process.getuid?.() !== 0) return `${runtime} is run as root here, and this is not root`
  if (version(binary) === undefined) return `${runtime} is not installed`
  if (!existsSync(busybox)) return `${busybox} is missing: apt-get install busybox-static`
  if (spawnSync('ldd', [busybox]).status === 0)
    return `${busybox} is not static: apt-get install busybox-static`
  return undefined
}

/** The version on a tool's first line, such as "1.1.5" or "1.0.0-rc93"; undefined if the tool is not installed. */
export function version(tool: string): string | undefined {
  const answer = spawnSync(tool, ['--version'], { encoding: 'utf8' })
  if (answer.status !== 0) return undefined
  return /version v?([0-9.]+(?:[-~]rc\.?\d+)?)/.exec(answer.stdout)?.[1]?.replace('~', '-')
}

/** Makes the existing `directory` a bundle: rootfs and config.json. Call it again to change the process. */
export function writeBundle(directory: string, process: BundleProcess, seccomp: unknown): void {
  const rootfs = join(directory, 'rootfs')
  if (!existsSync(rootfs)) {
    for (const each of ['bin', 'etc', 'proc', 'sys', 'dev', 'tmp', 'home/app']) {
      mkdirSync(join(rootfs, each), { recursive: true })
    }
    copyFileSync(busybox, join(rootfs, 'bin/busybox'))
    for (const each of applets) symlinkSync('busybox', join(rootfs, 'bin', each))
    writeFileSync(
      join(rootfs, 'etc/passwd'),
      'root:x:0:0:root:/:/bin/sh\napp:x:1000:1000:app:/home/app:/bin/sh\n',
    )
    writeFileSync(join(rootfs, 'etc/group'), 'root:x:0:\napp:x:1000:\n')
  }
  writeFileSync(join(directory, 'config.json'), JSON.stringify(config(process, seccomp), null, 2))
}

/** `process` of config.json; `exec --process` reads the same. */
export function processDocument(process: BundleProcess): unknown {
  const capabilities = process.capabilities ?? []
  return {
    terminal: process.terminal ?? false,
    user: process.user ?? { uid: 0, gid: 0 },
    args: process.args,
    env: ['PATH=/usr/bin:/bin'],
    cwd: process.cwd ?? '/',
    capabilities: {
      bounding: capabilities,
      permitted: capabilities,
      effective: capabilities,
      inheritable: process.ambient === true ? capabilities : [],
      ambient: process.ambient === true ? capabilities : [],
    },
    noNewPrivileges: process.noNewPrivileges,
  }
}

function config(process: BundleProcess, seccomp: unknown): unknown {
  return {
    ociVersion: '1.0.2',
    process: processDocument(process),
    root: { path: 'rootfs', readonly: false },
    hostname: 'measured',
    mounts: [
      { destination: '/proc', type: 'proc', source: 'proc' },
      { destination: '/sys', type: 'sysfs', source: 'sysfs', options: ['nosuid', 'noexec', 'nodev', 'ro'] },
      { destination: '/dev', type: 'tmpfs', source: 'tmpfs', options: ['nosuid', 'mode=755', 'size=65536k'] },
      {
        destination: '/dev/pts',
        type: 'devpts',
        source: 'devpts',
        options: ['newinstance', 'ptmxmode=0666'],
      },
    ],
    linux: {
      // No resources: crun's device rules are a BPF program, and loading one needs a raised RLIMIT_MEMLOCK.
      namespaces: ['pid', 'ipc', 'uts', 'mount', 'network'].map((type) => ({ type })),
      maskedPaths: ['/proc/kcore'],
      readonlyPaths: ['/proc/sys'],
      seccomp,
    },
  }
}

/**
 * The words that start a runtime here. crun refuses the hybrid cgroup hierarchy (version 1 controllers beside an empty
 * version 2 tree), so crun gets a mount namespace with version 2 only.
 */
export function runtimeWords(runtime: Runtime, words: readonly string[]): readonly [string, ...string[]] {
  const hybrid = readFileSync('/proc/self/mounts', 'utf8').includes(' /sys/fs/cgroup/unified cgroup2 ')
  if (runtime === 'runc' || !hybrid) return [...words] as [string, ...string[]]
  const onlyVersion2 = 'umount -R /sys/fs/cgroup && mount -t cgroup2 none /sys/fs/cgroup && exec "$@"'
  return ['unshare', '--mount', 'sh', '-c', onlyVersion2, 'sh', ...words]
}
