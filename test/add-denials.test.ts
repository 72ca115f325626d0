// Denials printed by `watch` are read as observations and added to a profile's text within the ceiling.
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { evaluate } from '../src/meaning/index.ts'
import { observe } from '../src/observe/index.ts'
import { parseProfile } from '../src/profile/index.ts'
import { transcript } from './commands/world.ts'

const work = mkdtempSync('/tmp/sg-add-')
t.teardown(() => rmSync(work, { recursive: true, force: true }))
const line = (
  syscall: string,
  number: number,
  answer: string,
  args: readonly string[] = [],
  count = 1,
): string =>
  JSON.stringify({
    at: '2026-11-28T20:42:57.606Z',
    last: '2026-11-28T20:42:57.606Z',
    where: 'shop/web/web',
    arch: 'x86_64',
    syscall,
    number,
    args: [...args, '0', '0', '0', '0', '0', '0'].slice(0, 6),
    answer,
    count,
    pid: 17,
    comm: 'web',
    filter: 'f728250d805e',
  })
const lines = [
  line('socket', 41, 'SCMP_ACT_ERRNO(1)', ['1'], 2),
  line('socket', 41, 'SCMP_ACT_ERRNO(1)', ['1'], 3),
  line('mkdir', 83, 'SCMP_ACT_LOG'),
  line('mount', 165, 'SCMP_ACT_ERRNO(1)'),
  line('umount2', 166, 'SCMP_ACT_LOG'),
  '{"summary":{"refused":7,"withheld":0,"lost":0,"unknown":0,"filters":[]}}',
  '',
].join('\n')
const denials = join(work, 'denials.jsonl')
writeFileSync(denials, lines)
const profile = join(work, 'app.json')
const before = `{
  "defaultAction": "SCMP_ACT_ERRNO",
  "architectures": ["SCMP_ARCH_X86_64"],
  "syscalls": [
    {
      "names": [
        "read"
      ],
      "action": "SCMP_ACT_ALLOW"
    }
  ]
}
`
writeFileSync(profile, before)

t.test('its lines are observations, and counts of lines add up', async (t) => {
  const { architectures, sources } = await observe([{ name: 'd', bytes: [Buffer.from(lines)] }])
  const calls = architectures['x86_64'] ?? {}
  t.strictSame([calls['socket']?.count, calls['socket']?.args?.['0'], calls['socket']?.eperm], [5, ['1'], 5])
  t.strictSame(
    [calls['mkdir']?.count, calls['mkdir']?.eperm],
    [1, undefined],
    'what is logged was carried out',
  )
  t.strictSame([sources[0]?.format, sources[0]?.unparsed], ['watch', 0])
})

const answerIn = (text: string, syscall: string, args: readonly bigint[] = []): string =>
  evaluate(parseProfile(text), { syscall, args }).action

t.test('--add: within the ceiling, and beyond it what was carried out', async (t) => {
  const { status, stdout, stderr } = await transcript(['generate', '--add', profile, denials], work)
  t.equal(status, 0, stderr)
  t.equal(answerIn(stdout, 'socket', [1n]), 'SCMP_ACT_ALLOW')
  t.equal(answerIn(stdout, 'socket', [40n]), 'SCMP_ACT_ERRNO', 'under the conditions of the ceiling')
  t.equal(answerIn(stdout, 'mkdir'), 'SCMP_ACT_ALLOW')
  t.equal(answerIn(stdout, 'umount2'), 'SCMP_ACT_ALLOW', 'beyond the ceiling, and carried out')
  t.equal(answerIn(stdout, 'mount'), 'SCMP_ACT_ERRNO', 'beyond the ceiling, and refused')
  t.match(stderr, /added: umount2 \(x86_64\), asked for once; beyond docker, and it was carried out/)
  t.match(stderr, /not added: mount \(x86_64\): the ceiling refuses it too/)
  t.ok(stdout.startsWith(before.slice(0, 90)), 'the layout of the rest stays')
  t.equal(readFileSync(profile, 'utf8'), before)
  const never = await transcript(['generate', '--add', profile, '--beyond', 'never', denials], work)
  t.equal(answerIn(never.stdout, 'umount2'), 'SCMP_ACT_ERRNO')
  const builtin = await transcript(['generate', '--add', 'docker', denials], work)
  t.equal(builtin.status, 2)
  t.match(builtin.stderr, /docker: a built-in profile cannot be patched/)
})

t.test('without --add, refusals alone make no profile', async (t) => {
  const alone = join(work, 'alone.jsonl')
  writeFileSync(alone, `${line('mount', 165, 'SCMP_ACT_ERRNO(1)')}\n`)
  t.match(await transcript(['generate', alone, '-o', 'alone.json'], work), {
    status: 2,
    stderr: /generate --add PROFILE/,
  })
  t.notOk(existsSync(join(work, 'alone.json')))
})
