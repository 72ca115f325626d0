// Reads from /proc which processes a tracer traces or a process has started, and sends them signals. Authority:
// proc_pid_status(5) (TracerPid), proc_pid_stat(5), kill(2).
import { readdirSync, readFileSync } from 'node:fs'
import { capabilities } from '../../profile/words.ts'

/** The processes traced by `tracer`, sorted by id. A process that ends meanwhile is left out. */
export function tracedBy(tracer: number): readonly number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => statusOf(pid, 'TracerPid') === String(tracer))
    .sort((a, b) => a - b)
}

/** Whether a seccomp filter is active in the process's first thread. */
export function isFiltered(pid: number | 'self'): boolean {
  return statusOf(pid, 'Seccomp') === '2'
}

/** The value of a line of proc_pid_status(5), if it is one word; undefined once the process is gone. */
export function statusOf(pid: number | 'self', member: string): string | undefined {
  return memberOf(textOf(pid, 'status'), member)
}

/** The value of such a line in the text of a status file. */
export function memberOf(status: string | undefined, member: string): string | undefined {
  return new RegExp(`^${member}:\t(\\S+)$`, 'm').exec(status ?? '')?.[1]
}

/** The capabilities in a process's bounding set, which a profile's conditions test. Empty once the process is gone. */
export function capabilitiesOfProcess(pid: number): readonly string[] {
  const bits = BigInt(`0x${statusOf(pid, 'CapBnd') ?? '0'}`)
  return [...capabilities].filter((_, number) => (bits >> BigInt(number)) & 1n)
}

/** Sends a signal (0: only tests). False if there is no such process or we may not signal it. */
export function signalProcess(pid: number, signal: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(pid, signal)
  } catch {
    return false
  }
}

/** When a process was started, in kernel ticks; unique together with its id. Undefined once the process is gone. */
export function startOf(pid: number): string | undefined {
  return statOf(pid)?.[19]
}

/** A process and its descendants, without those whose parent has ended, and without us and our descendants. */
export function withDescendants(pid: number): readonly number[] {
  const children = new Map<number, number[]>()
  for (const name of readdirSync('/proc').filter((each) => /^\d+$/.test(each))) {
    const parent = parentOf(name)
    if (parent !== undefined) children.set(parent, [...(children.get(parent) ?? []), Number(name)])
  }
  const found = [pid]
  for (const each of found) found.push(...(children.get(each) ?? []).filter((child) => child !== process.pid))
  return found
}

function parentOf(pid: string): number | undefined {
  const parent = statOf(pid)?.[1]
  return parent === undefined ? undefined : Number(parent)
}

/** The fields of proc_pid_stat(5) from the state on. The name before it may contain anything, even a parenthesis. */
export function statOf(pid: string | number): readonly string[] | undefined {
  const stat = textOf(pid, 'stat')
  return stat?.slice(stat.lastIndexOf(')') + 2).split(' ')
}

/** The text of a file in a process's /proc directory; undefined once the process is gone. */
export function textOf(pid: string | number, file: string): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'latin1')
  } catch {
    return undefined
  }
}
