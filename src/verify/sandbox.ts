// A plain command under a profile as a container would be: runc runs it on the host's root, in the host's namespaces but
// for a mount namespace of its own, with our user, groups, capabilities, environment and directory.
// Authority: runtime-spec config.md; runc-run(8). The root is mounted over an empty directory, because a runtime cannot
// pivot to the root it is in; /dev is mounted over itself, because a runtime makes devices in one that is not.
import { execa } from 'execa'
import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { isatty } from 'node:tty'
import { UserError } from '../errors.ts'
import {
  recordBundle,
  surroundingsOf,
  type CommandOptions,
  type Recording,
  type Under,
} from '../record/index.ts'
import { capabilitiesIn } from './capabilities.ts'

export interface SandboxSettings {
  /** no_new_privs is set. */
  readonly noNewPrivileges: boolean
}

export interface Sandbox {
  readonly name: string
  readonly runtime: 'runc' | 'crun' | undefined
  readonly run: (options: CommandOptions, under: Under) => Promise<Recording>
}

/** Throws UserError (125) where there is none. */
export async function findSandbox(options: CommandOptions, settings: SandboxSettings): Promise<Sandbox> {
  const surroundings = surroundingsOf(options)
  const runc = await execa('runc', ['--version'], { ...surroundings, reject: false, stdin: 'ignore' })
  if (process.getuid?.() === 0 && !runc.failed) {
    const version = /^runc version (\S+)/m.exec(runc.stdout)?.[1] ?? ''
    return {
      name: `runc ${version} on the host’s root`.replace('  ', ' '),
      runtime: 'runc',
      run: (options, under) => {
        const container = `seccompgen${randomBytes(6).toString('hex')}`
        return recordBundle(options.command[0], options, {
          config: hostRootConfig(options, under.profile, settings),
          container: ['runc', 'delete', '--force', container],
          words: (bundle) => ['runc', 'run', '--no-new-keyring', '--bundle', bundle, container],
          recorder: 'ebpf',
          watch: under.watch,
        })
      },
    }
  }
  throw new UserError(
    'a plain command is verified in runc on the host’s root: run seccomp-gen as root where runc is installed (apt-get install runc), or give a docker, podman, runc or crun command',
    125,
  )
}

function hostRootConfig(
  options: CommandOptions,
  profile: string,
  { noNewPrivileges }: SandboxSettings,
): string {
  const { cwd, env } = surroundingsOf(options)
  const status = readFileSync('/proc/self/status', 'latin1')
  const numbers = (member: string): readonly number[] =>
    (new RegExp(`^${member}:\\t(.*)$`, 'm').exec(status)?.[1] ?? '').split(/\s+/).filter(Boolean).map(Number)
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
    mounts: [
      { destination: '/', type: 'bind', source: '/', options: ['rbind', 'rw'] },
      { destination: '/dev', type: 'bind', source: '/dev', options: ['rbind', 'rw'] },
    ],
    linux: {
      namespaces: [{ type: 'mount' }],
      resources: { devices: [{ allow: true, access: 'rwm' }] },
      seccomp: place,
    },
  }
  return JSON.stringify(config).replace(JSON.stringify(place), () => profile)
}
