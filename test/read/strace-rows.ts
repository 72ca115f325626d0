// Checks the promises of strace's grammar and returns the broken ones: the examples of each row are read as that row,
// and alike by the careful and the compiled reader. The checks come from the rows, so a form changed in one reader only
// is found. scripts/mutants.ts runs them on changed grammars.
import { completionOf } from '../../src/read/strace/completion.ts'
import {
  endings,
  fields,
  insets,
  joints,
  libraries,
  messages,
  names,
  quick,
  refusals,
  shapes,
  threads,
  type LineForm,
} from '../../src/read/strace/lines.ts'
import { printedNames } from '../../src/abi/spellings.ts'
import { compiledLines } from '../../src/read/strace/compiled-lines.ts'
import { layout } from '../../src/read/strace/layout.ts'
import { parseLine } from '../../src/read/strace/parse-line.ts'
import { differ } from './both-readers.ts'
import { brokenOf } from './promises.ts'

const groups: Readonly<Record<string, Readonly<Record<string, LineForm>>>> = {
  threads,
  fields,
  names,
  shapes,
  refusals,
  messages: Object.fromEntries(messages.map((row, index) => [`${row.kind} ${index}`, row])),
  endings,
  insets,
  joints,
  libraries,
  quick,
}

/** Every example of every row, and texts that only look like one. */
export const pieces: readonly string[] = Object.values(groups).flatMap((rows) =>
  Object.values(rows).flatMap(({ examples, never = [] }) => [...examples, ...never]),
)

const none = { examples: [''] }
const threadForms: readonly string[] = ['', ...threads.bracketed.examples, ...threads.column.examples]
const fieldForms: readonly string[] = Object.values(fields).flatMap(({ examples }) => examples)

/** strace's prefixes: with or without a thread; with no field, with each form of each field, and with all fields. */
export const prefixes: readonly string[] = [
  ...threadForms,
  ...fieldForms,
  ...fieldForms.map((field) => `20840 ${field}`),
  `20840 ${Object.values(fields).map(({ examples }) => examples[0]).join('')}`,
] // prettier-ignore

/** Texts that only look like a prefix. */
const nearPrefixes: readonly string[] = [...Object.values(threads), ...Object.values(fields)].flatMap(
  ({ never }) => (never ?? []).flatMap((text) => [text, `20840 ${text}`]),
)

/** Lines without their prefix: calls with every ending, second halves, and all other shapes. */
export const bodies: readonly string[] = [
  ...['read(3', 'clone(child_stack=NULL, flags=CLONE_VM|SIGCHLD', 'restart_syscall(<... resuming interrupted poll ...>'].flatMap((call) =>
    [...endings.unfinished.examples, ...endings.abandoned.examples, ...endings.whole.examples, ...(endings.whole.never ?? [])].map((end) => call + end),
  ),
  ...names.call.examples.map((name) => `${name}3) = 0`),
  ...names.call.examples.map((name) => `${name}3 <unfinished ...>`),
  ...shapes.resumed.examples.map((start) => `${start}) = 0`),
  ...shapes.superseded.examples.map((start) => `${start} +++`),
  ...shapes.exit.examples.map((start) => `${start}0 +++`),
  '+++ killed by SIGSYS +++',
  ...shapes.signal.examples,
  ...shapes.mode.examples,
  ...joined(),
] // prettier-ignore

/** Lines of which others stand behind on the same line, and calls whose strings only look so. */
function joined(): readonly string[] {
  const firsts = [
    ...endings.whole.examples.map((end) => `read(3${end}`),
    ...endings.unfinished.examples.map((end) => `read(3${end}`),
    'exit_group(0) = ?',
    '--- SIGCHLD {si_signo=SIGCHLD} ---',
    '+++ exited with 0 +++',
    'strace: Process 8 attached',
    'write(1, "a) = 3 close(3) = 0", 19) = 19',
    'openat(AT_FDCWD</a) = 3 close(3) = 0>, "b") = 3',
  ]
  const seconds = ['close(3) = 0', '20840 close(3) = 0', 'close(3 <unfinished ...>', '<... close resumed>) = 0', '[x]', '+++ exited with 0 +++', '--- SIGCHLD {si_signo=SIGCHLD} ---', 'strace: Process 8 attached', 'close(3', 'text'] // prettier-ignore
  return firsts.flatMap((first) => seconds.map((second) => `${first} ${second}`))
}

const cutCalls = ['read(3, ', 'clone(child_stack=NULL, flags=CLONE_VM|SIGCHLD', 'rt_sigaction(SIGINT, {sa_mask=[]}, ', 'openat(AT_FDCWD, "/(a", O_RDONLY'] // prettier-ignore

/** Calls that a message cuts, each with the lines up to its rest. */
export const cuts: readonly (readonly string[])[] = cutCalls.flatMap((call, index) =>
  [...quick.cut.examples, ...(quick.cut.never ?? [])].flatMap((message) =>
    (index === 0 ? [...quick.rest.examples, ...(quick.rest.never ?? [])] : [', 1', '3 ']).flatMap((start) => [
      [call + message, `${start}"x", 8) = 0`],
      [call + message, 'strace: next_event: queued pid 7', `${start}) = -1 EPERM (Operation not permitted)`],
      [call + message, ' > /usr/lib/libc.so.6(read+0x1d) [0x1]', 'strace: Process 8 attached', ' <unfinished ...>', `<... ${/^[a-z_0-9]+/.exec(call)?.[0] ?? ''} resumed>${start}) = 0`],
      [call + message, ' <unfinished ...>', `<... ${/^[a-z_0-9]+/.exec(call)?.[0] ?? ''} resumed>${start}) = 0`],
      [call + message, `${start}strace: Process 9 attached`, `${start}) = 3</a> <0.000012>`],
    ]),
  ),
) // prettier-ignore

function* broken(): Generator<string> {
  for (const [group, rows] of Object.entries(groups)) {
    for (const [name, { pattern, examples, never = none.examples }] of Object.entries(rows)) {
      for (const example of examples)
        if (!readsWhole(pattern, example)) yield `${group}.${name} does not read ${JSON.stringify(example)}`
      for (const other of never)
        if (readsWhole(pattern, other) || (name === 'rest' && begins(pattern, other)))
          yield `${group}.${name} reads ${JSON.stringify(other)}`
    }
  }
  yield* brokenPrefixes()
  yield* brokenShapes()
  yield* brokenEndings()
  yield* brokenStarts()
  yield* leftOut()
  yield* differences()
}

function readsWhole(pattern: RegExp, text: string): boolean {
  pattern.lastIndex = 0
  const found = pattern.exec(text)
  pattern.lastIndex = 0
  return found !== null && text !== '' && found.index + found[0].length === text.length
}

/** Whether the text begins so. A line that begins as the rest of a cut call is taken for one. */
function begins(pattern: RegExp, text: string): boolean {
  pattern.lastIndex = 0
  return pattern.test(text)
}

/** A prefix of any thread and field must end where the call begins. */
function* brokenPrefixes(): Generator<string> {
  for (const prefix of prefixes) {
    const { prefix: read, shape } = parseLine(`${prefix}close(3) = 0`)
    const thread = threadForms.filter((form) => form !== '' && prefix.startsWith(form))[0]
    const pid = thread === undefined ? undefined : Number(/\d+/.exec(thread)?.[0])
    if (shape.kind !== 'call' || read.length !== prefix.length || read.pid !== pid)
      yield `${JSON.stringify(prefix)} is read as ${JSON.stringify(read)}, ${shape.kind}`
  }
  const numbered = fields.number.examples.map((field) => parseLine(`${field}close(3) = 0`).prefix.number)
  const expected = fields.number.examples.map((field) => (field.includes('?') ? undefined : Number(/\d+/.exec(field)?.[0])))
  if (numbered.join() !== expected.join()) yield `the numbers of -n are read as ${numbered.join()}`
} // prettier-ignore

function* brokenShapes(): Generator<string> {
  const kinds: readonly (readonly [kind: string, texts: readonly string[]])[] = [
    ['call', names.call.examples],
    ...Object.entries(shapes).map(([kind, { examples }]) => [kind, examples] as const),
  ]
  for (const prefix of ['', '20840 ', '[pid 20883] ', '20840 23:52:03.949497 '])
    for (const [kind, texts] of kinds)
      for (const text of texts) {
        const { shape } = parseLine(prefix + text)
        if (shape.kind !== kind) yield `${JSON.stringify(prefix + text)} is read as ${shape.kind}`
      }
  for (const { kind, examples } of messages)
    for (const text of examples) {
      const { shape } = parseLine(text)
      if (shape.kind !== kind) yield `${JSON.stringify(text)} is read as ${shape.kind}`
    }
}

function* brokenEndings(): Generator<string> {
  const kinds = { unfinished: 'unfinished', abandoned: 'abandoned', whole: 'returned' } as const
  for (const [row, kind] of Object.entries(kinds))
    for (const text of endings[row as keyof typeof kinds].examples) {
      const completion = completionOf(`close(3${text}`, 6)
      if (completion.kind !== kind) yield `${JSON.stringify(text)} is read as ${completion.kind}`
    }
}

/** What the compiled reader tells by its start is what the careful reader reads. */
function* brokenStarts(): Generator<string> {
  const kinds = { aside: 'aside', attached: 'attached', rest: 'foreign' } as const
  for (const [row, kind] of Object.entries(kinds))
    for (const text of quick[row as keyof typeof kinds].examples) {
      const { shape } = parseLine(row === 'rest' ? `${text}x", 8) = 0` : text)
      if (shape.kind !== kind) yield `${JSON.stringify(text)} is read as ${shape.kind}`
    }
  for (const text of quick.cut.examples) {
    const completion = completionOf(`read(3, ${text}`, 5)
    if (completion.kind !== 'interrupted') yield `${JSON.stringify(text)} is read as ${completion.kind}`
  }
}

const { callLine, unfinishedLine, resumedLine, cutLine, restLine, attachedLine, endOfInput, withText } = layout.u8 // prettier-ignore

/** What the compiled reader says of a line: a kind, perhaps with text for the host, or `slow`. */
function nameOfKind(kind: number): string {
  const isOfLine = kind < endOfInput
  const value = isOfLine ? kind % withText : kind
  const [name = ''] = Object.entries(layout.u8).find(([, each]) => each === value) ?? []
  return isOfLine && kind >= withText ? `${name} withText` : name
}

const noCare = new Uint8Array(printedNames().length)

/** Forms for the compiled reader that it leaves to the careful one. */
function* leftOut(): Generator<string> {
  const code = compiledLines()
  if (code === undefined) return
  const lines: readonly (readonly [kind: number, line: string])[] = [
    ...prefixes
      .filter((prefix) => !/\d{10}\]/.test(prefix))
      .map((prefix) => [callLine, `${prefix}read(3) = 0`] as const),
    ...endings.whole.examples.filter(isCounted).map((end) => [callLine, `7 read(3${end}`] as const),
    [unfinishedLine, '7 read(3 <unfinished ...>'],
    [resumedLine, '7 <... read resumed>) = 0'],
    ...quick.cut.examples.map((message) => [cutLine, `[pid 7] read(3, ${message}`] as const),
  ]
  for (const [kind, line] of lines) {
    // A call is not cut in the last line.
    const bytes = Buffer.from(`${line}\n\n`)
    const { prefix } = parseLine(line)
    const found = code.read(bytes, 0, bytes.length, prefix.fields, noCare, numbersOf(prefix.number))
    const thread = prefix.pid ?? layout.i32.unnamed
    if (found !== kind || code.pid !== thread || printedNames()[code.call] !== 'read')
      yield `the compiled reader takes ${JSON.stringify(line)} for ${nameOfKind(found)}, of ${code.pid}`
  }
  const rests: readonly (readonly [kind: number, line: string])[] = [
    ...quick.rest.examples.map((start) => [restLine, `${start}x", 8) = 0`] as const),
    [restLine, ' <unfinished ...>'],
    ...quick.attached.examples.map((text) => [attachedLine, text] as const),
    // It goes on behind lines that tell nothing.
    ...[...quick.aside.examples, ' > a(', ' | 0'].map((text) => [endOfInput, text] as const),
  ]
  for (const [kind, line] of rests) {
    const bytes = Buffer.from(`${line}\n`)
    const found = code.read(bytes, 0, bytes.length, 0, noCare, undefined, 0, true)
    if (found !== kind)
      yield `the compiled reader takes ${JSON.stringify(line)} behind a cut call for ${nameOfKind(found)}`
  }
}

/** Gives every call this number. The compiled reader leaves numbers of x32 to the careful one. */
function numbersOf(number: number | undefined): Int32Array {
  return new Int32Array(printedNames().length).fill(number ?? layout.i32.noNumber)
}

/** The host counts calls that the kernel refuses or lacks, and reads lines that may be two. */
function isCounted(end: string): boolean {
  return !/ENOSYS|EPERM|EACCES|errno|INJECTED|\) = .*\) = /.test(end)
}

/** A failed call that tells the compiled reader the machine at once. */
const machineLine = '[pid 7] openat(AT_FDCWD, "/lib/x86_64-linux-gnu/libc.so.6", O_RDONLY|O_CLOEXEC) = -1 EMFILE (Too many open files)' // prettier-ignore
const refusal = '[pid 7] socket(AF_INET, SOCK_STREAM, 0) = -1 EPERM (Operation not permitted)'
/**
 * Calls that a filter refused, beside calls that came back and calls that did not. Where none came back, strace may have
 * been told to show failures only (-Z), and the refusal says less.
 */
export const attempts: readonly (readonly string[])[] = [
  ') = 5',
  ') = 0 (Timeout)',
  ') = -1 EAGAIN (Resource temporarily unavailable)',
  ') = -1 ENOENT (No such file or directory) <0.000012>',
  ') = -11',
  ') = 0x7f31',
  ') = 5</a>',
].flatMap((end) => {
  const failed = '[pid 7] read(3, "", 8) = -1 EBADF (Bad file descriptor)'
  return [
    [failed, failed, `[pid 7] read(3, "", 8${end}`, refusal],
    [failed, failed, '[pid 7] read(3,  <unfinished ...>', `[pid 7] <... read resumed>"", 8${end}`, refusal],
    [failed, failed, '[pid 7] read(3, strace: Process 8 attached', `"", 8${end}`, refusal],
  ]
})

/** Two threads of different programs, the lines by which they come to a child, and the lines of the child. */
export const families: readonly (readonly [callers: readonly string[], child: readonly string[]])[] = [
  [7, 8],
  [8, 7],
].flatMap(([first, last]) => {
  const told = [
    '[pid 7] execve("/a", ["a"], 0x7ffc0e8d1b30 /* 7 vars */) = 0',
    '[pid 7] arch_prctl(ARCH_SET_FS, 0x7fb245ebd740) = 0',
    '[pid 7] read(3, "", 8) = 0',
    '[pid 8] execve("/b", ["b"], 0x7ffc0e8d1b30 /* 7 vars */) = 0',
    '[pid 8] mmap2(NULL, 8192, PROT_READ, MAP_PRIVATE, -1, 0) = 0xf7ed5000',
    '[pid 8] read(3, "", 8) = 0',
  ]
  const usual = [first, last].map((pid) => `[pid ${pid}] read(3, "", 8) = 0`)
  const calls = [...told, ...usual, ...usual, ...usual]
  const child = ['[pid 9] close(3) = 0', '[pid 9] read(3, "", 8) = 0', '[pid 9] close(4) = 0']
  return [
    [calls, ['strace: Process 9 attached', ...child]],
    [calls, [`[pid ${last}] --- SIGCHLD {si_signo=SIGCHLD} ---`, 'strace: Process 9 attached', ...child]],
    [calls, [`[pid ${first}] +++ exited with 0 +++`, 'strace: Process 9 attached', ...child]],
    [calls, [`[pid ${last}] read(3, strace: Process 9 attached`, '"", 8) = 0', ...child]],
    [calls, [`[pid ${last}] read(3, strace: next_event: dequeued pid 7`, '"", 8) = 0', 'strace: Process 9 attached', ...child]],
  ] as const
}) // prettier-ignore

/** A run whose first lines tell the compiled reader the machine and the fields. */
const start = [
  'execve("/bin/true", ["true"], 0x7fff86b69b18 /* 7 vars */) = 0',
  'brk(NULL)                         = 0x55956fa09000',
  'arch_prctl(ARCH_SET_FS, 0x7fb245ebd740) = 0',
  'close(3) = 0',
  'read(3, "", 1) = 0',
]

function* differences(): Generator<string> {
  const trace = (prefix: string, lines: readonly string[]): Buffer => {
    const usual = start.map((line) => prefix + line)
    const many = Array.from({ length: 5 }, () => usual).flat()
    // Usual lines stand between the others, so that no call stays open, and at the end, which is read carefully.
    const all = [...many, ...lines.flatMap((line) => [prefix + line, prefix + 'close(3) = 0'] ), ...usual]
    return Buffer.from(`${all.join('\n')}\n`, 'latin1')
  } // prettier-ignore
  for (const prefix of [...prefixes, ...nearPrefixes])
    if (differ(trace(prefix, bodies))) yield `the readers differ behind ${JSON.stringify(prefix)}`
  for (const other of [...prefixes, ...nearPrefixes])
    for (const prefix of ['', '20840 ', '20840 23:52:03.949497 '])
      if (differ(Buffer.concat([trace(prefix, []), trace(other, ['exit_group(0) = ?']), trace(prefix, [])])))
        yield `the readers differ where ${JSON.stringify(prefix)} changes to ${JSON.stringify(other)}`
  // A line without the pid that all other lines have is not strace's.
  for (const body of bodies) {
    const bare = Buffer.from(`${body}\n`, 'latin1')
    if (differ(Buffer.concat([trace('20840 ', ['read(3 <unfinished ...>']), bare, trace('20840 ', [])])))
      yield `the readers differ on ${JSON.stringify(body)} without the pid`
  }
  for (const body of [...bodies, ...pieces])
    for (const prefix of ['', '20840 ', '[pid 20883] ', '20840 23:52:03.949497 '])
      if (differ(trace(prefix, [body]))) yield `the readers differ on ${JSON.stringify(prefix + body)}`
}

/** Calls that a message cuts, results, and the parents of attached threads. */
function* cutDifferences(): Generator<string> {
  for (const prefix of ['', '[pid     8<a b>] 23:52:03.949497 ', '20840 '])
    for (const [call = '', ...rest] of cuts) {
      const usual = start.map((line) => prefix + line)
      const lines = [...usual, ...usual, ...usual, ...usual, prefix + call, ...rest, ...usual]
      if (differ(Buffer.from(`${lines.join('\n')}\n`, 'latin1')))
        yield `the readers differ on ${JSON.stringify([prefix + call, ...rest])}`
    }
  for (const lines of attempts) {
    const [first = '', ...rest] = lines
    if (differ(Buffer.from([machineLine, first, ...rest, ''].join('\n'))))
      yield `the readers differ on whether a call came back in ${JSON.stringify(lines)}`
  }
  for (const [callers, child] of families)
    if (differ(Buffer.from([...callers, ...child, ''].join('\n'))))
      yield `the readers differ on the parent of ${JSON.stringify(child)}`
}

/** `first`: the promises that are checked before all others. */
export function faults(most?: number, first?: 'cuts'): readonly string[] {
  return brokenOf(first === undefined ? [broken, cutDifferences] : [cutDifferences, broken], most)
}
