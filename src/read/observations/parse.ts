// Parses the text of an observations file. Authority: schemas/observations.schema.json.
import { UserError } from '../../errors.ts'
import { contextLists, type ObservedContext } from './context.ts'
import { rowShapes } from './context-rows.ts'
import type { Observations } from './document.ts'
import { firstRepeated } from './repeated.ts'
import { firstWrong } from './shape.ts'

/**
 * Parses the text of an observations file. Checks the whole shape, so that the result conforms to its type. Throws a
 * UserError that names the file and the place in it if the text is not observations.
 */
export function parseObservations(name: string, text: string, above = 0): Observations {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    const words = (error as Error).message.replaceAll(/\s+/g, ' ')
    throw new UserError('observations-not-json', { file: name, words })
  }
  const fault = firstWrong(value) ?? firstRepeated(text, above)
  if (fault !== undefined) throw new UserError('broken-observations', { file: name, ...fault })
  const given = value as Partial<Observations>
  return {
    version: 1,
    ...(given.runs === undefined ? {} : { runs: given.runs }),
    architectures: given.architectures ?? {},
    unknown: given.unknown ?? {},
    ...(given.context === undefined ? {} : { context: given.context.map(wholeContext) }),
    sources: (given.sources ?? []).map((each) => only(each, sourceKeys)),
    diagnostics: (given.diagnostics ?? []).map((each) => only(each, diagnosticKeys)),
  }
}

/** Adds the lists that are left out, and drops unknown members, because nothing checked them. */
function wholeContext(given: Partial<ObservedContext> & { readonly name: string }): ObservedContext {
  const lists = contextLists.map((list) => [
    list,
    (given[list] ?? []).map((row) => only(row, [...Object.keys(rowShapes[list]), 'count', 'first'])),
  ])
  return { name: given.name, ...Object.fromEntries(lists) } as ObservedContext
}

const sourceKeys = [
  'name',
  'image',
  'count',
  'format',
  'lines',
  'calls',
  'ignored',
  'unparsed',
  'lost',
  'evidence',
]
const diagnosticKeys = ['code', 'at', 'count', 'facts']

/** Drops members that are not in `keys`, because nothing checked them. */
function only<T extends object>(value: T, keys: readonly string[]): T {
  return Object.fromEntries(Object.entries(value).filter(([key]) => keys.includes(key))) as T
}
