// Checks the options of the library's functions: each kind of options has a table, with a row for each member. Callers
// in JavaScript have no compiler: if a misspelt name or word meant the default, it would silently weaken a profile.
import { architectureNames, architectureOf, type Architecture } from './abi/architectures.ts'
import { UserError } from './errors.ts'

/** Returns the value in its usual form. Throws a UserError that names the place `at` if the value is not accepted. */
export type OptionReader<Value> = (value: unknown, at: string) => Value

/** A reader for every member, so that a new member without a row does not compile. */
export type OptionTable<Options> = {
  readonly [Name in keyof Options]-?: OptionReader<Exclude<Options[Name], undefined>>
}

/**
 * Returns the defined options of a function, or the defined members of an object in its options. `of`: the function and
 * the object, for messages. The members in `required` must be present.
 */
export function readOptions<Options extends object>(
  of: string,
  table: OptionTable<Options>,
  given: unknown = {},
  required: readonly (keyof Options & string)[] = [],
): Options {
  const options = object(given, of)
  for (const name of Object.keys(options))
    if (!Object.hasOwn(table, name))
      throw new UserError('no-such-option', { of, name, known: Object.keys(table) })
  return readKnown(of, table, options, required)
}

/** As readOptions, but ignores members that the table lacks. */
export function readKnown<Options extends object>(
  of: string,
  table: OptionTable<Options>,
  given: object,
  required: readonly string[] = [],
): Options {
  const readers: readonly (readonly [string, OptionReader<unknown>])[] = Object.entries(table)
  const members = given as Readonly<Record<string, unknown>>
  return Object.fromEntries(
    readers
      .filter(([name]) => members[name] !== undefined || required.includes(name))
      .map(([name, read]) => [name, read(members[name], `${of}: ${name}`)]),
  ) as Options
}

/** A reader that accepts the values for which `isTaken` holds. `takes` describes these values. */
export function valueOf<Value>(takes: string, isTaken: (value: unknown) => boolean): OptionReader<Value> {
  return (value, at) => {
    if (isTaken(value)) return value as Value
    throw new UserError('wrong-value', { at, value: shown(value), takes })
  }
}

export const flag = valueOf<boolean>('true or false', (value) => typeof value === 'boolean')
export const text = valueOf<string>('a string', (value) => typeof value === 'string')
export const object = valueOf<Readonly<Record<string, unknown>>>('an object', isObject)

/** A function. Its parameters are not known at run time. */
export function callback<Value>(): OptionReader<Value> {
  return valueOf<Value>('a function', (value) => typeof value === 'function')
}

/** A whole number from `least` on. */
export function wholeFrom(least: number): OptionReader<number> {
  return valueOf(
    `a whole number from ${least} on`,
    (value) => Number.isSafeInteger(value) && Number(value) >= least,
  )
}

export function oneOf<const Word extends string>(words: readonly Word[]): OptionReader<Word> {
  return valueOf(`one of ${words.join(', ')}`, (value) => (words as readonly unknown[]).includes(value))
}

/** A list, element by element. */
export function listOf<Value>(read: OptionReader<Value>): OptionReader<readonly Value[]> {
  return (value, at) => list(value, at).map((each, index) => read(each, `${at}[${index}]`))
}
const list = valueOf<readonly unknown[]>('a list', Array.isArray)

export const texts = listOf(text)

/** The words of a command: the program comes first. */
export const commandWords: OptionReader<readonly [string, ...string[]]> = (value, at) => {
  const [program, ...operands] = texts(value, at)
  if (program !== undefined) return [program, ...operands]
  throw new UserError('wrong-value', { at, value: '[]', takes: 'a list with a program' })
}

/** An object with options of its own. The members in `required` must be present. */
export function objectOf<Options extends object>(
  table: OptionTable<Options>,
  ...required: readonly (keyof Options & string)[]
): OptionReader<Options> {
  return (value, at) => readOptions(at, table, value ?? null, required)
}

/** An AbortSignal, or what looks like one. */
export function signalOf<Signal>(): OptionReader<Signal> {
  return valueOf<Signal>(
    'an AbortSignal',
    (value) => isObject(value) && typeof value['aborted'] === 'boolean',
  )
}

/** An architecture, by any spelling that the command takes. */
export const architecture: OptionReader<Architecture> = (value, at) => {
  const found = architectureOf(text(value, at))
  if (found === undefined)
    throw new UserError('no-such-architecture', { architecture: String(value), known: architectureNames })
  return found
}

/** The indexes of arguments, by call name. */
export const argumentIndexes: OptionReader<ReadonlyMap<string, readonly number[]>> = (value, at) => {
  const map = valueOf<ReadonlyMap<unknown, unknown>>('a Map', (each) => each instanceof Map)(value, at)
  const indexes = listOf(
    valueOf<number>('a whole number from 0 to 5', (each) => [0, 1, 2, 3, 4, 5].includes(each as number)),
  )
  return new Map(
    [...map].map(([call, of]) => [text(call, `${at}: a name`), indexes(of, `${at}: ${String(call)}`)]),
  )
}

export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The longest string that a message shows whole. */
const longest = 60

function shown(value: unknown): string {
  if (typeof value === 'string')
    return JSON.stringify(value.length > longest ? `${value.slice(0, longest)}…` : value)
  if (Array.isArray(value)) return 'a list'
  if (typeof value === 'function') return 'a function'
  return isObject(value) ? 'an object' : String(value)
}
