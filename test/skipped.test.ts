// The line at the end of `npm test` about tests that did not run.
import t from 'tap'
import { skippedLine } from '../scripts/run-tests.mjs'

const output = `TAP version 14
# Subtest: test/live/a.test.ts
    ok 1 - traces # SKIP strace is not installed
    ok 2 - traces a container # SKIP runc is not installed # time=0.1ms
    ok 3 - prints "# SKIP nothing" in quotes
    not ok 4 - later # TODO
    # skipped: the registry does not give node@20 within a minute
ok 1 - test/live/a.test.ts # time=12ms
ok 2 - test/live/b.test.ts # SKIP strace is not installed
ok 3 - test/live/c.test.ts # SKIP
1..3
`

t.equal(
  skippedLine(output),
  'skipped: 5 (2: strace is not installed; 1: runc is not installed; 1: the registry does not give node@20 within a minute; 1: no reason given)',
)
t.equal(skippedLine('TAP version 14\nok 1 - a\n1..1\n'), 'skipped: nothing')
