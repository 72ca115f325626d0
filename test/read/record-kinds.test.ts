// The compiled reader of audit logs keeps its promises (record-rows.ts), also on changed records and after many others.
import fc from 'fast-check'
import t from 'tap'
import { asCsv, asText, differ, faults, fields, learnOthers, taken, transports } from './record-rows.ts'

t.test('every line is taken or left as promised, and means the same to both readers', (t) => {
  t.same(faults(), [])
  t.end()
})

t.test('a prefix that others have displaced is learnt again', (t) => {
  const line = transports['dmesg']?.(100, fields(7, 1)) ?? ''
  const learn = (): boolean => differ(Buffer.from(`${line}\n`))
  t.notOk(learn())
  t.equal(taken([line]), 1)
  learnOthers('second-')
  t.equal(taken([line]), 0)
  t.notOk(learn())
  t.equal(taken([line]), 1)
  t.end()
})

t.test('characters put in, left out or changed make no difference', (t) => {
  const all = [...Object.values(transports).map((line) => line(123, fields(7, 1))), asText('read using /a'), asCsv('read')] // prettier-ignore
  const change = fc.tuple(fc.nat(), fc.constantFrom('', '0', '77777', ' ', '[', ']', '(', ':', ';', 'a', '\x1b', '\r', '='), fc.boolean()) // prettier-ignore
  const line = fc.tuple(fc.constantFrom(...all), fc.array(change, { maxLength: 2 })).map(([text, changes]) =>
    changes.reduce((each, [where, put, isOver]) => {
      const at = where % each.length
      return each.slice(0, at) + put + each.slice(isOver ? at + 1 : at)
    }, text),
  )
  const numRuns = 1500
  fc.assert(
    fc.property(
      fc.array(line, { maxLength: 30 }),
      (lines) => !differ(Buffer.from(`${[...all, ...lines, ...lines].join('\n')}\n`, 'latin1')),
    ),
    { numRuns },
  )
  t.pass(`${numRuns} logs`)
  t.end()
})
