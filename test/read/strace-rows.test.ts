// The rows of strace's grammar keep what they promise.
import t from 'tap'
import { bodies, faults, pieces, prefixes } from './strace-rows.ts'

t.test('every example is read as what it is, by both readers alike', (t) => {
  t.same(faults(), [])
  t.comment(`${pieces.length} examples, ${prefixes.length} prefixes, ${bodies.length} lines`)
  t.end()
})
