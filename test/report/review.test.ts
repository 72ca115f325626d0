// The order of a review: the verdict, then the widenings, the most severe first. On a terminal: wrapped, in colour.
import t from 'tap'
import { argumentText } from '../../src/abi/constant-names.ts'
import { constantValue } from '../../src/abi/constants.ts'
import { compared } from '../../src/commands/compared.ts'
import { parseProfile } from '../../src/profile/parse.ts'
import type { Compared } from '../../src/report/changes.ts'
import { printReport } from '../../src/report/formats.ts'
import { headline, reviewItems } from '../../src/report/review.ts'
import { noticesOf, type Reviewed } from '../../src/report/reviewed.ts'
import { screenFor, wrapped } from '../../src/report/screen.ts'

const x86 = ['SCMP_ARCH_X86_64', 'SCMP_ARCH_X86', 'SCMP_ARCH_X32']
const rule = (names: readonly string[], more: object = {}) => ({ names, action: 'SCMP_ACT_ALLOW', ...more })
const profile = (name: string, syscalls: readonly object[], more: object = {}) => ({
  name,
  profile: parseProfile(
    JSON.stringify({ defaultAction: 'SCMP_ACT_ERRNO', architectures: x86, syscalls, ...more }),
    { name },
  ),
})
const between = (
  before: readonly object[],
  after: readonly object[],
  failOn: 'wider' | 'any' | 'never' = 'wider',
): Compared => compared(profile('a.json', before), profile('b.json', after), { failOn }, true)

/** Allows clone without the flag for user namespaces; no other flag is checked. */
const noUserNamespaces = {
  args: [{ index: 0, value: 0x10000000, valueTwo: 0, op: 'SCMP_CMP_MASKED_EQ' }],
}

t.test('the verdict is one line', async (t) => {
  const few = [rule(['read'])]
  const rows: readonly (readonly [string, Compared])[] = [
    ['passes: identical: the same rules', between(few, few)],
    [
      'passes: equivalent: the text differs, and every call is answered the same',
      between([rule(['read', 'write'])], [rule(['write', 'read'])]),
    ],
    [
      'FAILS: wider. 3 calls opened; 1 high risk (bpf), 1 medium risk (ptrace)',
      between(few, [rule(['read', 'bpf', 'ptrace', 'getpid'])]),
    ],
    [
      'FAILS: wider. 1 value opened; 1 high risk (clone(CLONE_NEWUSER))',
      between([rule(['clone'], noUserNamespaces)], [rule(['clone'])]),
    ],
    [
      'passes: narrower. 1 call closed; nothing new is allowed',
      between([rule(['read', 'write'])], [rule(['read'])]),
    ],
    [
      'passes: mixed. 1 narrower, 1 answered otherwise, none wider',
      between([rule(['read', 'write'])], [{ names: ['read'], action: 'SCMP_ACT_LOG' }]),
    ],
    [
      'FAILS: mixed. 1 call opened; 1 high risk (mount); 1 narrower',
      between([rule(['read', 'write'])], [rule(['read', 'mount'])]),
    ],
    ['wider. 1 call opened; 1 high risk (mount)', between(few, [rule(['read', 'mount'])], 'never')],
  ]
  for (const [line, result] of rows) t.equal(headline(result), line)
})

t.test(
  'what is opened stands first, the gravest risk first; 32-bit ABIs that change alike share a line',
  async (t) => {
    const result = between(
      [rule(['read', 'write'])],
      [
        rule(['getpid', 'setns', 'unshare', 'ptrace', 'bpf', 'mbind']),
        { names: ['read'], action: 'SCMP_ACT_LOG' },
      ],
    )
    const items = reviewItems(result.changes)
    t.strictSame(
      items.map(({ direction, risk, calls }) => [direction, risk?.severity ?? '-', calls.join(' ')]),
      [
        ['wider', 'high', 'unshare'],
        ['wider', 'high', 'bpf'],
        ['wider', 'medium', 'ptrace'],
        ['wider', 'medium', 'setns'],
        ['wider', 'low', 'mbind'],
        ['wider', '-', 'getpid'],
        ['narrower', '-', 'write'],
        ['sideways', '-', 'read'],
      ],
    )
    t.strictSame(items[0]?.architectures, ['x86_64', 'x86', 'x32'])
  },
)

t.test('values have the names of the headers, and names their values', async (t) => {
  const rows: readonly (readonly [Parameters<typeof argumentText>[0], string, number, bigint, string])[] = [
    ['x86_64', 'clone', 0, 0x10000011n, 'CLONE_NEWUSER|SIGCHLD'],
    ['s390x', 'clone', 1, 0x10000011n, 'CLONE_NEWUSER|SIGCHLD'],
    ['s390x', 'clone', 0, 0x10000011n, '0x10000011'],
    ['x86_64', 'unshare', 0, 0x80n, 'CLONE_NEWTIME'],
    ['x86_64', 'setns', 1, 0x40000000n, 'CLONE_NEWNET'],
    ['x86_64', 'socket', 0, 38n, 'AF_ALG'],
    ['x86_64', 'socket', 0, 1n, 'AF_UNIX'],
    ['x86_64', 'socket', 0, 16n, 'AF_NETLINK'],
    ['x86_64', 'socket', 0, 999n, '0x3e7'],
    ['x86_64', 'socket', 1, 0x80003n, 'SOCK_CLOEXEC|SOCK_RAW'],
    ['x86_64', 'personality', 0, 0x40000n, 'ADDR_NO_RANDOMIZE'],
    ['x86_64', 'ioctl', 1, 0x5412n, 'TIOCSTI'],
    ['ppc64le', 'ioctl', 1, 0x5412n, '0x5412'],
    ['x86_64', 'read', 0, 38n, '0x26'],
    ['x86_64', 'clone', 0, 0n, '0'],
    ['x86_64', 'clone', 0, 1n << 40n, '0x10000000000'],
  ]
  for (const [architecture, call, index, value, text] of rows)
    t.equal(argumentText(architecture, call, index, value), text, `${call} ${value} on ${architecture}`)
  for (const [, , , value, text] of rows)
    if (/^[A-Z]/.test(text))
      t.equal(
        text.split('|').reduce((all, name) => all | (constantValue(name) ?? -1n), 0n),
        value,
        `${text} is read back`,
      )
})

t.test('a terminal has colours and a width, and nothing else has', async (t) => {
  const terminal = { isTerminal: true, columns: 60 }
  const file = { isTerminal: false }
  const rows: readonly (readonly [typeof terminal | typeof file, Record<string, string>, boolean])[] = [
    [terminal, { TERM: 'xterm' }, true],
    [terminal, { TERM: 'dumb' }, false],
    [terminal, {}, false],
    [terminal, { TERM: 'xterm', NO_COLOR: '1' }, false],
    [terminal, { TERM: 'xterm', NO_COLOR: '' }, true],
    [file, { TERM: 'xterm' }, false],
    [file, { FORCE_COLOR: '1' }, true],
    [file, { FORCE_COLOR: '0' }, false],
    [file, { FORCE_COLOR: '1', NO_COLOR: '1' }, false],
  ]
  for (const [output, env, colour] of rows)
    t.equal(screenFor(output, env).colour, colour, JSON.stringify(env))
  const result = between([rule(['read', 'write', 'openat', 'close', 'futex', 'mmap'])], [rule(['bpf'])])
  const tool = {}
  const screen = screenFor(terminal, { TERM: 'xterm' })
  const text = printReport('changes', result, 'text', { screen, tool })
  // eslint-disable-next-line no-control-regex
  const plain = text.replaceAll(/\u001b\[\d+m/g, '')
  t.not(text, plain)
  for (const line of plain.split('\n')) t.ok(line.length <= 60, line)
  t.same(
    plain.split(/\s+/).join(' '),
    printReport('changes', result, 'text').split(/\s+/).join(' '),
    'the same words without it',
  )
  t.strictSame(
    wrapped(`  ${'x'.repeat(70)} y`, '    ', screen),
    [`  ${'x'.repeat(70)}`, '    y'],
    'a long word',
  )
})

t.test('GitHub: one annotation a file and direction, at most ten, the riskiest first', async (t) => {
  const opened = [['getpid'], ['ptrace'], ['mount'], ['bpf'], ['futex'], ['brk']]
  const reviewed: Reviewed = {
    outcome: 'fails',
    profiles: [
      ...opened.map((names, index) => ({
        file: `p/${index}.json`,
        compared: between(
          [rule(['read', 'write']), { names: ['mmap'], action: 'SCMP_ACT_LOG' }],
          [rule(['read', 'mmap', ...names])],
        ),
      })),
      { file: 'p/broken.json', problem: 'p/broken.json:1:1: no JSON' },
    ],
  }
  t.equal(noticesOf(reviewed.profiles).length, 19)
  const lines = printReport('review', reviewed, 'github').trimEnd().split('\n')
  t.equal(lines.length, 10)
  t.match(lines[0], /^::error file=p\/broken\.json,line=1,title=not compared::/)
  for (const [index, call] of ['mount', 'bpf', 'ptrace'].entries())
    t.match(
      lines[1 + index],
      new RegExp(`^::error file=p/\\d\\.json,line=1,title=1 call opened%2C \\w+ risk::${call} on`),
    )
  t.match(lines[9], /^::notice title=seccomp profiles::10 more: the summary of the job lists all$/)
  const one = printReport('review', { ...reviewed, profiles: reviewed.profiles.slice(0, 1) }, 'github')
  t.match(one, /^::error .*\n::notice file=.*,title=1 call closed::.*\n::warning .*answered otherwise::.*\n$/)
})

t.test('GitLab and SARIF: what their viewers need', async (t) => {
  const result = between([rule(['read'])], [rule(['read', 'bpf', 'getpid'])])
  const reviewed: Reviewed = { outcome: 'fails', profiles: [{ file: 'p/a b.json', compared: result }] }
  const issues = JSON.parse(printReport('review', reviewed, 'gitlab')) as readonly Record<string, unknown>[]
  t.match(issues, [
    {
      check_name: 'call-allowed',
      severity: 'critical',
      location: { path: 'p/a b.json', lines: { begin: 1 } },
    },
    { severity: 'major' },
  ])
  t.equal(new Set(issues.map((each) => each['fingerprint'])).size, issues.length)
  const tool = { version: '1.2.3', homepage: 'https://example.org/x' }
  const sarif = JSON.parse(printReport('review', reviewed, 'sarif', { screen: { colour: false }, tool })) as {
    runs: [{ tool: { driver: Record<string, unknown> }; results: readonly Record<string, unknown>[] }]
  }
  t.match(sarif.runs[0].tool.driver, {
    version: '1.2.3',
    rules: [
      {
        id: 'call-allowed',
        shortDescription: { text: String },
        fullDescription: { text: String },
        helpUri: 'https://example.org/x/blob/main/docs/messages.md#call-allowed',
        properties: { 'security-severity': '8.0' },
      },
    ],
  })
  for (const each of sarif.runs[0].results)
    t.match(each['partialFingerprints'], { 'seccompGen/v1': /^[\da-f]{12}$/ })
})

t.test('Markdown folds what is long', async (t) => {
  const many = ['open', 'stat', 'poll', 'lseek', 'mmap', 'brk', 'ioctl', 'pipe', 'dup', 'pause', 'alarm', 'getpid', 'kill', 'uname', 'fcntl', 'flock', 'fsync', 'chdir', 'mkdir', 'rmdir', 'link', 'chmod'] // prettier-ignore
  const folded = printReport('changes', between([rule(['read', ...many])], [rule(['read'])]), 'markdown')
  t.match(folded, /^\*\*passes: narrower\. 22 calls closed/)
  t.match(folded, /<details><summary>22 calls narrower or answered otherwise<\/summary>\n\n\| Direction/)
  t.notMatch(
    printReport('changes', between([rule(['read', 'open'])], [rule(['read'])]), 'markdown'),
    /<details>/,
  )
})
