// Mutates the readers of lines, one small fault at a time: the careful reader's table of strace's lines, rows of the table
// from which compiled code is made again, and the compiled code itself: strace's, and that of audit records, the
// journal, wrapped lines and learned shapes. Lists the faults that the promises (test/read/*-rows.ts) miss: there must be
// none.
// Run: npx tsx scripts/mutants.ts
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { build, transform } from 'esbuild'
import type { LineForm } from '../src/read/strace/lines.ts'
import { assembly, compiled } from './make-compiled.ts'

const root = fileURLToPath(new URL('..', import.meta.url))

/** The files of assembly/ that have mutants. */
const codes = {
  lines: { module: 'lines', data: 'src/read/strace/data/compiled-lines.ts', promises: 'strace-rows' },
  records: { module: 'records', data: 'src/read/audit/data/records.ts', promises: 'record-rows' },
  journal: { module: 'wrapped', data: 'src/read/data/wrapped.ts', promises: 'journal-rows' },
  wrapped: { module: 'wrapped', data: 'src/read/data/wrapped.ts', promises: 'wrapped-rows' },
  shapes: { module: 'shapes', data: 'src/read/data/shapes.ts', promises: 'shape-rows' },
} as const
type Code = keyof typeof codes

export interface Mutant {
  readonly says: string
  /** `table`: src/read/strace/lines.ts; `rows`: the same, and the code made of it; else a file of assembly/. */
  readonly in: 'table' | 'rows' | Code
  /** The promises that are checked first: those that others come long before. */
  readonly first?: 'cuts'
  /** A text that occurs once. */
  readonly from: string
  readonly to: string
}

const table = (says: string, from: string, to: string): Mutant => ({ says, in: 'table', from, to })
const rows = (says: string, from: string, to: string): Mutant => ({ says, in: 'rows', from, to })
const cutCode = (says: string, from: string, to: string): Mutant => ({
  ...code(says, from, to),
  first: 'cuts',
})
const code = (says: string, from: string, to: string): Mutant => ({ says, in: 'lines', from, to })
const inCode =
  (file: Code) =>
  (says: string, from: string, to: string): Mutant => ({ says, in: file, from, to })
const records = inCode('records')
const journal = inCode('journal')
const wrapped = inCode('wrapped')
const shapes = inCode('shapes')

export const mutants: readonly Mutant[] = [
  table('a pid has six digits', String.raw`(\d{1,7})(?:<`, String.raw`(\d{1,6})(?:<`),
  table('a pid has eight digits', String.raw`(\d{1,7})(?:<`, String.raw`(\d{1,8})(?:<`),
  table('no "<" in a comm of the column', String.raw`(\d{1,7})(?:<[^>]*>)? +/y`, String.raw`(\d{1,7})(?:<[^<>]*>)? +/y`),
  table('no "<" in a comm in brackets', String.raw`\[pid +(\d+)(?:<[^>]*>)?\] /y`, String.raw`\[pid +(\d+)(?:<[^<>]*>)?\] /y`),
  table('one space behind the column', String.raw`(?:<[^>]*>)? +/y,`, String.raw`(?:<[^>]*>)? /y,`),
  table('one space before a pid in brackets', String.raw`\[pid +(\d+)`, String.raw`\[pid (\d+)`),
  table('an epoch has nine digits', String.raw`|\d{8,}(?:`, String.raw`|\d{9,}(?:`),
  table('an epoch has seven digits', String.raw`|\d{8,}(?:`, String.raw`|\d{7,}(?:`),
  table('no fraction in an epoch', String.raw`\d{8,}(?:\.\d+)?) /y`, String.raw`\d{8,}) /y`),
  table('no fraction in a time', String.raw`\d\d:\d\d:\d\d(?:\.\d+)?|`, String.raw`\d\d:\d\d:\d\d|`),
  table('no parentheses around a relative time', String.raw`|\(\+ *\d+(?:\.\d+)?\)) /y`, ') /y'),
  table('a call number has no spaces', String.raw`/\[ *(\d+|\?\?\?)\] /y`, String.raw`/\[(\d+|\?\?\?)\] /y`),
  table('a pointer has 8 or 16 digits', '[0-9a-f]{8,16}|', '[0-9a-f]{8}|[0-9a-f]{16}|'),
  table('a second half has no number', 'resumed(?: #\\\\d+)?', 'resumed'),
  table('no vector of buffers', String.raw`buffers in vector \d+/y`, String.raw`buffers in a vector \d+/y`),
  table('no unknown call number', String.raw`(\d+|\?\?\?)\] /y`, String.raw`(\d+)\] /y`),
  table('a label begins with anything', String.raw`[A-Za-z_][^[\]]*\] /y`, String.raw`[^[\]]+\] /y`),
  table('no name of x32', '(?:#64)?|SYS_', '|SYS_'),
  table("no name of x32 as before 4.23", '`(?:64:)?[a-z_]', '`[a-z_]'),
  table('no numbers of calls', String.raw`|SYS_\d{1,10}` + '`', '`'),
  table('no digits in the name of a call', '[a-z_][a-z0-9_]{0,63}', '[a-z_][a-z_]{0,63}'),
  table('an unreadable call has three marks', String.raw`\?{3,4}` + '`', String.raw`\?{3}` + '`'),
  table('no space behind a resumed call', '?> ?`', '?>`'),
  table('a signal has an end', '/--- .* ---|--- SIG/y', '/--- .* ---/y'),
  table('nobody is killed', '(?:exited with|(killed) by) /y', '(?:exited with|(killed) off) /y'),
  table('nobody is superseded', 'superseded by execve in pid (', 'superseded by exec in pid ('),
  table('no x32 mode', '(64 bit|32 bit|x32)', '(64 bit|32 bit)'),
  table('SIGSYS tells no number', '([a-z0-9_]+|0x[0-9a-f]+)/y', '([a-z_]+)/y'),
  table('no number of an error', String.raw`\(errno (\d+)\))?`, String.raw`\(error (\d+)\))?`),
  table('no name of an error', 'E[A-Z0-9]+`', 'E[0-9]+`'),
  table('no text behind a result', String.raw`( \([^()]*\))?)((?:`, String.raw`( \(\))?)((?:`),
  table('no note behind the text of an error', String.raw`((?: \((?:INJECTED|DELAYED)[^()]*\))*)`, '()'),
  table('a message names a process', '(?!Pr|', '(?!'),
  table('any message cuts a call', String.raw`(?:Process \d{1,7} attached|next`, String.raw`(?:Process \d{1,7} [a-z]+|next`),
  table('a number with a space goes on', String.raw`\d+[x),}|\]]`, String.raw`\d+`),
  table('no time behind a result', String.raw`(?: <[\d.]+>)?$` + '`', '$`'),
  table('no decoration of a result', '(?:<[^]*>|(?: (', '(?:<>|(?: ('),
  table('nothing detached', String.raw`/<(?:detached \.\.\.|`, '/<(?:'),
  table('no frame', "row(/ >(?: |$)/y, [' > '])", "row(/ >>(?: |$)/y, [' > '])"),
  code('a pid has six digits', 'at - start > 7', 'at - start > 6'),
  code('a pid has eight digits', 'at - start > 7', 'at - start > 8'),
  code('an epoch has nine digits', 'at - start < 8)', 'at - start < 9)'),
  code('an epoch has seven digits', 'at - start < 8)', 'at - start < 7)'),
  code('no "<" in a comm', 'load<u8>(at) !== 0x3e && load<u8>(at) >= 0x20', 'load<u8>(at) !== 0x3e && load<u8>(at) !== 0x3c'),
  code('SIGSYS is a signal like others', '&& (first !== 0x53 || second !== 0x59)', ''),
  code('ENOSYS is an error like others', 'name << 8 === 0x534f4e00 /* `ENOS…` */ || ', ''),
  code('EPERM is an error like others', ' || name === 0x4d524550 /* `EPERM` */', ''),
  code('EACCES is an error like others', 'if (isFailure || name === 0x45434341 /* `EACCE…` */) return 0', 'if (isFailure) return 0'),
  code('error 38 is like others', 'first === 0x65 /* (errno 38) */ || ', ''),
  code('a result that strace made up is like others', ' || first === 0x49 /* (INJECTED) */', ''),
  code('any prefix will do', '} else if (fields !== expected) return slow', '}'),
  code('a second half without a pid will do', 'if ((expected & ~fields & pidField) !== 0) return slow', ''),
  code('every call is whole', "if (load<u8>(at - 1) === 0x2e) return isUnfinished(open, stop) ? unfinishedLine : unsure", 'if (load<u8>(at - 1) === 0x2e) return callLine'),
  code('a result without an equals sign', 'if (load<u32>(at - 3) >> 8 !== 0x203d20 /* ` = ` */) return false', ''),
  code('a result without a parenthesis', 'at >= from && load<u8>(at) === 0x29', 'at >= from'),
  // Cut calls, messages and notes: the compiled code of these rows is made again.
  rows('a message names any process', '/strace: (?!Pr|', '/strace: (?!'),
  rows('a message names a process of six digits', String.raw`/strace: Process \d{1,7} attached/y`, String.raw`/strace: Process \d{1,6} attached/y`),
  rows('a process in a cut call has six digits', String.raw`(?:Process \d{1,7} attached|next`, String.raw`(?:Process \d{1,3} attached|next`),
  rows('strace does not wait in a cut call', String.raw`|\[wait\(0x[0-9a-f]+\) = \d+\] [A-Z]`, String.raw`|\[wait\(0x[0-9a-f]+\) = \d+\] [a-z]`),
  rows('strace does not stop in a cut call', String.raw`(?: \(\d+\))?)/y,`, ')/y,'),
  rows('a rest may begin with a message', '/(?![^ :]*: )(?!SYS_)', '/(?!SYS_)'),
  rows('a rest may begin with a number of a call', '(?!SYS_)(?:[A-Z]', '(?:[A-Z]'),
  rows('a rest never begins with a constant', '(?:[A-Z][A-Z0-9_]|[),', '(?:[),'),
  rows('a rest never begins with a parenthesis', '|[),"{}|]|-', '|[,"{}|]|-'),
  rows('a rest never begins with a negative number', String.raw`{}|]|-\d|`, '{}|]|'),
  rows('any number is a rest', String.raw`\d+[x),}|\]]|`, String.raw`\d+|`),
  rows('any bracket is a rest', String.raw`|\[["{\]])/y,`, String.raw`|\[)/y,`),
  rows('a label has spaces in front', String.raw`/\[(?![0-9a-f]{8,16}\] |pid )[A-Za-z_]`, String.raw`/\[ *(?![0-9a-f]{8,16}\] |pid )[A-Za-z_]`),
  rows('a relative time has no fraction', String.raw`/ *(?:\d+(?:\.\d+)?|\(`, String.raw`/ *(?:\d+|\(`),
  cutCode('a cut call returned', 'if (kind !== callLine) store<i32>(pendings + slot, call)', 'if (kind === unfinishedLine) store<i32>(pendings + slot, call)'),
  cutCode('a cut call has no rest', 'if (kind === cutLine) cut = pid', ''),
  cutCode('an unfinished rest returned', 'if (rested === callLine) {', 'if (true) {'),
  cutCode('a call of another thread is a rest', 'kind = kindInside(line)', 'kind = kindOf(line, expected)'),
  code('a killed thread exits', `if (load<u64>(at) !== 0x74697865202b2b2b || load<u64>(at + 8) !== 0x2068746977206465) return false
  const end = afterDigits(at + 16)
  return load<u32>(end) === 0x2b2b2b20 && load<u8>(end + 4) === 0x0a`, 'return load<u32>(at) === 0x202b2b2b'),
  // Lines that stand on one line.
  code('a line of two calls is one', ': ends > 1) return slow', ': false) return slow'),
  code('nothing stands behind a signal', '!isWholeSignal(at, stop)', 'false'),
  code('nothing stands behind an exit', ' && load<u8>(end + 4) === 0x0a', ''),
  table('no line ends with a result', String.raw`end: row(/\) += |`, 'end: row(/'),
  table('no call behind another line', String.raw`more: row(
    /\w\(|`, `more: row(
    /`),
  // Audit records.
  records('a second record on the line is not seen', 'if (load<u8>(place - 1) === 0x74 && load<u32>(place - 5) === 0x69647561 /* `audi` */) return false', ''),
  records('a control sequence inside a record is not seen', 'if (load<u8>(place) === 0x1b) return false', ''),
  records('a signal does not matter', 'if (block === 0 || !hasNoSignal(from, block)) return unsure', 'if (block === 0) return unsure'),
  records('a signal in a name does not matter', 'if (load<u32>(place) === 0x67697320) return false', ''),
  records('a number of a prefix may be empty', 'if (at === from) return 0', ''),
  records('a record of a rule tells nothing', ` &&
    name !== 0x004c4c4143535953 /* \`SYSCALL\` */`, ''),
  records('a process that a signal ended tells nothing', 'name !== 0x0042415f4d4f4e41 /* `ANOM_AB` */ &&', ''),
  records('any width of a call will do', 'if ((load<u8>(at) & 0xfe) !== 0x30) return unsure', ''),
  records('anything may stand behind an answer', 'return at === stop || byte === 0x20 || byte === 0x1d ? kindOfKey() : unsure', 'return kindOfKey()'),
  records('any text behind a prefix is a record', '!startsFields(at) || ', ''),
  records('a report may name two calls', 'return callAfter(called + 1, stop) === 0 ? called + calledLength + 1 : 0', 'return called + calledLength + 1'),
  records('a report may hold control characters', ' || !isPrintable(line, stop)', ''),
  records('a number of a kind comes again', '  base += keyRoom\n', ''),
  records('the words of a kind are the call alone', "at = takeWord(at + 6)\n  const byte", "at += 16\n  const byte"),
  // Entries of the journal.
  journal('the last of two fields counts', 'if (startOf(field) !== 0 || (isEscaped && field !== message)) return false', 'if (isEscaped && field !== message) return false'),
  journal('a name of a field may have escapes', 'nameEnd === 0 || isEscaped || ', 'nameEnd === 0 || '),
  journal('an entry may go on behind its end', 'return at + 1 === stop', 'return true'),
  journal('any program may call itself audit', 'if (looksOwn) writeByte(0x2d)', ''),
  journal('a name may have blanks', 'if (load<u8>(at) === 0x20 || load<u8>(at) > 0x7e) return false', ''),
  journal('a line end in a message is one', 'writeByte(0x20)\n    else if (escaped === 0x75', 'writeByte(0x0a)\n    else if (escaped === 0x75'),
  journal('every fourth year has a leap day', ' + ofEra / 36_524', ''),
  // Wrapped lines.
  wrapped('any text may stand behind a prefix', 'if ((how & asCall) !== 0 ? !startsCall(from) : !startsText(load<u8>(from))) return 0', ''),
  wrapped('a carriage return belongs to the text', 'if (load<u8>(at + length - 1) === 0x0d) return false', ''),
  wrapped('a number may begin with 0', 'v128.andnot(digits, i8x16.eq(word, i8x16.splat(0x30)))', 'digits'),
  wrapped('a text may end with or without its line end', ' || (how & (isEnded ? withEnd : withoutEnd)) === 0', ''),
  wrapped('anything may stand behind a text', 'if (!isLike(behind, likeness + 16 + 2 * partRoom, tail)) return 0', ''),
  // Learned shapes.
  shapes('a line may have any length', 'if (at - 1 - line > lineLimit) return 0', ''),
  shapes('a count may have any digits', 'if (at - first > mostDigits) return 0', ''),
  shapes('a key of an object may come twice', ' || load<u32>(lasts + (call << 2)) === begun', ''),
  shapes('a count is its first digit', '    if (act === counting) {', '    if (false) {'),
] // prettier-ignore

function changed(text: string, { says, from, to }: Mutant): string {
  if (text.split(from).length !== 2)
    throw new Error(`${says}: ${JSON.stringify(from)} does not stand there once`)
  return text.replace(from, () => to)
}

const tableFile = 'src/read/strace/lines.ts'

/** The files of the program that a mutant changes, each with its text. */
async function filesOf(mutant: Mutant, folder: string, index: number): Promise<ReadonlyMap<string, string>> {
  if (mutant.in !== 'table' && mutant.in !== 'rows')
    return new Map([[codes[mutant.in].data, await codeOf(mutant.in, (text) => changed(text, mutant))]])
  const text = changed(readFileSync(join(root, tableFile), 'utf8'), mutant)
  if (mutant.in === 'table') return new Map([[tableFile, text]])
  const file = join(folder, `rows-${index}.mjs`)
  writeFileSync(file, (await transform(text, { loader: 'ts' })).code)
  const { fields, quick } = (await import(pathToFileURL(file).href)) as Record<'fields' | 'quick', Readonly<Record<string, LineForm>>> // prettier-ignore
  return new Map([
    [tableFile, text],
    [codes.lines.data, await codeOf('lines', (each) => each, { ...fields, ...quick })],
  ])
}

/** The compiled module of a changed text or of changed rows. It is not optimized, because it runs for a moment. */
async function codeOf(
  file: Code,
  change: (text: string) => string,
  rowsOfCode?: Readonly<Record<string, LineForm>>,
): Promise<string> {
  const { module } = codes[file]
  const read = (name: string): string | null => {
    const text = assembly(name)
    return name === `${file}.ts` && text !== null ? change(text) : text
  }
  return `export const ${module}Code = '${await compiled(module, read, rowsOfCode, ['--use', 'abort='])}'`
}

/** The first promise that a mutant breaks; empty if no promise notices it. */
async function noticed(mutant: Mutant, folder: string, index: number): Promise<readonly string[]> {
  const files = new Map(
    [...(await filesOf(mutant, folder, index))].map(([file, text]) => [join(root, file), text] as const),
  )
  const outfile = join(folder, `mutant-${index}.mjs`)
  const { promises } = codes[mutant.in === 'table' || mutant.in === 'rows' ? 'lines' : mutant.in]
  await build({
    entryPoints: [join(root, `test/read/${promises}.ts`)],
    bundle: true,
    platform: 'node',
    mainFields: ['module', 'main'],
    format: 'esm',
    outfile,
    logLevel: 'error',
    plugins: [
      {
        name: 'mutant',
        setup: ({ onLoad }) => {
          onLoad({ filter: /\.ts$/ }, ({ path }) => {
            const contents = files.get(path)
            return contents === undefined ? undefined : { contents, loader: 'ts' }
          })
        },
      },
    ],
  })
  const { faults } = (await import(pathToFileURL(outfile).href)) as {
    faults: (most: number, first?: 'cuts') => readonly string[]
  }
  return faults(1, mutant.first)
}

/** The mutants that no promise notices. */
export async function survivors(tell: (line: string) => void = () => undefined): Promise<readonly string[]> {
  const folder = mkdtempSync(join(tmpdir(), 'seccomp-gen-mutants-'))
  const alive: string[] = []
  try {
    for (const [index, mutant] of mutants.entries()) {
      const [fault] = await noticed(mutant, folder, index)
      if (fault === undefined) alive.push(`${mutant.in}: ${mutant.says}`)
      tell(`${mutant.in}: ${mutant.says}: ${fault ?? 'NOT NOTICED'}`)
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
  return alive
}

if (import.meta.filename === process.argv[1]) {
  const alive = await survivors((line) => console.log(line))
  console.log(`${mutants.length - alive.length} of ${mutants.length} mutants die`)
  process.exitCode = alive.length === 0 ? 0 : 1
}
