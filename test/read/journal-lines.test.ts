// The compiled reader of `journalctl -o json` keeps its promises (journal-rows.ts).
import t from 'tap'
import { faults } from './journal-rows.ts'

t.test('an entry is the same line to both readers, also if it is damaged at any place', (t) => {
  t.same(faults(), [])
  t.end()
})
