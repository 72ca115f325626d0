// The promises of the readers notice every small fault in the grammar of strace's lines and in compiled code.
import t from 'tap'
import { mutants, survivors } from '../../scripts/mutants.ts'

// Some mutants must be compiled first.
t.setTimeout(900_000)

t.test('no mutant of a reader lives', async (t) => {
  t.ok(mutants.length >= 100, `${mutants.length} mutants`)
  t.same(await survivors(), [])
})
