// Errors are data: a code, facts and a status. One table has their sentences (docs/messages.md: messages.test.ts).
import { readdirSync, readFileSync } from 'node:fs'
import t from 'tap'
import { errorTable } from '../src/errors/table.ts'
import { evaluate, parseProfile, printPolicyAs, UserError, type ErrorCode } from '../src/index.ts'
import { small } from './print/policies.ts'

t.test('what a user of the library switches on', (t) => {
  const profile = parseProfile('{"defaultAction":"SCMP_ACT_ERRNO"}')
  const rows: readonly (readonly [work: () => unknown, code: ErrorCode, facts: object, message: string])[] = [
    [
      () => parseProfile('{\n"a" 1}', { name: 'app.json' }),
      'invalid-json',
      { file: 'app.json', line: 2, column: 5, fault: 'colon-expected' },
      'app.json:2:5: is not valid JSON: a colon is expected here',
    ],
    [
      () => parseProfile(' ', { name: 'app.json' }),
      'not-a-profile',
      { file: 'app.json', line: 1, column: 1, because: 'empty' },
      'app.json:1:1: is empty: a profile is a JSON object',
    ],
    [
      () => evaluate(profile, { syscall: 'nosuchcall' }),
      'no-such-call',
      { architectures: ['x86_64'], call: 'nosuchcall' },
      'x86_64 has no call nosuchcall: see `seccomp-gen syscalls`',
    ],
    [
      () => evaluate(profile, { syscall: 'read', args: [2n ** 64n] }),
      'beyond-64-bit',
      { value: '18446744073709551616' },
      '18446744073709551616 does not fit in 64 bits',
    ],
    [
      () => printPolicyAs(small, 'spo', { name: 'App' }),
      'not-an-object-name',
      { name: 'App' },
      'App cannot name a Kubernetes object: use lower-case letters, digits, "-" and "." and begin and end with a letter or digit',
    ],
  ]
  for (const [work, code, facts, message] of rows)
    t.throws(work, { name: 'UserError', code, facts, message, status: 2 })
  t.end()
})

t.test('a code narrows the facts', (t) => {
  const error: UserError = new UserError('no-such-capability', { name: 'CAP_NONE' }, 125)
  t.equal(error.status, 125, 'a status that is not the usual one')
  t.notOk(error.is('no-such-call'))
  if (error.is('no-such-capability')) t.equal(error.facts.name, 'CAP_NONE')
  else t.fail('is() says that it is another')
  t.end()
})

t.test('every code of the table is used', (t) => {
  const src = new URL('../src/', import.meta.url)
  const texts = readdirSync(src, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts') && !path.startsWith('errors'))
    .map((path) => readFileSync(new URL(path, src), 'utf8'))
  t.same(
    Object.keys(errorTable).filter((code) => !texts.some((text) => text.includes(`'${code}'`))),
    [],
  )
  t.end()
})
