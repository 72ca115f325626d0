// Parses one line of strace by the table of lines.ts: a prefix, then one of a few shapes. Decides nothing about other
// lines.
import { fields, insets, messages, names, pidField, refusals, shapes, threads } from './lines.ts'

/** What strace prints before the call itself, in this order, each part optional. */
export interface Prefix {
  /** The thread, from `[pid N] ` or the column of -o with -f. */
  readonly pid: number | undefined
  /** The call number that -n prints; undefined for none or `[???]`. */
  readonly number: number | undefined
  /** Whether the pid was in `[pid N]`, which strace writes to stderr only. */
  readonly bracketed: boolean
  /** The optional fields that were there, one bit each: strace prints the same ones in every line of a run. */
  readonly fields: number
  /** Where the prefix ends. */
  readonly length: number
}

export type ModeName = '64 bit' | '32 bit' | 'x32'

export type Shape =
  /** `name(…`: a call is entered. `open` is the place after its parenthesis. */
  | { readonly kind: 'call'; readonly name: string; readonly open: number }
  /** `<... name resumed>…`: the second half of a call. */
  | { readonly kind: 'resumed'; readonly name: string; readonly open: number }
  /** `--- SIGX … ---`, its older forms, and `--- stopped by SIGX ---`. */
  | { readonly kind: 'signal' }
  /** `+++ exited with 0 +++`, `+++ killed by … +++`. */
  | { readonly kind: 'exit'; readonly killed: boolean }
  /** `+++ superseded by execve in pid N +++`: from now on, thread N has this pid. */
  | { readonly kind: 'superseded'; readonly by: number }
  /** `[ Process PID=N runs in 32 bit mode. ]`: the width of the calls of N from here on. */
  | { readonly kind: 'mode'; readonly pid: number; readonly mode: ModeName }
  /** `strace: Process N attached` and its forms since 4.5. `running`: the process already ran (-p). */
  | { readonly kind: 'attached'; readonly pid: number; readonly running: boolean }
  | { readonly kind: 'detached'; readonly pid: number }
  /** Anything else that strace itself writes: stack frames, dumps, and messages with its name. */
  | { readonly kind: 'aside'; readonly isMessage: boolean }
  /** Not a line of strace. */
  | { readonly kind: 'foreign' }

export interface ParsedLine {
  readonly prefix: Prefix
  readonly shape: Shape
}

/** Reads one line without its line end and colours. Any line that is not strace's is 'foreign'. */
export function parseLine(text: string): ParsedLine {
  const prefix = readPrefix(text)
  const at = prefix.length
  const call = match(names.call.pattern, text, at)
  if (call !== null)
    return { prefix, shape: { kind: 'call', name: call[1] as string, open: at + call[0].length } }
  return { prefix, shape: otherShape(text, at) }
}

/** Whether strace may have written the line, message or not. */
export function isLine(text: string): boolean {
  return parseLine(text).shape.kind !== 'foreign'
}

/** The pid that a line starts with. */
export function pidOf(text: string): number | undefined {
  const found = match(threads.bracketed.pattern, text, 0) ?? match(threads.column.pattern, text, 0)
  return found === null ? undefined : Number(found[1])
}

function match(pattern: RegExp, text: string, at: number): RegExpExecArray | null {
  pattern.lastIndex = at
  return pattern.exec(text)
}

function otherShape(text: string, at: number): Shape {
  const first = text.charCodeAt(at)
  if (first === 0x3c /* < */) {
    const found = match(shapes.resumed.pattern, text, at)
    if (found !== null) return { kind: 'resumed', name: found[1] as string, open: at + found[0].length }
  } else if (first === 0x2b /* + */) {
    const superseded = match(shapes.superseded.pattern, text, at)
    if (superseded !== null) return { kind: 'superseded', by: Number(superseded[1]) }
    const exit = match(shapes.exit.pattern, text, at)
    if (exit !== null) return { kind: 'exit', killed: exit[1] !== undefined }
  } else if (first === 0x2d /* - */) {
    if (match(shapes.signal.pattern, text, at) !== null) return { kind: 'signal' }
  } else if (first === 0x5b /* [ */) {
    const found = match(shapes.mode.pattern, text, at)
    if (found !== null) return modeIn(found)
  }
  for (const { kind, pattern } of messages) {
    const found = match(pattern, text, 0)
    if (found === null) continue
    if (kind === 'aside') return { kind, isMessage: found[0].endsWith('strace: ') }
    if (kind === 'mode') return modeIn(found)
    const pid = Number(found[1])
    return kind === 'attached' ? { kind, pid, running: found[2] !== undefined } : { kind, pid }
  }
  return { kind: 'foreign' }
}

function modeIn(found: RegExpExecArray): Shape {
  return { kind: 'mode', pid: Number(found[1]), mode: found[2] as ModeName }
}

const fieldForms = Object.values(fields)

function readPrefix(text: string): Prefix {
  let at = 0
  let pid: number | undefined
  let number: number | undefined
  let present = 0
  const take = (pattern: RegExp, bit: number): RegExpExecArray | null => {
    const found = match(pattern, text, at)
    if (found !== null) {
      at += found[0].length
      present |= bit
    }
    return found
  }
  const tagged = take(threads.bracketed.pattern, 0)
  const thread = tagged ?? take(threads.column.pattern, pidField)
  if (thread !== null) pid = Number(thread[1])
  const next = text.charCodeAt(at)
  // No field starts with a lower-case letter or "<", so the prefix of the usual line ends here.
  if (next < 0x3c || next === 0x5b) {
    for (const { pattern, bit } of fieldForms) {
      const found = take(pattern, bit)
      if (bit === fields.number.bit && found !== null && found[1] !== '???') number = Number(found[1])
    }
  }
  return { pid, number, bracketed: tagged !== null, fields: present, length: at }
}

/** How far from the end of a line a message may start that cuts it. */
export const messageReach = 256

/** Where strace's own message starts at the end of a cut line: `…|SIGCHLDstrace: Process 7 attached`. */
export function messageAt(text: string): number | undefined {
  const from = Math.max(0, text.length - messageReach)
  const found = insets.message.pattern.exec(text.slice(from))
  if (found === null) return undefined
  const path = found[0].startsWith('strace: ')
    ? insets.path.pattern.exec(text.slice(from, from + found.index))
    : null
  return from + (path ?? found).index
}

/** A call that a seccomp filter refused, as SIGSYS names it. `machine`: the AUDIT_ARCH without its prefix. */
export interface TrappedCall {
  readonly call: string
  readonly machine: string | undefined
}

/** The call that the text of SIGSYS names; undefined for other signals, and if the text names none. */
export function refusalIn(signal: string): TrappedCall | undefined {
  if (match(refusals.signal.pattern, signal, 0) === null) return undefined
  const call = match(refusals.call.pattern, signal, 0)?.[1]
  if (call === undefined) return undefined
  const name = refusals.number.pattern.test(call) ? `syscall_0x${Number(call).toString(16)}` : call
  return { call: name, machine: match(refusals.machine.pattern, signal, 0)?.[1] }
}

/** Whether SIGSYS came for the thread's last call. */
export function isTrap(text: string, at: number): boolean {
  return match(refusals.trap.pattern, text, at) !== null
}

/** The signal that ended the thread, in the line of its exit. */
export function killerIn(text: string, at: number): string | undefined {
  return match(refusals.killer.pattern, text, at)?.[1]
}

export function endsByFilter(text: string, at: number): boolean {
  return match(refusals.exit.pattern, text, at) !== null
}

/** The number of a call that is printed without a name; undefined for a name. */
export function printedNumber(name: string): bigint | undefined {
  const found = match(names.numbered.pattern, name, 0)
  const digits = found?.[1] ?? found?.[2]
  return digits === undefined ? undefined : BigInt(digits)
}

/** Whether strace could not read the call, because the process had ended. */
export function isUnreadable(name: string): boolean {
  return match(names.unreadable.pattern, name, 0) !== null
}

/** Whether the name means x86_64's number, called with the bit of x32. */
export function isNative64(name: string): boolean {
  return match(names.native64.pattern, name, 0) !== null
}
