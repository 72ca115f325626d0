// Finds which system calls the reached code can make, and with which values. The number is followed back from every
// place that enters the kernel, through the callers of the function if they passed the number. A place whose number
// stays unknown is reported: the list of calls is then no upper bound.
import { isPassed, type Callers } from './callers.ts'
import type { KernelSite } from './flow.ts'
import { constantsOf } from './passed.ts'
import type { FunctionId } from './reach.ts'
import { recordKind } from './records.ts'
import { storedNumbers } from './stored-numbers.ts'
import { unknown, type Value } from './values.ts'
import { compatArguments } from './x86/step.ts'

/** A call number that reaches the kernel. */
export interface NumberFound {
  readonly number: number
  readonly isCompat: boolean
  /** The function that chooses the number, then the functions through which it reaches the kernel. */
  readonly chain: readonly FunctionId[]
  /** The values of the argument at an index; undefined if not all are known. */
  readonly arguments: (index: number) => readonly number[] | undefined
}

export interface NumberUnknown {
  readonly site: FunctionId
  /** The function in which following the number back ended. */
  readonly in: FunctionId
  readonly why: 'memory' | 'computed' | 'pointer-call' | 'too-many'
}

export interface CallsFound {
  readonly numbers: readonly NumberFound[]
  readonly unresolved: readonly NumberUnknown[]
}

/** The most steps back through callers from one place, and from all places; no wrapper needs more. */
const mostNodes = 50_000
const mostOfAll = 100_000

interface CallChain {
  readonly id: FunctionId
  readonly number: Value
  readonly arguments: readonly Value[]
  readonly chain: readonly FunctionId[]
}

export class CallFinder {
  readonly #callers: Callers
  /** The steps back through callers that are left. */
  #left = mostOfAll

  constructor(callers: Callers) {
    this.#callers = callers
  }

  find(): CallsFound {
    const numbers: NumberFound[] = []
    const unresolved: NumberUnknown[] = []
    this.#left = mostOfAll
    const { reach } = this.#callers
    for (const id of reach.kernel) {
      const sites = new Set(this.#sites(id))
      const met = new Set<number>()
      for (const from of [id, ...reach.entering(id)])
        for (const site of this.#callers.flow(from).kernel)
          if (sites.has(site.at)) {
            met.add(site.at)
            this.#resolve(id, from, site, numbers, unresolved)
          }
      if (met.size < sites.size && this.#callers.flow(id).isCode)
        unresolved.push({ site: id, in: id, why: 'computed' })
    }
    return { numbers, unresolved }
  }

  /** Places in a function that enter the kernel. */
  #sites(id: FunctionId): readonly number[] {
    return this.#callers.places(id, (kind) => kind === recordKind.syscall || kind === recordKind.compat)
  }

  #resolve(
    site: FunctionId,
    from: FunctionId,
    { registers, isCompat }: KernelSite,
    numbers: NumberFound[],
    unresolved: NumberUnknown[],
  ): void {
    const callers = this.#callers
    const { processor, values } = callers
    const chain = from === site ? [site] : [from, site]
    const places = isCompat ? compatArguments : processor.arguments
    const start: CallChain = {
      id: from,
      number: registers[processor.number] as Value,
      arguments: places.map((each) => registers[each] as Value),
      chain,
    }
    const seen = new Set<string>()
    const work = [start]
    for (let node = work.pop(); node !== undefined; node = work.pop()) {
      const key = `${node.id} ${node.number} ${node.arguments.join(' ')}`
      if (seen.has(key)) continue
      seen.add(key)
      const { id, number, arguments: args, chain } = node
      const fail = (why: NumberUnknown['why']): void => void unresolved.push({ site, in: id, why })
      if (seen.size > mostNodes || this.#left-- <= 0) return fail('too-many')
      if (number === unknown) {
        fail('computed')
        continue
      }
      for (const atom of values.atoms(number))
        if (atom.kind === 'constant')
          numbers.push({
            number: atom.value,
            isCompat,
            chain,
            arguments: (index) => constantsOf(callers, id, args[index] ?? unknown),
          })
        else if (atom.kind === 'address' || atom.kind === 'stack') fail('computed')
      const passed = values.filter(number, isPassed)
      if (passed !== undefined) {
        if (!callers.areKnown(id)) fail('pointer-call')
        for (const { id: caller, value, arguments: its } of callers.known(id, passed, args))
          work.push({ id: caller, number: value, arguments: its, chain: [caller, ...chain] })
      }
      const loads = values.filter(number, (atom) => atom.kind === 'load')
      if (loads !== undefined) {
        const next = storedNumbers(callers, id, loads)
        if (next === undefined) fail('memory')
        else for (const each of next) work.push({ ...each, arguments: [], chain: [each.id, ...chain] })
      }
    }
  }
}
