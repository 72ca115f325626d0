// The admission policy under the API server's own evaluation: `--as admission` gives the policy, and pods get the answers
// that cluster.test.ts expects of it. SECCOMP_GEN_ADMISSION=PROGRAM names what scripts/build-admission.ts builds.
import { execa } from 'execa'
import t from 'tap'
import { parseAllDocuments } from 'yaml'
import { transcript } from '../commands/world.ts'
import { skipFile } from '../live/skip.ts'
import { podCases } from './admission-pods.ts'

const program = process.env['SECCOMP_GEN_ADMISSION']
skipFile(program === undefined ? 'SECCOMP_GEN_ADMISSION names no program' : undefined)

t.test('pods get the same answers', async (t) => {
  const trace = 'execve("/a", ["a"], 0x7 /* 1 vars */) = 0\nclose(3) = 0\nexit_group(0) = ?\n'
  const printed = await transcript(
    ['generate', '--as', 'admission', '--name', 'web', '-'],
    t.testdir(),
    trace,
  )
  t.equal(printed.status, 0, printed.stderr)
  const [policy] = parseAllDocuments(printed.stdout).map((each): unknown => each.toJS())
  const input = JSON.stringify({ policy, pods: podCases.map(([, pod]) => pod) })
  const { stdout } = await execa(program ?? '', { input })
  const answers = JSON.parse(stdout) as readonly string[]
  for (const [index, [what, , expected]] of podCases.entries()) {
    const answer = answers[index] ?? 'none'
    t.equal(answer === 'admitted' ? true : answer.startsWith('denied: ') ? false : answer, expected, what)
  }
})
