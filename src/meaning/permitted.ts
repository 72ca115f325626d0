// For which arguments one filter, or several together, allow a call. The answer uses only masked equalities: no other
// comparison is right for `int` arguments, which the kernel truncates, and libseccomp takes any number of them. Upper
// halves that the kernel drops are taken to be 0 and are not compared, so a call that NE, GT or GE allows only because
// of its upper half is not counted as allowed. Everything else is exact and comes from the filter itself.
import { architectures, type Architecture } from '../abi/architectures.ts'
import { syscallTable } from '../abi/tables.ts'
import { UserError } from '../errors.ts'
import { permissiveness } from './answer.ts'
import { callsAnswered } from './call-sets.ts'
import { bitAt, Diagrams, TooManyConditions, type CallSet } from './diagram.ts'
import { decisionOn } from './filter.ts'
import { droppedWords } from './kernel-view.ts'
import type { Meaning } from './meaning.ts'

/** `(argument & mask) == value`. */
export interface MaskedEquality {
  readonly index: number
  readonly mask: bigint
  readonly value: bigint
}

/** All equalities must hold. They are ordered by argument, at most one each. An empty case covers all arguments. */
export type Case = readonly MaskedEquality[]

/** Ceilings written by people need far fewer. More rules for one call would slow down every call. */
const caseLimit = 512

/** A masked equality with scattered free bits is written as single values if there are at most this many. */
const few = 16

/**
 * The cases in which all filters allow a call. No two cases overlap. No case: the call is never allowed; one empty
 * case: it always is.
 *
 * @throws UserError if there are too many cases.
 */
export function permittedCases(
  meanings: readonly Meaning[],
  architecture: Architecture,
  syscall: string,
): readonly Case[] {
  return within(meanings, syscall, () => {
    const { diagrams, permitted } = permittedCalls(meanings, architecture, syscall)
    const usable = diagrams.choose(usableCalls(diagrams, syscall), permitted, false)
    return casesOf(permitted === true || usable === false ? permitted : usable)
  })
}

/**
 * Whether the filters allow all calls of a case, as libseccomp reads the case on this architecture. Arguments of 32-bit
 * architectures have no upper halves.
 *
 * @throws UserError if there are too many conditions.
 */
export function isPermitted(
  meanings: readonly Meaning[],
  architecture: Architecture,
  syscall: string,
  conditions: Case,
): boolean {
  return within(meanings, syscall, () => {
    const { diagrams, permitted } = permittedCalls(meanings, architecture, syscall)
    const dropped = droppedWords(architecture, syscall)
    const words = conditions
      .flatMap(({ index, mask, value }) => [
        { word: index * 2, mask, value },
        { word: index * 2 + 1, mask: mask >> 32n, value: value >> 32n },
      ])
      .filter(({ word }) => word % 2 === 0 || (architectures[architecture].bits === 64 && !dropped.has(word)))
    const all = words.reduce<CallSet>((set, { word, mask, value }) => {
      const datum = Number(value & 0xffffffffn)
      return diagrams.choose(
        diagrams.passing(word, Number(mask & 0xffffffffn), { test: 'eq', datum }),
        set,
        false,
      )
    }, true)
    return diagrams.choose(permitted, false, all) === false
  })
}

interface Permitted {
  readonly diagrams: Diagrams
  readonly permitted: CallSet
}

/** A cache: a ceiling is asked about many cases of one call. */
const asked = new WeakMap<readonly Meaning[], Map<string, Permitted>>()

function permittedCalls(
  meanings: readonly Meaning[],
  architecture: Architecture,
  syscall: string,
): Permitted {
  const known = asked.get(meanings) ?? new Map<string, Permitted>()
  asked.set(meanings, known)
  const key = `${architecture} ${syscall}`
  const before = known.get(key)
  if (before !== undefined) return before
  const diagrams = new Diagrams()
  const number = syscallTable(architecture).byName(syscall)?.number
  const permittedBy = ({ filter }: Meaning): CallSet =>
    number !== undefined &&
    callsAnswered(
      diagrams,
      decisionOn(filter, architecture, number),
      (answer) => permissiveness(answer) === 2,
      droppedWords(architecture, syscall),
    )
  const permitted = meanings.map(permittedBy).reduce((one, other) => diagrams.choose(one, other, false), true)
  known.set(key, { diagrams, permitted })
  return { diagrams, permitted }
}

function within<T>(meanings: readonly Meaning[], syscall: string, decide: () => T): T {
  try {
    return decide()
  } catch (error) {
    if (!(error instanceof TooManyConditions)) throw error
    throw new UserError('ceiling-too-complex', {
      file: meanings.map(({ resolved }) => resolved.name).join(' and '),
      call: syscall,
    })
  }
}

/**
 * The kernel answers EAFNOSUPPORT to protocol families from AF_MAX on (46, linux/socket.h), so no program can use one
 * above 63. Leaving them out saves one rule for each bit if a ceiling has a GT.
 */
function usableCalls(diagrams: Diagrams, syscall: string): CallSet {
  if (!/^socket(?:pair)?$/.test(syscall)) return true
  return diagrams.passing(0, 0xffffffc0, { test: 'eq', datum: 0 })
}

/** Every path to `true` is one case, or a few with single values. */
function casesOf(set: CallSet): readonly Case[] {
  const cases: Case[] = []
  const open: { readonly at: CallSet; readonly known: Case }[] = [{ at: set, known: [] }]
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { at, known } = next
    if (at === false) continue
    if (at === true) {
      cases.push(...valueByValue(known))
      if (cases.length > caseLimit) throw new TooManyConditions()
      continue
    }
    const { index, bit } = bitAt(at.variable)
    open.push({ at: at.one, known: withBit(known, index, bit, bit) })
    open.push({ at: at.zero, known: withBit(known, index, bit, 0n) })
  }
  return cases
}

function withBit(known: Case, index: number, bit: bigint, value: bigint): Case {
  const last = known.at(-1)
  if (last?.index !== index) return [...known, { index, mask: bit, value }]
  return [...known.slice(0, -1), { index, mask: last.mask | bit, value: last.value | value }]
}

/** Writes a case as a person would: a few scattered values one by one, ranges and flags as a mask. */
function valueByValue(one: Case): readonly Case[] {
  return one.reduce<readonly Case[]>(
    (cases, equality) => cases.flatMap((each) => valuesOf(equality).map((other) => [...each, other])),
    [[]],
  )
}

function valuesOf(equality: MaskedEquality): readonly MaskedEquality[] {
  const { index, mask, value } = equality
  const all = mask > 0xffffffffn ? 0xffffffffffffffffn : 0xffffffffn
  const free = bitsOf(all & ~mask)
  const isRange = free.every((bit, place) => bit === 1n << BigInt(place))
  if (isRange || 2 ** free.length > few) return [equality]
  return free
    .reduce((found, bit) => found.flatMap((each) => [each, each | bit]), [value])
    .map((each) => ({ index, mask: all, value: each }))
}

function bitsOf(number: bigint): readonly bigint[] {
  return Array.from({ length: 64 }, (_, place) => 1n << BigInt(place)).filter((bit) => (number & bit) !== 0n)
}
