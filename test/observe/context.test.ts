// The context in observations: the schema and the reader agree, parts merge in any order, and sizes are bounded.
import { Ajv2020 } from 'ajv/dist/2020.js'
import fc from 'fast-check'
import t from 'tap'
import { readFileSync } from 'node:fs'
import { UserError } from '../../src/errors.ts'
import { rowLimits } from '../../src/observe/context-fold.ts'
import { mergeObservations, printObservations, type Observations } from '../../src/observe/index.ts'
import { contextLists, type ObservedContext } from '../../src/read/observations/context.ts'
import { rowShapes } from '../../src/read/observations/context-rows.ts'
import { parseObservations } from '../../src/read/observations/parse.ts'

interface Schema {
  readonly $ref?: string
  readonly type?: string
  readonly enum?: readonly unknown[]
  readonly const?: unknown
  readonly pattern?: string
  readonly items?: Schema
  readonly required?: readonly string[]
  readonly properties?: Readonly<Record<string, Schema>>
}
const schema = JSON.parse(
  readFileSync(new URL('../../schemas/observations.schema.json', import.meta.url), 'utf8'),
) as Schema & { readonly $defs: Readonly<Record<string, Schema>> }
const validate = new Ajv2020({ strict: true, allowUnionTypes: true }).compile(schema)

/** Any value that this part of the schema allows. */
function valueOf(part: Schema): fc.Arbitrary<unknown> {
  if (part.$ref !== undefined) return valueOf(schema.$defs[part.$ref.slice('#/$defs/'.length)] as Schema)
  if (part.enum !== undefined) return fc.constantFrom(...part.enum)
  if (part.const !== undefined) return fc.constant(part.const)
  if (part.type === 'array') return fc.array(valueOf(part.items ?? {}), { maxLength: 3 })
  if (part.type === 'boolean') return fc.boolean()
  if (part.type === 'integer') return fc.integer({ min: 1, max: 70_000 })
  if (part.pattern === schema.$defs['capability']?.pattern) return fc.constantFrom('CAP_CHOWN', 'CAP_64')
  if (part.pattern === schema.$defs['mode']?.pattern) return fc.constantFrom('0755', '01777', '0000')
  if (part.pattern !== undefined) return fc.constantFrom('0', '18446744073709551615')
  if (part.type !== 'object') return fc.constantFrom('/a', '/b', 'setuid')
  const members = Object.entries(part.properties ?? {}).map(([name, each]) => [name, valueOf(each)] as const)
  return fc.record(Object.fromEntries(members), { requiredKeys: [...(part.required ?? [])] })
}

const contextOf = valueOf(schema.$defs['context'] as Schema) as fc.Arbitrary<ObservedContext>
const named = contextOf.map((context) => ({ ...context, name: context.name === '/a' ? 'web' : 'db' }))
const whole = (context: readonly Partial<ObservedContext>[]): Observations =>
  parseObservations('x.json', JSON.stringify({ version: 1, architectures: {}, context }))

t.test('what the schema allows is read, and what is printed follows it', async (t) => {
  fc.assert(
    fc.property(named, (context) => {
      const printed = printObservations(mergeObservations(whole([context])))
      const found = validate(JSON.parse(printed)) ? [] : validate.errors
      if (found?.length !== 0) throw new Error(JSON.stringify(found))
      return printObservations(mergeObservations(parseObservations('again.json', printed))) === printed
    }),
  )
  t.same(
    Object.keys(schema.$defs['context']?.properties ?? {}),
    ['name', ...contextLists],
    'every list is there, in one order',
  )
  for (const list of contextLists) {
    const { properties = {}, required = [] } = schema.$defs[`context-${list}`] as Schema
    t.same(Object.keys(properties), [...Object.keys(rowShapes[list]), 'count', 'first'], list)
    const optional = Object.entries(rowShapes[list])
      .filter(([, isOne]) => isOne(undefined))
      .map(([member]) => member)
    t.same(
      optional,
      Object.keys(properties).filter((member) => !required.includes(member)),
      `${list}: optional`,
    )
  }
})

t.test('parts merge in any order, and counts add up', async (t) => {
  fc.assert(
    fc.property(fc.array(named, { minLength: 2, maxLength: 4 }), (parts) => {
      const all = parts.map((part) => whole([part]))
      const forward = printObservations(mergeObservations(...all))
      const backward = printObservations(mergeObservations(...all.toReversed()))
      const [first, ...rest] = all as [Observations, ...Observations[]]
      return (
        forward === backward &&
        forward === printObservations(mergeObservations(mergeObservations(...rest), first))
      )
    }),
  )
  const check = (count: number, first: string) => ({ what: 'files', count, first }) as const
  const merged = mergeObservations(
    whole([{ name: 'web', blind: [check(2, 'b:1')] }]),
    whole([{ name: 'web', blind: [check(3, 'a:9')] }]),
  )
  t.same(merged.context?.[0]?.blind, [{ what: 'files', count: 5, first: 'a:9' }])
  t.equal(mergeObservations(whole([])).context, undefined, 'without evidence there is no such member')
})

t.test('a list that is too long keeps its first rows, and says how many are lost', async (t) => {
  const binds = (from: number, to: number) =>
    whole([
      {
        name: 'web',
        binds: Array.from({ length: to - from }, (_, index) => ({
          port: from + index,
          family: 'inet' as const,
          program: 'x',
          euid: 0,
          started: true,
          count: 2,
          first: 'x:1',
        })),
      },
    ])
  const [one, other] = [binds(0, rowLimits.binds), binds(rowLimits.binds, rowLimits.binds + 5)]
  const together = mergeObservations(one, other).context?.[0]
  t.equal(together?.binds.length, rowLimits.binds)
  t.same(together?.lost, [{ what: 'binds', count: 10, first: 'x:1' }])
  const printed = printObservations(mergeObservations(one, other))
  t.equal(printObservations(mergeObservations(mergeObservations(other), one)), printed)
})

t.test('what does not follow the schema is refused with its place', async (t) => {
  for (const [context, place] of [
    [{}, '"context" is not a list of objects'],
    [[{}], 'context.0: "name" is missing'],
    [[{ name: 'web', binds: {} }], 'context.0: "binds" is not a list of objects'],
    [[{ name: 'web', blind: [{ what: 'files', count: 0, first: 'x' }] }], 'context.0.blind.0: "count"'],
    [[{ name: 'web', blind: [{ what: 'files', count: 1 }] }], 'context.0.blind.0: "first" is missing'],
    [[{ name: 'web', blind: [{ what: 'all', count: 1, first: 'x' }] }], 'context.0.blind.0: "what"'],
  ] as const) {
    const text = JSON.stringify({ version: 1, architectures: {}, context })
    try {
      parseObservations('x.json', text)
      t.fail(place)
    } catch (error) {
      t.ok(error instanceof UserError && error.message.includes(place), place)
    }
  }
})
