// The system calls of each architecture and their numbers. Authority: libseccomp's syscalls.csv, because profiles use
// its names. scripts/make-tables.ts generates the data, one file for each architecture.
import { UserError } from '../errors.ts'
import { architectureNames, architectureOf, type Architecture } from './architectures.ts'
import { aarch64 } from './data/aarch64.ts'
import { arm } from './data/arm.ts'
import { loongarch64 } from './data/loongarch64.ts'
import { ppc64le } from './data/ppc64le.ts'
import { riscv64 } from './data/riscv64.ts'
import { s390x } from './data/s390x.ts'
import { x32 } from './data/x32.ts'
import { x86 } from './data/x86.ts'
import { x86_64 } from './data/x86_64.ts'

/** A call of an architecture. */
export interface TableEntry {
  /** libseccomp's name, which profiles use. */
  readonly name: string
  /** The number in seccomp_data.nr: with bit 30 (0x40000000) on x32; arm's private calls start at 0xf0001. */
  readonly number: number
  /** The first mainline release with this number, such as "5.3"; undefined if unknown or if the call never worked. */
  readonly since: string | undefined
  /** False if the number is only reserved: current mainline kernels answer ENOSYS. */
  readonly implemented: boolean
}

/** The names and numbers of one architecture. Each name has one number and each number one name. */
export interface SyscallTable {
  readonly architecture: Architecture
  /** Sorted by number. */
  readonly entries: readonly TableEntry[]
  byName(name: string): TableEntry | undefined
  byNumber(number: number): TableEntry | undefined
}

const texts: Readonly<Record<Architecture, string>> = {
  x86_64,
  aarch64,
  x86,
  x32,
  arm,
  riscv64,
  ppc64le,
  s390x,
  loongarch64,
}
const tables = new Map<Architecture, SyscallTable>()

/**
 * The calls of an architecture, by any spelling that the command takes, with libseccomp's names and numbers. The table
 * is made on first use and shared.
 * Source: facts/calls, whose README names the revisions.
 *
 * @throws UserError for an unknown architecture.
 */
export function syscallTable(architecture: Architecture): SyscallTable {
  const known = tables.get(architecture)
  if (known !== undefined) return known
  const name = architectureOf(String(architecture))
  if (name === undefined)
    throw new UserError('no-such-architecture', {
      architecture: String(architecture),
      known: architectureNames,
    })
  const made = tables.get(name) ?? parseTable(name, texts[name])
  tables.set(name, made)
  return made
}

/** The name of the call with this number; the number for one that the table does not have. */
export function callName(architecture: Architecture, number: number): string {
  return syscallTable(architecture).byNumber(number)?.name ?? String(number)
}

/**
 * Whether any architecture has a call of this name. The first questions search the data, so that a short command makes
 * neither nine tables nor a set of all names. A log asks for any number of names.
 */
export function isKnownAnywhere(name: string): boolean {
  if (searches === mostSearches) return (everyName ??= namesOfAll()).has(name)
  for (const table of tables.values()) if (table.byName(name) !== undefined) return true
  searches++
  return /^[a-z_]\w*$/i.test(name) && Object.values(texts).some((text) => text.includes(` ${name} `))
}
let searches = 0
const mostSearches = 16
let everyName: ReadonlySet<string> | undefined

function namesOfAll(): ReadonlySet<string> {
  return new Set(Object.values(texts).flatMap((text) => text.match(/[a-z_]\w*/gi) ?? []))
}

function parseTable(architecture: Architecture, text: string): SyscallTable {
  const byName = new Map<string, TableEntry>()
  const byNumber = new Map<number, TableEntry>()
  for (const line of text.trim().split('\n')) {
    const [number, name, since, mark] = line.split(' ')
    if (name === undefined) throw new Error(`the table of ${architecture} has a line without a name: ${line}`)
    const entry: TableEntry = {
      name,
      number: Number(number),
      since: since === '-' ? undefined : since,
      implemented: mark !== '!',
    }
    byName.set(name, entry)
    byNumber.set(entry.number, entry)
  }
  return {
    architecture,
    entries: [...byNumber.values()],
    byName: (name) => byName.get(name),
    byNumber: (number) => byNumber.get(number),
  }
}
