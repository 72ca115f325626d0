// Decides where a call is counted, by what its line and the lines before show of its architecture. A thread's calls
// stay with its image until the image is known to be 64-bit or 32-bit. resolve-abi.ts decides the rest at the end.
import { familyOf, type Host } from '../../abi/architectures.ts'
import { resolvePrinted } from '../../abi/spellings.ts'
import { syscallTable } from '../../abi/tables.ts'
import { anyArchitecture, candidates, onlyHost, modes, widthOf, type Candidates } from './architecture.ts'
import type { Opening } from './compiled-lines.ts'
import { layout } from './layout.ts'
import type { MachineEvidence } from './machine-evidence.ts'
import { isNumeric, type NameId, type Names } from './names.ts'
import type { Image, Thread } from './thread.ts'
import { FilterScope, Tally, type TallyEntry } from './tally.ts'

export class CallCounts {
  readonly #names: Names
  /** The sources read so far. An entry's `source` is an index of this list. */
  readonly sources: string[] = []
  /** The scope of the calls that are reported. */
  readonly told = new FilterScope()
  /** Every scope that has calls. */
  readonly #scopes = new Set([this.told])
  readonly #images = new Set<Image>()
  /** Whether one process made calls that no single architecture has. */
  mixed = false

  /** By candidates of an image, once the machine is certain: see opening(). */
  readonly #telling = new Map<Candidates, Uint32Array>()
  /** The architectures of the machine, once the machine is certain; before, all. */
  #possible: Candidates = anyArchitecture
  readonly #machine: MachineEvidence

  constructor(names: Names, machine: MachineEvidence) {
    this.#names = names
    this.#machine = machine
  }

  /** The entry of a call of this thread. `number`: the number that -n prints. */
  entry(thread: Thread, id: NameId, number: number | undefined, line: number): TallyEntry {
    if (this.#possible === anyArchitecture) this.#tellsMachine(id, number)
    const numbered = number === undefined ? undefined : this.#exactly(id, number)
    if (numbered !== undefined) this.#noteWidth(thread.image, numbered)
    const exact = thread.mode ?? numbered
    const tally =
      exact === undefined ? this.#imageTally(thread.image, id) : this.group(exact, thread.image.scope)
    return tally.entry(id, this.source, line)
  }

  /** Notes that the thread's program is of one of these architectures. */
  shows({ image }: Thread, candidates: Candidates): void {
    if ((image.candidates & candidates) !== 0) image.candidates &= candidates
  }

  /**
   * A 32-bit program's numbers show what it is, so that its clone3, whose number is the same in both widths, is 32-bit
   * too. A 64-bit program may make single calls with 32-bit numbers (`int $0x80`).
   */
  #noteWidth(image: Image, candidates: Candidates): void {
    const width = widthOf(candidates)
    if (width === undefined) return
    if ((width & modes['64 bit']) !== 0) image.isWide = true
    else if (!image.isWide && (image.candidates & width) !== 0) image.candidates &= width
  }

  /** Notes the machine if it is certain, or if the call exists on one machine only. */
  #tellsMachine(id: NameId, number: number | undefined): void {
    const machine = this.#machine
    const host =
      machine.certain ??
      onlyHost(number === undefined ? this.#names.candidates(id) : this.#names.numbered(id, number))
    if (host === undefined) return
    if (machine.certain === undefined) machine.named(host)
    this.#possible = candidates(familyOf(host))
  }

  /** The architectures of this machine that have the name, else those of any machine that have it, else all. */
  #candidates(id: NameId): Candidates {
    const known = this.#names.candidates(id)
    return known & this.#possible || known || anyArchitecture
  }

  /** Where the calls of this thread are counted, if known. Makes no group: an empty one would count as evidence. */
  tallyOf({ mode, image }: Thread): Tally | undefined {
    return mode === undefined ? (image.settledIn ?? image.tally) : image.scope.whole.groups.get(mode)
  }

  /** Like tallyOf(), for calls with a number (-n) of numbersOf(): the number decides, not the image. */
  numberedTally({ mode, image }: Thread): Tally | undefined {
    image.isWide = true
    return image.scope.whole.groups.get(mode ?? this.#possible & modes['64 bit'])
  }

  /** By name id, the number that -n prints for a call of the host's own; otherNumber if it decides no architecture. */
  numbersOf(host: Host): Int32Array {
    const own = candidates([host])
    return Int32Array.from({ length: this.#names.known }, (_, id) => {
      const [name] = resolvePrinted(host, this.#names.name(id))?.names ?? []
      const number = name === undefined ? undefined : syscallTable(host).byName(name)?.number
      return number !== undefined && this.#exactly(id, number) === own ? number : layout.i32.otherNumber
    })
  }

  /**
   * The names that show no more about the image's architecture than its earlier calls did. Undefined if the image has
   * no call or its calls are counted elsewhere.
   */
  opening({ mode, image }: Thread): Opening | undefined {
    const { tally, candidates } = image
    const isOpen = mode === undefined && image.settledIn === undefined && tally.size > 0
    if (!isOpen || this.#possible === anyArchitecture) return undefined
    let cells = this.#telling.get(candidates)
    if (cells === undefined) {
      const marks = Array.from({ length: this.#names.known }, (_, id) =>
        (candidates & ~this.#candidates(id)) === 0 ? layout.u32.unopened : 0,
      )
      this.#telling.set(candidates, (cells = Uint32Array.from(marks)))
    }
    return { cells, open: (id, line) => tally.entry(id, this.source, line) }
  }

  /** The index of the current source. */
  get source(): number {
    return this.sources.length - 1
  }

  /** The calls of a scope that can belong to these architectures, except those still kept with an image. */
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

  /** Moves the calls of one scope into another, including those still to come. */
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

  /** The image makes no more calls: counts its calls with the architectures that they can belong to. */
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

  /** Each name narrows the candidates of an image. Once they are only 64-bit or only 32-bit, its calls move there. */
  #imageTally(image: Image, id: NameId): Tally {
    const candidates = this.#candidates(id)
    if (image.settledIn !== undefined) {
      if ((image.candidates & candidates) !== 0) return image.settledIn
      // One process makes calls of both widths: a name that exists in only one of them is still counted there.
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

  /** With -n, the number may decide 32-bit or 64-bit for the call; undefined if the image must decide. */
  #exactly(id: NameId, number: number): Candidates | undefined {
    if (number >= 0x40000000 && number < 0x80000000) return modes.x32
    // Without a name, the number cannot be checked against a table.
    if (isNumeric(this.#names.name(id))) return undefined
    const known = this.#names.numbered(id, number)
    const candidates = known & this.#possible || known
    return (candidates & modes['64 bit']) !== 0 && (candidates & ~modes['64 bit']) !== 0
      ? undefined
      : candidates
  }
}
