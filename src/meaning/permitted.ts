// For which arguments one filter or several together carry a call out, in masked equalities alone: the one comparison that is right for
// `int` arguments (facts: the kernel truncates them), and of which libseccomp takes any number together. Upper halves
// that the kernel drops are taken for 0, as whoever wrote the rule meant it, and are not compared: NE, GT and GE do not
// carry out here what only a strange upper half lets through. Exact otherwise, from the filter itself.
import { architectures, type Architecture } from '../abi/architectures.ts'
import { syscallTable } from '../abi/tables.ts'
import { UserError } from '../errors.ts'
import { level } from './answer.ts'
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

/** All of them hold; in the order of arguments, one an argument. None: whatever the arguments. */
export type Case = readonly MaskedEquality[]

/** No ceiling written by people comes near it, and one call with more rules would slow every other one down. */
const caseLimit = 512

/** Masked equalities of bits that stand apart are as many values as this, or stay one. */
const few = 16

/**
 * The cases in which a call is carried out, no two for the same arguments: none where it never is, one empty case where
 * it always is.
 *
 * @throws UserError where they are too many.
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
 * Whether all calls of a case are carried out, as libseccomp reads the case on this architecture: 32-bit ones have no
 * upper halves.
 *
 * @throws UserError where conditions are too many.
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

/** A ceiling is asked for one call with many cases. */
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
      (answer) => level(answer) === 2,
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
 * The kernel answers a protocol family from AF_MAX on (46, linux/socket.h) with EAFNOSUPPORT: one beyond 63 is nothing
 * that a program can use, and to write down all that a GT lets through would take a rule a bit.
 */
function usableCalls(diagrams: Diagrams, syscall: string): CallSet {
  if (!/^socket(?:pair)?$/.test(syscall)) return true
  return diagrams.passing(0, 0xffffffc0, { test: 'eq', datum: 0 })
}

/** Every way to `true`, the bits on it a case. */
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

/** As a person writes it: a few values that stand apart each by itself, ranges and flags as a mask. */
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
