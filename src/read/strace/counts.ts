// Where a call is counted: with what is known of its architecture when its line is read. A thread's calls are kept
// with its image until that is known to be of 64 or of 32 bit; the rest is settled when the source has ended.
import { familyOf, type Host } from '../../abi/architectures.ts'
import { resolvePrinted } from '../../abi/spellings.ts'
import { syscallTable } from '../../abi/tables.ts'
import {
  anyArchitecture,
  candidates,
  candidatesOf,
  onlyHost,
  modes,
  widthOf,
  type Candidates,
} from './architecture.ts'
import type { MachineEvidence } from './machine-evidence.ts'
import { isNumeric, type NameId, type Names } from './names.ts'
import type { Image, Thread } from './thread.ts'
import { FilterScope, Tally, type TallyEntry } from './tally.ts'

/** A number that no line has. */
const otherNumber = -2

export class CallCounts {
  readonly #names: Names
  /** The sources read so far; an entry's place is in one of them. */
  readonly sources: string[] = []
  /** What is told. */
  readonly told = new FilterScope()
  /** Every scope that calls are in. */
  readonly #scopes = new Set([this.told])
  readonly #images = new Set<Image>()
  /** Whether one process made calls that exist on 64-bit architectures only, and others that exist on none. */
  mixed = false

  /** What a call can be of at all, once the machine is certain. */
  #possible: Candidates = anyArchitecture
  readonly #machine: MachineEvidence

  constructor(names: Names, machine: MachineEvidence) {
    this.#names = names
    this.#machine = machine
  }

  /** The entry of a call of this thread; `number` is the one that -n prints. */
  entry(thread: Thread, id: NameId, number: number | undefined, line: number): TallyEntry {
    if (this.#possible === anyArchitecture) this.#tellsMachine(id, number)
    const exact = thread.mode ?? (number === undefined ? undefined : this.#exactly(id, number))
    const tally =
      exact === undefined ? this.#imageTally(thread.image, id) : this.group(exact, thread.image.scope)
    return tally.entry(id, this.source, line)
  }

  /** A call may exist on one machine only. */
  #tellsMachine(id: NameId, number: number | undefined): void {
    const machine = this.#machine
    const host =
      machine.certain ??
      onlyHost(number === undefined ? this.#names.candidates(id) : candidatesOf(this.#names.name(id), number))
    if (host === undefined) return
    if (machine.certain === undefined) machine.named(host)
    this.#possible = candidates(familyOf(host))
  }

  /** What a call of this name can be of here; anything for one that no table has, or none of this machine's. */
  #candidates(id: NameId): Candidates {
    const known = this.#names.candidates(id)
    return known & this.#possible || known || anyArchitecture
  }

  /** Where the calls of this thread go, as far as that is known by now; makes none, which would tell of calls. */
  tallyOf({ mode, image }: Thread): Tally | undefined {
    return mode === undefined ? (image.settledIn ?? image.tally) : image.scope.whole.groups.get(mode)
  }

  /** The same where -n prints the numbers of `numbersOf`: they tell the architecture, not the program. */
  numberedTally({ mode, image }: Thread): Tally | undefined {
    return image.scope.whole.groups.get(mode ?? this.#possible & modes['64 bit'])
  }

  /** By name id, the number that -n prints of a call of the machine's own; -2 where it tells no architecture. */
  numbersOf(host: Host): Int32Array {
    const own = candidates([host])
    return Int32Array.from({ length: this.#names.known }, (_, id) => {
      const [name] = resolvePrinted(host, this.#names.name(id))?.names ?? []
      const number = name === undefined ? undefined : syscallTable(host).byName(name)?.number
      return number !== undefined && this.#exactly(id, number) === own ? number : otherNumber
    })
  }

  /** The index of the source that is being read. */
  get source(): number {
    return this.sources.length - 1
  }

  /** Calls by what they can be of; a thread's own are with its image until that is closed. */
  group(candidates: Candidates, scope = this.told): Tally {
    const { whole } = scope
    let tally = whole.groups.get(candidates)
    if (tally === undefined) {
      this.#scopes.add(whole)
      whole.groups.set(candidates, (tally = new Tally()))
    }
    return tally
  }

  /** Every group of every scope. */
  *groups(): Generator<readonly [Candidates, Tally]> {
    for (const { groups } of this.#scopes) yield* groups
  }

  /** What is in one scope is in another from now on. */
  join(from: FilterScope, into: FilterScope): void {
    const { whole } = from
    if (whole === into.whole) return
    for (const [candidates, tally] of whole.groups) {
      tally.into = this.group(candidates, into)
      tally.into.add(tally, this.sources)
    }
    whole.into = into.whole
    this.#scopes.delete(whole)
  }

  /** The image makes no more calls: what it made is counted by what it can be of. */
  close(image: Image): void {
    if (!this.#images.delete(image)) return
    const tally = image.settledIn ?? this.group(widthOf(image.inherited()) ?? image.candidates, image.scope)
    tally.add(image.tally, this.sources)
  }

  closeAll(): void {
    for (const image of this.#images) this.close(image)
  }

  saw(name: string): boolean {
    const id = this.#names.id(name)
    for (const [, tally] of this.groups()) if (tally.has(id)) return true
    return false
  }

  /** Names narrow down what an image can be; once that tells 64 from 32 bit, its calls are counted there. */
  #imageTally(image: Image, id: NameId): Tally {
    const candidates = this.#candidates(id)
    if (image.settledIn !== undefined) {
      if ((image.candidates & candidates) !== 0) return image.settledIn
      // One process makes calls of both kinds: those with a name of one kind only can still be told.
      this.mixed = true
      return this.group(candidates, image.scope)
    }
    if (!image.tally.has(id)) {
      if ((image.candidates & candidates) === 0) this.mixed = true
      else image.candidates &= candidates
      this.#images.add(image)
      const width = widthOf(image.candidates)
      if (width !== undefined) {
        image.settledIn = this.group(width, image.scope)
        this.close(image)
        return (image.candidates & candidates) === 0 ? this.group(candidates, image.scope) : image.settledIn
      }
    }
    return image.tally
  }

  /** With -n the number may tell 32 from 64 bit call by call; where it does not, the image must. */
  #exactly(id: NameId, number: number): Candidates | undefined {
    if (number >= 0x40000000 && number < 0x80000000) return modes.x32
    // What has no name has no table to agree with.
    if (isNumeric(this.#names.name(id))) return undefined
    const known = candidatesOf(this.#names.name(id), number)
    const candidates = known & this.#possible || known
    return (candidates & modes['64 bit']) !== 0 && (candidates & ~modes['64 bit']) !== 0
      ? undefined
      : candidates
  }
}
