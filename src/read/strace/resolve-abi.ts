// Decides, after the last line, which machine a trace was recorded on, assigns every group of calls to an architecture,
// and emits the calls under libseccomp's names. It waits for the last line, because any line may contradict a decision.
import type { Architecture } from '../../abi/architectures.ts'
import { memberNumber } from '../../abi/multiplexers.ts'
import { resolvePrinted } from '../../abi/spellings.ts'
import { asPassedOn } from '../as-passed.ts'
import type { DiagnosticLog } from '../diagnostics.ts'
import { noFailures } from '../failures.ts'
import { placeOf } from '../place.ts'
import type { SeenArguments, Seen, Sink } from '../seen.ts'
import {
  anyArchitecture,
  candidates,
  nativeOf,
  onlyHost,
  pickAbi,
  type Candidates,
  type TracedMachine,
} from './architecture.ts'
import type { CallCounts } from './counts.ts'
import type { NameId, Names } from './names.ts'
import type { MachineEvidence } from './machine-evidence.ts'
import { printedNumber } from './parse-line.ts'
import { Tally } from './tally.ts'
import { refusedIn } from './tries.ts'

/** A call that a line only mentions: a filter refused it, or it was interrupted before strace attached. */
export interface Mention {
  readonly name: string
  /** Undefined if it is one of `set`. */
  readonly architecture: Architecture | undefined
  /** The architectures that the thread's calls can belong to, once all of them are known. */
  readonly set: () => Candidates
  readonly source: number
  readonly line: number
}

export interface AbiEvidence {
  readonly names: Names
  readonly counts: CallCounts
  /** The sums of the tables of -c, by the architectures that the tables can belong to. */
  readonly tables: ReadonlyMap<Candidates, Tally>
  readonly mentions: readonly Mention[]
  /** The indexes of the requested arguments, by printed name. */
  readonly wanted: ReadonlyMap<string, readonly number[]>
  /** The architecture that the caller gives; undefined if it must be inferred. */
  readonly architecture: Architecture | undefined
  /** The evidence of libraries and addresses in the lines. */
  readonly machine: MachineEvidence
  /** Whether strace announced the mode of any process. */
  readonly announced: boolean
  /** The trace shows no successful call (strace -Z), so a call that failed here may have succeeded elsewhere. */
  readonly onlyFailures: boolean
}

/** Gives the sink every call. Returns the machine; undefined if there were no calls. */
export function emitCalls(
  evidence: AbiEvidence,
  sink: Sink,
  diagnostics: DiagnosticLog,
): TracedMachine | undefined {
  const { counts, names, wanted } = evidence
  counts.closeAll()
  addTables(evidence)
  const machine = machineOf(evidence)
  const tallies = new Map<Architecture, Tally>()
  for (const [candidates, tally] of counts.told.groups) assign(candidates, tally, machine, tallies, evidence)
  addMentions(evidence, machine, tallies)
  for (const [architecture, tally] of tallies) {
    for (const [id, entry] of tally.all()) {
      const printed = names.name(id)
      const source = counts.sources[entry.source] as string
      const { count, enosys, injected, awaited, tries } = entry
      const { eperm, eacces } = evidence.onlyFailures ? noFailures : entry
      // If the arguments were to come with a result that never came, they are unknown.
      const args = awaited === 0 ? entry.args : unknownArguments(wanted.get(printed) ?? [])
      const refused = evidence.onlyFailures ? undefined : refusedIn(tries, args)
      const first = placeOf(source, entry.line)
      const seen = { count, enosys, eperm, eacces, injected, args, first, ...(refused && { refused }) }
      const spelling = resolvePrinted(architecture, printed)
      if (spelling !== undefined && spelling.names.length > 0) {
        for (const each of spelling.names)
          sink.seen(architecture, each, asPassedOn(architecture, each, seenAs(each, printed, seen)))
        continue
      }
      sink.unknown(architecture, printedNumber(printed)?.toString() ?? printed, seen)
      diagnostics.add('unknown-call', source, entry.line, { call: printed, architecture })
    }
  }
  return tallies.size > 0 ? machine : undefined
}

/** A filter sees socketcall or ipc with the member's number as first argument, so the call keeps only that value. */
function seenAs(name: string, printed: string, seen: Seen): Seen {
  const member = memberNumber(name, printed)
  if (member === undefined) return seen
  const { count, eperm, eacces, injected } = seen
  const value = BigInt(member)
  const refusal = eperm > 0 ? 'EPERM' : 'EACCES'
  const isRefused = eperm + eacces > 0 && eperm + eacces + injected === count
  const refused = isRefused ? new Map([[0, new Map([[value, refusal] as const])]]) : undefined
  return { ...seen, args: new Map([[0, new Set([value])]]), refused }
}

/** Adds the calls of tables. A table beside lines (-C) repeats them, so only calls that no line shows are added. */
function addTables({ counts, tables }: AbiEvidence): void {
  const shown = new Set<NameId>()
  for (const [, tally] of counts.groups()) for (const [id] of tally.all()) shown.add(id)
  for (const [candidates, tally] of tables) {
    const group = counts.group(candidates)
    for (const [id, entry] of tally.all()) if (!shown.has(id)) group.addEntry(id, entry, counts.sources)
  }
}

function machineOf({ architecture, machine, announced, counts, names }: AbiEvidence): TracedMachine {
  if (architecture !== undefined) return { native: architecture, assumed: false }
  const sets = [...counts.groups()].map(([candidates, tally]) => {
    let set = candidates
    for (const [id] of tally.all()) set &= names.candidates(id) || anyArchitecture
    return set
  })
  const named = [...counts.groups()].flatMap(([, tally]) =>
    [...tally.all()].map(([id]) => onlyHost(names.candidates(id))),
  )
  return nativeOf({ machine, named, sets, announced, saw: (name) => counts.saw(name) })
}

/** Assigns the calls of a group to their architecture. */
function assign(
  set: Candidates,
  tally: Tally,
  { native }: TracedMachine,
  to: Map<Architecture, Tally>,
  { names, counts }: AbiEvidence,
): void {
  const whole = pickAbi(set, native)
  for (const [id, entry] of tally.all()) {
    // A name that the group's architecture lacks is assigned by itself.
    const own = names.candidates(id)
    const fits = whole !== undefined && (own === 0 || (own & candidates([whole])) !== 0)
    const chosen = (fits ? whole : pickAbi(own, native)) ?? whole ?? native
    tallyIn(to, chosen).addEntry(id, entry, counts.sources)
  }
}

/** Counts a mentioned call once, unless the call has lines of its own. */
function addMentions(
  { mentions, names }: AbiEvidence,
  { native }: TracedMachine,
  tallies: Map<Architecture, Tally>,
): void {
  const known = new Set<string>()
  for (const { name, architecture: told, set, source, line } of mentions) {
    const architecture = told ?? pickAbi(set(), native) ?? native
    if (known.has(`${architecture} ${name}`)) continue
    const tally = tallyIn(tallies, architecture)
    const wanted = resolvePrinted(architecture, name)?.names[0] ?? name
    const shown = [...tally.all()].some(([id]) =>
      resolvePrinted(architecture, names.name(id))?.names.includes(wanted),
    )
    if (shown) known.add(`${architecture} ${name}`)
    else tally.entry(names.id(name), source, line).count++
  }
}

function tallyIn(tallies: Map<Architecture, Tally>, architecture: Architecture): Tally {
  let tally = tallies.get(architecture)
  if (tally === undefined) tallies.set(architecture, (tally = new Tally()))
  return tally
}

function unknownArguments(indexes: readonly number[]): SeenArguments {
  return new Map(indexes.map((index) => [index, null]))
}
