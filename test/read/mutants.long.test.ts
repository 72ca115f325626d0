// A small fault in the grammar of strace's lines, in either reader, is noticed by what its rows promise.
import t from 'tap'
import { mutants, survivors } from '../../scripts/mutants.ts'

// Some of the mutants are compiled first.
t.setTimeout(600_000)

t.test('no mutant of the grammar lives', async (t) => {
  t.ok(mutants.length >= 25, `${mutants.length} mutants`)
  t.same(await survivors(), [])
})
