// The promises of the rows notice every small fault in the grammar of strace's lines, in either reader.
import t from 'tap'
import { mutants, survivors } from '../../scripts/mutants.ts'

// Some mutants must be compiled first.
t.setTimeout(600_000)

t.test('no mutant of the grammar lives', async (t) => {
  t.ok(mutants.length >= 25, `${mutants.length} mutants`)
  t.same(await survivors(), [])
})
