// `syscalls`: prints the tables of abi/ for people and programs. A row is a call; a word is the name of a call, a
// logger's spelling of it, or a number.
import { architectureNames, architectures as facts, type Architecture } from '../abi/architectures.ts'
import { equivalentOnAarch64 } from '../abi/equivalents.ts'
import { multiplexerOf } from '../abi/multiplexers.ts'
import { otherSpellings, resolvePrinted } from '../abi/spellings.ts'
import { syscallTable, type TableEntry } from '../abi/tables.ts'
import { UserError } from '../errors.ts'
import { callNamed } from '../abi/other-names.ts'
import { similarWords } from '../report/similar.ts'
import { archOption, outputOption } from './document-options.ts'
import { checkOutput, writeOutput } from './output.ts'
import type { Declare } from './world.ts'
import { Option } from 'commander'

interface SyscallsFlags {
  readonly arch?: readonly Architecture[]
  readonly report: 'text' | 'json'
  readonly output?: string
}

export const declare: Declare = (command, world, end) => {
  command
    .argument('[name|number...]', 'calls to look up (default: all)')
    .addOption(archOption('architectures to show'))
    .addOption(
      new Option('--report <format>', 'format of the report').choices(['text', 'json']).default('text'),
    )
    .addOption(outputOption('the table'))
    .addHelpText(
      'after',
      '\nExample:\n  seccomp-gen syscalls openat\n  seccomp-gen syscalls 0x38 --arch aarch64',
    )
    .action(async (words: string[], { arch, report, output }: SyscallsFlags) => {
      await checkOutput(output, world)
      await writeOutput(
        syscallsReport(words, arch ? { architectures: arch, report } : { report }),
        output,
        world,
      )
      end(0)
    })
}

/** A call in the report. Architectures without the call are absent. */
interface CallRow {
  readonly name: string
  readonly numbers: Readonly<Partial<Record<Architecture, number>>>
  /** The first mainline kernel with the call, by architecture, as far as known. */
  readonly since: Readonly<Partial<Record<Architecture, string>>>
  /** The architectures on which current kernels answer ENOSYS. */
  readonly unimplemented: readonly Architecture[]
  /** Other names that loggers print. */
  readonly spellings: readonly string[]
  /** The multiplexer that can stand for the call. */
  readonly multiplexer?: string
  /** What libc calls on aarch64 instead, if aarch64 lacks the call. */
  readonly aarch64?: readonly string[]
}

/**
 * Reports the calls that the words name, in the order of the words. Without words it reports all calls, sorted by name.
 *
 * @throws UserError for a word that is not a name, spelling or number of a call on any requested architecture.
 */
export function syscallsReport(
  words: readonly string[],
  options: { readonly architectures?: readonly Architecture[]; readonly report: 'text' | 'json' },
): string {
  const architectures = architectureNames.filter((each) => options.architectures?.includes(each) ?? true)
  const names =
    words.length === 0 ? allNames(architectures) : words.flatMap((word) => namesOf(word, architectures))
  const rows = [...new Set(names)].map((name) => rowOf(name, architectures))
  return options.report === 'json' ? `${JSON.stringify(rows, null, 2)}\n` : textOf(rows, architectures)
}

function allNames(architectures: readonly Architecture[]): readonly string[] {
  return [
    ...new Set(architectures.flatMap((each) => syscallTable(each).entries.map(({ name }) => name))),
  ].sort()
}

function namesOf(word: string, architectures: readonly Architecture[]): readonly string[] {
  if (/^(?:\d+|0x[0-9a-f]+)$/i.test(word)) return namesOfNumber(word, architectures)
  if (architectures.some((each) => syscallTable(each).byName(word) !== undefined)) return [word]
  const meant = architectures.flatMap((architecture) =>
    (['strace', 'audit', 'perf'] as const).flatMap(
      (logger) => resolvePrinted(architecture, word, logger)?.names ?? [],
    ),
  )
  if (meant.length > 0) return meant
  throw noSuchName(word, architectures)
}

function namesOfNumber(word: string, architectures: readonly Architecture[]): readonly string[] {
  const names = architectures.flatMap((each) => syscallTable(each).byNumber(Number(word))?.name ?? [])
  if (names.length === 0) throw new UserError('no-such-number', { number: word, ...asked(architectures) })
  return names
}

function noSuchName(name: string, architectures: readonly Architecture[]): UserError {
  const elsewhere = architectureNames.filter((each) => syscallTable(each).byName(name) !== undefined)
  const named = elsewhere.length > 0 ? undefined : callNamed(name, architectures)
  return new UserError('no-such-name', {
    name,
    ...asked(architectures),
    elsewhere,
    similar: named === undefined ? similarWords(name, allNames(architectures)) : [named],
  })
}

function asked(architectures: readonly Architecture[]): {
  readonly architectures: readonly Architecture[]
  readonly all: boolean
} {
  return { architectures, all: architectures.length === architectureNames.length }
}

function rowOf(name: string, architectures: readonly Architecture[]): CallRow {
  const entries = architectures.flatMap((architecture): (readonly [Architecture, TableEntry])[] => {
    const entry = syscallTable(architecture).byName(name)
    return entry === undefined ? [] : [[architecture, entry]]
  })
  const through = architectures.filter((each) => facts[each].multiplexes)
  const multiplexer = through.length > 0 ? multiplexerOf(name) : undefined
  const equivalent = architectures.some((each) => facts[each].inferredFrom !== undefined)
    ? equivalentOnAarch64(name)
    : undefined
  return {
    name,
    numbers: Object.fromEntries(entries.map(([architecture, { number }]) => [architecture, number])),
    since: Object.fromEntries(
      entries.flatMap(([architecture, { since }]) => (since ? [[architecture, since]] : [])),
    ),
    unimplemented: entries
      .filter(([, { implemented }]) => !implemented)
      .map(([architecture]) => architecture),
    spellings: [...new Set(entries.flatMap(([architecture]) => otherSpellings(architecture, name)))].sort(),
    ...(multiplexer === undefined ? {} : { multiplexer }),
    ...(equivalent === undefined ? {} : { aarch64: equivalent.aarch64 }),
  }
}

function textOf(rows: readonly CallRow[], architectures: readonly Architecture[]): string {
  const heads = ['name', ...architectures, 'since', 'notes']
  const cells = rows.map((row) => [
    row.name,
    ...architectures.map((each) => String(row.numbers[each] ?? '-')),
    earliest(Object.values(row.since)) ?? '-',
    notesOf(row, architectures),
  ])
  const widths = heads.map((head, column) =>
    Math.max(head.length, ...cells.map((line) => line[column]?.length ?? 0)),
  )
  const numeric = (column: number): boolean => column > 0 && column <= architectures.length
  return [heads, ...cells]
    .map((line) =>
      line
        .map((cell, column) =>
          numeric(column) ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0),
        )
        .join('  ')
        .trimEnd(),
    )
    .map((line) => `${line}\n`)
    .join('')
}

function notesOf(row: CallRow, architectures: readonly Architecture[]): string {
  const multiplexing = architectures.filter((each) => facts[each].multiplexes)
  const everywhere = row.unimplemented.length === Object.keys(row.numbers).length
  return [
    ...(row.unimplemented.length === 0
      ? []
      : [`no implementation${everywhere ? '' : ` on ${row.unimplemented.join(', ')}`}`]),
    ...(row.spellings.length === 0 ? [] : [`printed as ${row.spellings.join(', ')}`]),
    ...(row.multiplexer === undefined ? [] : [`${multiplexing.join(', ')}: ${row.multiplexer}`]),
    ...(row.aarch64 === undefined || row.aarch64.length === 0 ? [] : [`aarch64: ${row.aarch64.join(', ')}`]),
  ].join('; ')
}

/** The lowest of several kernel versions such as "2.6.27". */
function earliest(versions: readonly string[]): string | undefined {
  return versions.toSorted((a, b) => a.localeCompare(b, 'en', { numeric: true }))[0]
}
