// Makes what a recorded container needs during the recording: a cgroup in which we find it, and a filter that allows
// all calls. The guardian, a separate process, removes both when we end, however we end.
import { randomBytes } from 'node:crypto'
import { spawn } from 'node:child_process'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { UserError } from '../../errors.ts'
import { guardianCommand, isSingleFile } from '../../own.ts'
import type { Watch } from '../refusals.ts'
import { inTemporary } from '../temporary.ts'
import { findCgroup, unifiedMount, type Cgroup } from '../cgroups.ts'

/** The guardian's task, passed as one argument of JSON. */
export interface GuardianTask {
  readonly cgroup?: string
  /** The command that removes the container if the recorder is killed. */
  readonly remove?: readonly string[]
  /** systemd owns the cgroups, and the cgroup is a slice. */
  readonly slice: boolean
}
/** The guardian's answer, one line of JSON, after it has made the directory and the cgroup. */
export type GuardianAnswer = { readonly directory: string } | { readonly failure: string }

/**
 * A filter that allows all calls. It names every architecture that this machine runs, because the filter kills
 * callers of any other (libseccomp: SCMP_FLTATR_ACT_BADARCH).
 */
const allowAll = {
  defaultAction: 'SCMP_ACT_ALLOW',
  architectures:
    process.arch === 'arm64'
      ? ['SCMP_ARCH_AARCH64', 'SCMP_ARCH_ARM']
      : ['SCMP_ARCH_X86_64', 'SCMP_ARCH_X86', 'SCMP_ARCH_X32'],
} as const
export const allowAllText = JSON.stringify(allowAll)

/** A profile to run the container under instead of the filter that allows all calls, and what it may refuse. */
export interface EnforcedProfile {
  /** The text of the profile, which the engine or runtime reads. */
  readonly profile: string
  readonly watch: Watch
}

/** Writes a filter to a file in a directory of ours. Returns the file. */
export function writeFilter(directory: string, profile: string = allowAllText): string {
  const file = join(directory, 'filter.json')
  inTemporary(() => writeFileSync(file, profile))
  return file
}

export interface Staging {
  /** A temporary directory of ours. */
  readonly directory: string
  /** For --cgroup-parent. */
  readonly parent: string
  /** For --security-opt seccomp=FILE. */
  readonly filter: string
  readonly membership: Cgroup
  /** The processes in the cgroup and below it, sorted by id. */
  readonly processes: () => readonly number[]
  /** Names the client that starts the container: if we are killed, the guardian ends the client too. */
  readonly startedBy: (client: number) => void
  /** Removes everything, and waits until that is done. */
  readonly end: () => Promise<void>
}

/** Makes the cgroup and the filter. `systemd`: the engine leaves cgroups to systemd, so the cgroup must be a slice. */
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
  /** A temporary directory of ours. */
  readonly directory: string
  readonly startedBy: (client: number) => void
  /** Removes everything, and waits until that is done. `isKilled`: the client was killed, so the container is left. */
  readonly end: (isKilled?: boolean) => Promise<void>
}

/** Starts the guardian, which itself makes what it will remove. Throws UserError (125). */
export async function startGuardian(task: GuardianTask): Promise<Guardian> {
  const [program, ...words] = guardianCommand(import.meta.filename)
  const guardian = spawn(program, [...words, JSON.stringify(task)], {
    // The guardian has its own session, so that a signal to our group (Ctrl-C in our terminal) does not reach it.
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
    end: async (isKilled = false) => {
      const gone = new Promise((resolve) => guardian.once('exit', resolve))
      guardian.stdin?.end(isKilled ? 'killed\n' : 'done\n')
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

/** The processes in a cgroup's directory and all below it, sorted by id. */
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
    // The cgroup was removed meanwhile.
    return []
  }
}
