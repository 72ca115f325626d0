// Which system calls an architecture has, and under which number. Authority: libseccomp's syscalls.csv, because
// its names are the ones a profile is written in; the data is generated (scripts/make-tables.ts), one file each.
import { UserError } from '../errors.ts'
import type { Architecture } from './architectures.ts'
import { aarch64 } from './data/aarch64.ts'
import { arm } from './data/arm.ts'
import { loongarch64 } from './data/loongarch64.ts'
import { ppc64le } from './data/ppc64le.ts'
import { riscv64 } from './data/riscv64.ts'
import { s390x } from './data/s390x.ts'
import { x32 } from './data/x32.ts'
import { x86 } from './data/x86.ts'
import { x86_64 } from './data/x86_64.ts'

/** One call of one architecture. */
export interface TableEntry {
  /** libseccomp's name, the one that profiles use. */
  readonly name: string
  /** As in seccomp_data.nr: on x32 with bit 30 (0x40000000), on arm the private calls from 0xf0001. */
  readonly number: number
  /** First mainline release with this number here, such as "5.3"; undefined where it is not known, or never worked. */
  readonly since: string | undefined
  /** False where the number is only reserved: a mainline kernel of today answers ENOSYS. */
  readonly implemented: boolean
}

/** Names and numbers of one architecture; each name has one number and each number one name. */
export interface SyscallTable {
  readonly architecture: Architecture
  /** By number, ascending. */
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
 * The calls of an architecture as libseccomp names and numbers them. Made at the first request, then shared.
 * Source: facts/calls, whose README names the revisions.
 *
 * @throws UserError for a word that is no architecture.
 */
export function syscallTable(architecture: Architecture): SyscallTable {
  const known = tables.get(architecture)
  if (known !== undefined) return known
  if (!Object.hasOwn(texts, architecture))
    throw new UserError('no-such-architecture', { architecture: String(architecture) })
  const made = parseTable(architecture, texts[architecture])
  tables.set(architecture, made)
  return made
}

/** Whether any architecture of a row has a call of this name. Asked of most names, where one table of nine is needed. */
export function isKnownAnywhere(name: string): boolean {
  everyName ??= new Set(Object.values(texts).flatMap((text) => text.match(/[a-z_]\w*/gi) ?? []))
  return everyName.has(name)
}
let everyName: ReadonlySet<string> | undefined

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
