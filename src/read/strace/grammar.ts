// What one line of strace is: its prefix, then one of a few shapes. Decides nothing about the lines around it.
// Authority: printleader(), print_syscall_resume(), print_signalled(), print_exited(), print_event_exit() in strace
// 4.5.18 to 7.2, and the recordings in traces/. A grammar is a table: a new prefix field or shape is a row.

/** What strace prints before the call itself, in this order, each part optional. */
export interface Prefix {
  /** The thread, from `[pid N] ` or the column of -o with -f. */
  readonly pid: number | undefined
  /** The call number that -n prints; undefined for none or `[???]`. */
  readonly number: number | undefined
  /** Whether the pid stood in `[pid N]`, which strace writes to stderr only. */
  readonly bracketed: boolean
  /** Which of the optional fields stood there, one bit each: strace prints the same ones in every line of a run. */
  readonly fields: number
  /** Where the prefix ends. */
  readonly length: number
}

export type Shape =
  /** `name(…`: a call is entered. `open` is the place after its parenthesis. */
  | { readonly kind: 'call'; readonly name: string; readonly open: number }
  /** `<... name resumed>…`: the second half of one. */
  | { readonly kind: 'resumed'; readonly name: string; readonly open: number }
  /** `--- SIGX … ---` and the older and stopped forms. */
  | { readonly kind: 'signal' }
  /** `+++ exited with 0 +++`, `+++ killed by … +++`. */
  | { readonly kind: 'exit'; readonly killed: boolean }
  /** `+++ superseded by execve in pid N +++`: this pid goes on as thread N, which is called so from now on. */
  | { readonly kind: 'superseded'; readonly by: number }
  /** `[ Process PID=N runs in 32 bit mode. ]`: the kind of the calls of N from here on. */
  | { readonly kind: 'personality'; readonly pid: number; readonly mode: '64 bit' | '32 bit' | 'x32' }
  /** `strace: Process N attached` and its forms since 4.5; `running` where they tell of -p. */
  | { readonly kind: 'attached'; readonly pid: number; readonly running: boolean }
  | { readonly kind: 'detached'; readonly pid: number }
  /** Anything else that strace itself writes: stack frames, dumps, warnings, usage of -d. */
  | { readonly kind: 'aside' }
  /** Not a line of strace. */
  | { readonly kind: 'foreign' }

export interface Line {
  readonly prefix: Prefix
  readonly shape: Shape
}

/** `strace -t`, `-n`, `-i`: fields between the pid and the call. Sticky, tried once each, in printleader's order. */
const fields = {
  // --secontext. A label starts with a letter, and an address of -i is 8 or 16 hexadecimal digits.
  label: /\[(?![0-9a-f]{8}\] |[0-9a-f]{16}\] |pid )[A-Za-z_][^[\]]*\] /y,
  // -t, -tt, -ttt, --absolute-timestamps. Seconds of the epoch have more digits than any pid (2^22).
  absolute: /(?:\d\d:\d\d:\d\d(?:\.\d+)?|\d{8,}(?:\.\d+)?) /y,
  // -r: alone, or in parentheses beside an absolute one.
  relative: / *(?:\d+(?:\.\d+)?|\(\+ *\d+(?:\.\d+)?\)) /y,
  // -n
  number: /\[ *(\d+|\?\?\?)\] /y,
  // -i
  pointer: /\[(?:[0-9a-f]{16}|[0-9a-f]{8}|\?{16}|\?{8})\] /y,
} satisfies Record<string, RegExp>

/** The pid column of -o with -f, among the optional fields. */
export const pidField = 1
/** The time of -t. */
export const timeField = 2

// The column of -o is "%-5u " ; a comm (-Y) is closed by the first ">", strace escapes both angle brackets in it.
const pidInBrackets = /\[pid +(\d+)(?:<[^>]*>)?\] /y
const pidInColumn = /(\d{1,7})(?:<[^>]*>)? +/y

/** Every way strace has printed the name of a call; `????` is a call it could not read. */
const callName = /((?:64:)?[a-z_][a-z0-9_]{0,63}(?:#64)?|SYS_\d{1,10}|\?{3,4})\(/y
const resumed = /<\.\.\. ((?:64:)?[a-z_][a-z0-9_]{0,63}(?:#64)?|SYS_\d{1,10}|\?{3,4}) resumed> ?/y
const signal = /--- .* ---|--- SIG/y
const superseded = /\+\+\+ superseded by execve in pid (\d+)/y
const exit = /\+\+\+ (?:exited with|killed by) /y
const personality = /\[ Process PID=(\d+) runs in (64 bit|32 bit|x32) mode\. \]/y

/** Lines without a prefix that strace, not the program, writes. The first capture, where there is one, is a pid. */
const messages: readonly (readonly [kind: 'personality' | 'attached' | 'detached' | 'aside', RegExp])[] = [
  ['personality', /^(?:[^\s:]*strace: )?\[ Process PID=(\d+) runs in (64 bit|32 bit|x32) mode\. \]/],
  ['attached', /^(?:[^\s:]*strace: )?Process (\d+) attached\b/],
  ['detached', /^(?:[^\s:]*strace: )?Process (\d+) (?:detached|suspended|resumed)\b/],
  ['aside', /^(?:[^\s:]*\/)?strace: /],
  // -k: a frame; -e read/write: a dump; --kvm=vcpu+.
  ['aside', /^ > /],
  ['aside', /^ \| [ 0-9a-f]/],
  ['aside', /^ \* \d+ bytes in buffer \d+/],
  ['aside', /^ VCPU:/],
  ['aside', /^(?:umovestr|umoven|upeek|pread|trouble opening proc file)[: ]/],
  // The messages that strace up to 4.10 wrote without its name, and those it still writes so.
  ['aside', /^(?:Requested path "|WARNING: Proper structure decoding|Stray PTRACE_EVENT_EXEC|PANIC: )/],
  ['aside', /^(?:Try [`']strace -h'|Could not attach to process|\[wait\(0x[0-9a-f]+\) = \d+\])/],
]

/** What tells of attaching to a process that runs already; a child is attached to in fewer words. */
const attachedByRequest = / attached (?:with \d+ threads?|- interrupt to quit)/
/** A message that strace writes to stderr in the middle of a line of its own ends that line; quotes are the call's. */
const messageReach = 256
const message = /(?:strace: |Process \d+ (?:attached|detached|suspended|resumed)\b)[^"]*$/

/** Reads one line, without its line end and without colours. Total: whatever is no line of strace is 'foreign'. */
export function parseLine(text: string): Line {
  const prefix = readPrefix(text)
  const at = prefix.length
  callName.lastIndex = at
  const call = callName.exec(text)
  if (call !== null) {
    return { prefix, shape: { kind: 'call', name: call[1] as string, open: callName.lastIndex } }
  }
  return { prefix, shape: otherShape(text, at) }
}

function otherShape(text: string, at: number): Shape {
  const first = text.charCodeAt(at)
  if (first === 0x3c /* < */) {
    resumed.lastIndex = at
    const found = resumed.exec(text)
    if (found !== null) return { kind: 'resumed', name: found[1] as string, open: resumed.lastIndex }
  } else if (first === 0x2b /* + */) {
    superseded.lastIndex = at
    const found = superseded.exec(text)
    if (found !== null) return { kind: 'superseded', by: Number(found[1]) }
    exit.lastIndex = at
    if (exit.test(text)) return { kind: 'exit', killed: text.startsWith('killed', at + 4) }
  } else if (first === 0x2d /* - */) {
    signal.lastIndex = at
    if (signal.test(text)) return { kind: 'signal' }
  } else if (first === 0x5b /* [ */) {
    personality.lastIndex = at
    const found = personality.exec(text)
    if (found !== null) return { kind: 'personality', pid: Number(found[1]), mode: found[2] as '32 bit' }
  }
  for (const [kind, pattern] of messages) {
    const found = pattern.exec(text)
    if (found === null) continue
    if (kind === 'aside') return { kind }
    if (kind === 'personality') return { kind, pid: Number(found[1]), mode: found[2] as '32 bit' }
    const pid = Number(found[1])
    return kind === 'attached' ? { kind, pid, running: attachedByRequest.test(text) } : { kind, pid }
  }
  return { kind: 'foreign' }
}

/** Where strace's own message stands at the end of an unfinished line, `…|SIGCHLDstrace: Process 7 attached`. */
export function messageAt(text: string): number | undefined {
  const from = Math.max(0, text.length - messageReach)
  const found = message.exec(text.slice(from))
  if (found === null) return undefined
  // What strace was called by stands before its messages: a name, or a path.
  const path = found[0].startsWith('strace: ')
    ? /\/[\w./-]*$/.exec(text.slice(from, from + found.index))
    : null
  return from + (path ?? found).index
}

function readPrefix(text: string): Prefix {
  let at = 0
  let pid: number | undefined
  let number: number | undefined
  let bracketed = false
  let present = 0
  const take = (pattern: RegExp, bit: number): RegExpExecArray | null => {
    pattern.lastIndex = at
    const found = pattern.exec(text)
    if (found !== null) {
      at = pattern.lastIndex
      present |= bit
    }
    return found
  }
  const tagged = take(pidInBrackets, 0)
  if (tagged !== null) {
    pid = Number(tagged[1])
    bracketed = true
  } else {
    const column = take(pidInColumn, pidField)
    if (column !== null) pid = Number(column[1])
  }
  const next = text.charCodeAt(at)
  // No field starts with a lower-case letter or "<": the usual line is done here.
  if (next < 0x3c || next === 0x5b) {
    // A label is left out for a process that is gone already.
    take(fields.label, 0)
    take(fields.absolute, timeField)
    take(fields.relative, 4)
    const numbered = take(fields.number, 8)
    if (numbered !== null && numbered[1] !== '???') number = Number(numbered[1])
    take(fields.pointer, 16)
  }
  return { pid, number, bracketed, fields: present, length: at }
}
