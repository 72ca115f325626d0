// The shapes of lines that tell the same. A grammar gives the shape of a line that it has read: what further lines must
// repeat exactly, what may differ, and where a count stands. All shapes of a source become one automaton
// (shape-automaton.ts). Shapes that contradict each other are not learned, so that a line has one meaning.
import type { LoggedCall } from './grammar.ts'
import { Automaton } from './shape-automaton.ts'

/** A part of a line. */
export type ShapePart =
  /** Exactly this text. */
  | string
  /** So many of these characters; without `most`, any number of them. */
  | { readonly some: string; readonly least: number; readonly most?: number }
  /** All up to the first `until`, without the characters of `but`; among the first 16, no digit follows one of `late`. */
  | { readonly until: string; readonly but: string; readonly late: string }
  /** How often the call was made: a whole number from 1 of at most 15 digits. */
  | { readonly count: LoggedCall }
  /** The line tells this call. Stands behind a text. */
  | { readonly call: LoggedCall }
  /** All shapes with a part of this name may go on as any of them does. Stands behind a text, or a call there. */
  | { readonly same: string }

export type LineShape = readonly ShapePart[]

type Some = Extract<ShapePart, { some: string }>
type Until = Extract<ShapePart, { until: string }>

/** All characters but these, and but those that a line's text never has. */
export function allBut(characters: string): string {
  const all = Array.from({ length: 256 }, (_, code) => String.fromCharCode(code))
  return all.filter((each) => !'\n\r\x1b'.includes(each) && !characters.includes(each)).join('')
}

const lateFrom = 16
const newline = 0x0a

export class LineShapes {
  readonly #automaton: Automaton
  readonly #parts = new Map<string, number>()
  readonly #named = new Map<string, number>()
  /** The state behind an `until` part, by its first state and the part. */
  readonly #behind = new Map<string, number>()

  constructor(automaton: Automaton) {
    this.#automaton = automaton
  }

  /** Learns a shape, unless it contradicts another or there is no room. */
  learn(shape: LineShape): void {
    let from: readonly number[] | undefined = [this.#automaton.start]
    for (const [index, part] of shape.entries()) {
      if (typeof part === 'string') from = this.#text(from, part, shape.slice(index + 1, index + 3))
      else if ('some' in part) from = this.#some(from, part)
      else if ('until' in part) from = this.#until(from, part)
      else if ('count' in part)
        from = listOf(this.#automaton.act(from, bytesOf('123456789'), 'counting', 0, part.count))
      if (from === undefined) return
    }
    this.#automaton.act(from, [newline], 'ending', 0, callOf(shape.at(-1)))
  }

  #text(
    given: readonly number[],
    text: string,
    [following, later]: LineShape,
  ): readonly number[] | undefined {
    let from: readonly number[] | undefined = given
    // A call at the end of a line belongs to the line end.
    const call = later === undefined ? undefined : callOf(following)
    const name = call === undefined ? following : later
    const last = typeof name === 'object' && 'same' in name ? this.#sameState(name.same) : 0
    for (const [index, byte] of bytesOf(text).entries()) {
      const isLast = index === text.length - 1
      const target = isLast ? last : 0
      from = listOf(
        isLast && call !== undefined
          ? this.#automaton.act(from, [byte], 'telling', target, call)
          : this.#automaton.step(from, [byte], 0, target),
      )
      if (from === undefined) return undefined
    }
    return from
  }

  #some(given: readonly number[], { some, least, most }: Some): readonly number[] | undefined {
    const bytes = bytesOf(some)
    const found: number[] = least === 0 ? [...given] : []
    let from = given
    for (let index = 1; index <= (most ?? Math.max(least, 1)); index++) {
      const part = this.#part(`${some} ${least} ${most} ${index}`)
      const next = this.#automaton.step(from, bytes, part, 0)
      if (next === undefined) return undefined
      from = [next]
      if (index >= least) found.push(next)
      const isLast = most === undefined && index >= least
      if (isLast && this.#automaton.step(from, bytes, part, next) === undefined) return undefined
    }
    return found
  }

  #until(given: readonly number[], part: Until): readonly number[] | undefined {
    const [first = 0, ...others] = given
    const key = `${first} ${part.until} ${part.but} ${part.late}`
    const known = this.#behind.get(key)
    if (known !== undefined) return [known]
    if (others.length > 0 || !this.#automaton.isEmpty(first)) return undefined
    const behind = this.#automaton.newState(0)
    const depths = part.late === '' ? 0 : lateFrom
    // By depth: the states in which so many characters of `until` were found, and the one behind a `late` character.
    const rows = Array.from({ length: depths + 1 }, (_, depth) =>
      Array.from({ length: part.until.length + 1 }, (_each, found) =>
        depth + found === 0 ? first : this.#automaton.newState(this.#part(`until ${key}`)),
      ),
    )
    if (behind === 0 || rows.flat().includes(0)) return undefined
    for (const [depth, states] of rows.entries())
      this.#lead(part, states, rows[Math.min(depth + 1, depths)] as readonly number[], depth < depths, behind)
    this.#behind.set(key, behind)
    return [behind]
  }

  /** Leads from the states of one depth to those of the next. */
  #lead(
    { until, but, late }: Until,
    states: readonly number[],
    next: readonly number[],
    isEarly: boolean,
    behind: number,
  ): void {
    const behindLate = until.length
    for (const [found, state] of states.entries()) {
      const allowed = allBut(found === behindLate ? `${but}0123456789` : but)
      for (const character of allowed) {
        const more = overlap(until, until.slice(0, found === behindLate ? 0 : found) + character)
        const index = isEarly && late.includes(character) ? behindLate : more
        const target = more === until.length ? behind : next[index]
        this.#automaton.lead(state, character.charCodeAt(0), target as number)
      }
    }
  }

  #sameState(name: string): number {
    const known = this.#named.get(name) ?? this.#automaton.newState(0)
    if (known !== 0) this.#named.set(name, known)
    return known
  }

  /** A number for a part: shapes share states only where their parts are the same. That of texts is 0. */
  #part(key: string): number {
    const known = this.#parts.get(key) ?? this.#parts.size + 1
    this.#parts.set(key, known)
    return known
  }
}

const bytesOf = (text: string): readonly number[] => Array.from(text, (each) => each.charCodeAt(0))
const listOf = (state: number | undefined): readonly number[] | undefined =>
  state === undefined ? undefined : [state]

function callOf(part: ShapePart | undefined): LoggedCall | undefined {
  return typeof part === 'object' && 'call' in part ? part.call : undefined
}

/** How much of the start of `text` stands at the end of `read`. */
function overlap(text: string, read: string): number {
  for (let length = Math.min(text.length, read.length); length > 0; length--)
    if (read.endsWith(text.slice(0, length))) return length
  return 0
}
