// What a recorded container is given for the time of the recording: a cgroup to be found in and a filter that allows
// all. A guardian, a process of its own, takes both away when we end, however we end.
import { randomBytes } from 'node:crypto'
import { spawn } from 'node:child_process'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { UserError } from '../../errors.ts'
import { guardianCommand, isSingleFile } from '../../own.ts'
import type { Watch } from '../refusals.ts'
import { inTemporary } from '../temporary.ts'
import { findCgroup, unifiedMount, type Cgroup } from '../cgroups.ts'

/** What the guardian is told, as one word of JSON. */
export interface GuardianTask {
  readonly cgroup?: string
  /** Words that take a container away which the recorder had started when it was killed. */
  readonly remove?: readonly string[]
  /** systemd owns the cgroups: it is a slice. */
  readonly slice: boolean
}
/** What it answers, one line of JSON, when it has made what it will take away. */
export type GuardianAnswer = { readonly directory: string } | { readonly failure: string }

/**
 * A filter that is there and allows all. Every architecture this machine runs is named, because what is not is killed
 * (libseccomp: SCMP_FLTATR_ACT_BADARCH).
 */
const allowAll = {
  defaultAction: 'SCMP_ACT_ALLOW',
  architectures:
    process.arch === 'arm64'
      ? ['SCMP_ARCH_AARCH64', 'SCMP_ARCH_ARM']
      : ['SCMP_ARCH_X86_64', 'SCMP_ARCH_X86', 'SCMP_ARCH_X32'],
} as const
export const allowAllText = JSON.stringify(allowAll)

/** A filter to run the container under instead of one that allows all, and what it may refuse. */
export interface EnforcedProfile {
  /** The text of a file that the engine or runtime reads. */
  readonly profile: string
  readonly watch: Watch
}

/** The file it stands in, in a directory of ours. */
export function writeFilter(directory: string, profile: string = allowAllText): string {
  const file = join(directory, 'filter.json')
  inTemporary(() => writeFileSync(file, profile))
  return file
}

export interface Staging {
  /** A directory of our own. */
  readonly directory: string
  /** For --cgroup-parent. */
  readonly parent: string
  /** For --security-opt seccomp=FILE. */
  readonly filter: string
  readonly membership: Cgroup
  /** Processes in the cgroup and below, in the order of their ids. */
  readonly processes: () => readonly number[]
  /** The client that starts the container: if we are killed, it is ended too. */
  readonly startedBy: (client: number) => void
  /** Takes everything away, and waits for that. */
  readonly end: () => Promise<void>
}

/** Makes cgroup and filter. `systemd`: the engine leaves cgroups to systemd, which wants a slice. */
export async function stage(
  systemd: boolean,
  { profile, remove }: { readonly profile?: string; readonly remove?: readonly string[] } = {},
): Promise<Staging> {
  const mount = unifiedMount()
  const name = `seccompgen${process.pid}x${randomBytes(6).toString('hex')}`
  const cgroup = systemd ? `${name}.slice` : name
  const { directory, ...guardian } = await startGuardian({
    cgroup,
    slice: systemd,
    ...(remove && { remove }),
  })
  try {
    return {
      directory,
      parent: systemd ? cgroup : `/${cgroup}`,
      filter: writeFilter(directory, profile),
      membership: findCgroup(join(mount, cgroup)),
      processes: () => processesBelow(join(mount, cgroup)),
      ...guardian,
    }
  } catch (error) {
    await guardian.end()
    throw error
  }
}

export interface Guardian {
  /** A directory of our own. */
  readonly directory: string
  readonly startedBy: (client: number) => void
  readonly end: () => Promise<void>
}

/** Nothing is made before the guardian is there to take it away. Throws UserError (125). */
export async function startGuardian(task: GuardianTask): Promise<Guardian> {
  const [program, ...words] = guardianCommand(import.meta.filename)
  const guardian = spawn(program, [...words, JSON.stringify(task)], {
    // A session of its own: a signal to our group, Ctrl-C in our terminal, is not for it.
    detached: true,
    stdio: ['pipe', 'pipe', 'ignore'],
    cwd: isSingleFile ? '/' : import.meta.dirname,
  })
  guardian.stdin?.on('error', () => undefined)
  const text = await new Promise<string>((resolve) => {
    guardian.stdout?.once('data', (bytes: Buffer) => resolve(bytes.toString()))
    guardian.once('error', () => resolve(''))
    guardian.once('exit', () => resolve(''))
  })
  const answer = JSON.parse(
    text || JSON.stringify({ failure: 'the process that cleans up does not start' }),
  ) as GuardianAnswer
  if ('failure' in answer) throw new UserError('container-not-prepared', { why: answer.failure })
  return {
    directory: answer.directory,
    startedBy: (client) => void guardian.stdin?.write(`${client}\n`),
    end: async () => {
      const gone = new Promise((resolve) => guardian.once('exit', resolve))
      guardian.stdin?.end('done\n')
      if (guardian.exitCode === null && guardian.signalCode === null) await gone
    },
  }
}

/** Starts or stops a slice. */
export async function systemctl(verb: 'start' | 'stop', slice: string): Promise<void> {
  const child = spawn('systemctl', [verb, slice], { stdio: 'ignore' })
  const status = await new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', resolve)
  })
  if (status !== 0) throw new UserError('slice-failed', { verb, slice })
}

/** The processes in a cgroup's directory and all below it. */
export function processesBelow(directory: string): readonly number[] {
  try {
    const own = readFileSync(join(directory, 'cgroup.procs'), 'latin1')
      .split('\n')
      .filter(Boolean)
      .map(Number)
    const children = readdirSync(directory, { withFileTypes: true }).filter((entry) => entry.isDirectory())
    return [...own, ...children.flatMap(({ name }) => processesBelow(join(directory, name)))].sort(
      (a, b) => a - b,
    )
  } catch {
    // It went away meanwhile.
    return []
  }
}
