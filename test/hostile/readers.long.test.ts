// Every input gives observations or one clear line, in time, and the same however the input is cut. Text that a traced
// program puts into a trace never becomes a call.
import { Ajv2020 } from 'ajv/dist/2020.js'
import { readFileSync } from 'node:fs'
import t, { type Test } from 'tap'
import type { Architecture } from '../../src/abi/architectures.ts'
import { UserError } from '../../src/errors.ts'
import { observe, printObservations, type Observations } from '../../src/observe/index.ts'
import { formats, type Format } from '../../src/read/formats.ts'
import { accountLine, accountTable } from '../../src/report/account.ts'
import { diagnosticLines } from '../../src/report/diagnostics.ts'
import { escapeTerminal } from '../../src/report/escape.ts'
import { corpus, latin1, mutated, mutatedJson, names, Random, runs, seed } from './mutations.ts'

const file = (path: string): string => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8')
const conforms = new Ajv2020().compile(JSON.parse(file('schemas/observations.schema.json')) as object)

/** Milliseconds. A small input that takes longer hangs: reading it takes milliseconds, even on a busy machine. */
const patience = 20_000

interface Read {
  readonly observations?: Observations
  /** All messages, as printed. */
  readonly said: string
}

async function read(
  bytes: Uint8Array,
  format: Format | 'auto' = 'auto',
  pieces = [bytes],
  architecture?: Architecture,
): Promise<Read> {
  try {
    const observations = await observe([{ name: 'x', bytes: pieces }], {
      format,
      ...(architecture === undefined ? {} : { architecture }),
    })
    const said = [accountLine(observations), ...accountTable(observations), ...diagnosticLines(observations)]
    return { observations, said: said.join('\n') }
  } catch (error) {
    if (!(error instanceof UserError)) throw error
    return { said: escapeTerminal(error.message) }
  }
}

/** The fault in how this input was read; undefined if there is none. */
async function fault(text: string, format: Format | 'auto', random: Random): Promise<string | undefined> {
  const bytes = Buffer.from(text, 'latin1')
  const start = performance.now()
  let whole: Read
  try {
    whole = await read(bytes, format)
  } catch (error) {
    return `threw ${String((error as Error).stack)}`
  }
  if (performance.now() - start > patience) return 'hangs'
  // oxlint-disable-next-line no-control-regex -- they are what is looked for
  if (/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2028]/.test(whole.said))
    return 'says control characters'
  if (whole.said.length > 2_000_000) return 'says too much'
  const at = random.below(bytes.length + 1)
  const cut = await read(bytes, format, [bytes.subarray(0, at), bytes.subarray(at)])
  if (cut.said !== whole.said) return `differs when it is cut at ${at}`
  if (whole.observations === undefined) return undefined
  const printed = printObservations(whole.observations)
  if (cut.observations === undefined || printObservations(cut.observations) !== printed)
    return `differs when it is cut at ${at}`
  if (!conforms(JSON.parse(printed))) return `does not conform: ${JSON.stringify(conforms.errors?.[0])}`
  const { calls, ignored, unparsed, lines } = whole.observations.sources[0] ?? {
    calls: 0,
    ignored: 0,
    unparsed: 0,
    lines: 0,
  }
  if ([calls, ignored, unparsed, lines].some((each) => each < 0)) return 'has less than no lines'
  const again = await read(Buffer.from(printed), 'observations')
  if (again.observations === undefined || printObservations(again.observations) !== printed)
    return `does not read back: ${again.said}`
  return undefined
}

async function tryAll(
  t: Test,
  count: number,
  make: (random: Random) => readonly [text: string, format: Format | 'auto'],
): Promise<void> {
  const broken: string[] = []
  for (let index = 0; index < count && broken.length < 3; index++) {
    const random = new Random(seed + index)
    const [text, format] = make(random)
    const found = await fault(text, format, random)
    if (found !== undefined)
      broken.push(
        `SECCOMP_GEN_SEED=${seed + index} ${format}: ${found}: ${JSON.stringify(text.slice(0, 2000))}`,
      )
  }
  t.comment(`seed ${seed}: ${count} inputs, ${broken.length} faults`)
  t.strictSame(broken, [])
  t.strictSame(Object.keys({}), [], 'nothing was added to every object')
  t.equal(({} as Record<string, unknown>)['x'], undefined)
}

const files = corpus()

t.test('recordings changed at random', { timeout: 0 }, async (t) => {
  t.comment(`${files.length} files`)
  await tryAll(t, runs, (random) => {
    const { text } = random.of(files)
    return [mutated(text, random.of(files).text, random), random.below(3) > 0 ? 'auto' : random.of(formats)]
  })
})

/** A line or document of every JSON format and of each wrapping. */
const documents: readonly unknown[] = [
  { version: 1, runs: 2, architectures: { x86_64: { read: { count: 2, first: 'a:1', runs: 1, enosys: 1, args: { '0': ['1'] } } } }, unknown: { x86: { '999': { count: 1, first: 'a:2' } } }, sources: [{ name: 'a', format: 'strace', lines: 1, calls: 1, ignored: 0, unparsed: 0, lost: 1, evidence: ['every-call'] }], diagnostics: [{ code: 'unknown-call', at: 'a:2', count: 2, facts: { call: 'x' } }] },
  { defaultAction: 'SCMP_ACT_ERRNO', defaultErrnoRet: 1, archMap: [{ architecture: 'SCMP_ARCH_X86_64', subArchitectures: ['SCMP_ARCH_X86'] }], syscalls: [{ names: ['read', 'clone'], action: 'SCMP_ACT_ALLOW', args: [{ index: 0, value: 1, valueTwo: 0, op: 'SCMP_CMP_EQ' }], comment: '', includes: { caps: ['CAP_X'], arches: ['amd64'], minKernel: '4.8' }, excludes: {} }] },
  { main: { default_action: 'trap', filter_action: 'allow', filter: [{ syscall: 'read' }, { syscall: 'write', args: [] }] } },
  { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'x' }, data: { 'a.json': '{"defaultAction":"SCMP_ACT_ERRNO","syscalls":[{"names":["read"],"action":"SCMP_ACT_ALLOW"}]}' } },
  { apiVersion: 'security-profiles-operator.x-k8s.io/v1beta1', kind: 'SeccompProfile', metadata: { name: 'x' }, spec: { defaultAction: 'SCMP_ACT_ERRNO', baseProfileName: 'b', syscalls: [{ names: ['read'], action: 'SCMP_ACT_ALLOW' }] } },
  { auditID: '1', version: 'spo/v1_alpha', timestamp: '2026-01-01T00:00:00Z', executable: '/x', pid: 1, resource: { container: 'c', pod: 'p' }, syscalls: ['read', 'write'] },
  { timestamp: 1, processId: 1, processName: 'x', eventId: '0', eventName: 'read', argsNum: 1, returnValue: 0, args: [{ name: 'fd', type: 'int', value: 0 }], container: { name: 'c' } },
  { syscall: 'SYS_READ', comm: 'x', pid: 1, code: 'x', k8s: { containerName: 'c', podName: 'p' }, mntns_id: 1 },
  { msg: 'strace.go:1] [   1:   1] x E read(0x0)', level: 'info' },
  { type: 'map', data: { '@syscalls': { '0': 1, 'x,1': 2 } } },
  { type: 'lost_events', data: { events: 1 } },
  { log: '1 read(0, "", 1) = 0\n', stream: 'stderr', time: '2026-01-01T00:00:00Z' },
  { MESSAGE: 'SECCOMP auid=1 pid=1 comm="x" exe="/x" sig=0 arch=c000003e syscall=41 compat=0 ip=0x7f code=0x7ffc0000', __CURSOR: 'c', _TRANSPORT: 'audit', _PID: '1', SYSLOG_IDENTIFIER: 'audit', _SOURCE_REALTIME_TIMESTAMP: '1700000000000000' },
] // prettier-ignore

t.test('a value of JSON that has methods of its own', async (t) => {
  const own = { toString: 1, valueOf: 1 }
  const lines = [
    { type: own, data: { events: 1 } },
    { 'evt.num': 1, 'evt.dir': '>', 'evt.type': 'openat', 'thread.tid': own, 'proc.name': 'a' },
    { syscall: 'openat', pid: own, comm: 'a' },
  ]
  for (const each of lines)
    for (const format of ['auto', 'bpftrace', 'sysdig', 'inspektor-gadget'] as const)
      t.equal(
        await fault(`${JSON.stringify(each)}\n`, format, new Random(seed)),
        undefined,
        JSON.stringify(each),
      )
})

t.test('JSON of every format with other values and names in it', { timeout: 0 }, async (t) => {
  await tryAll(t, 4 * runs, (random) => {
    const value = random.of(documents)
    const line = (): string => JSON.stringify(random.below(3) > 0 ? value : mutatedJson(value, random))
    const text = Array.from({ length: 1 + random.below(3) }, line).join('\n')
    return [
      latin1(`${text}\n${JSON.stringify(mutatedJson(value, random))}\n`),
      random.below(4) > 0 ? 'auto' : random.of(formats),
    ]
  })
})

t.test('an observations file says nothing that it does not hold, and nothing twice', async (t) => {
  const call = '{"count":1,"first":"a:1"}'
  const rest = '"sources":[],"diagnostics":[]'
  for (const [text, why] of [
    [
      `{"version":1,"architectures":{"x86_64":{"read":${call},"read":${call}}}}`,
      /line 1: "read" occurs twice/,
    ],
    [
      `{"version":1,"architectures":{"x86_64":{"read":${call}}},\n"architectures":{}}`,
      /line 2: "architectures" occurs/,
    ],
    [`{"version":1,"architectures":{"x86_64":{"read":${call},"\\u0072ead":${call}}}}`, /"read" occurs twice/],
    [
      `{"version":1,"architectures":{},"diagnostics":[{"code":"truncated","at":"x","facts":{"call":{}}}]}`,
      /"facts" of a diagnostic/,
    ],
    [
      `{"version":1,"architectures":{},"sources":[{"name":"x","format":"x","lines":1,"calls":1,"ignored":1,"unparsed":1,"evidence":1}]}`,
      /"evidence" of a source/,
    ],
    [
      `{"version":1,"architectures":{"__proto__":{"read":${call}}},${rest}}`,
      /"__proto__" is not an architecture/,
    ],
    [
      `{"version":1,"architectures":{"x86_64":{"read":{"count":18446744073709551616,"first":"a:1"}}},${rest}}`,
      /not a whole number/,
    ],
  ] as const)
    // prettier-ignore
    t.match((await read(Buffer.from(text))).said, why)
  for (const code of ['toString', '__proto__', 'of-a-later-version']) {
    const text = `{"version":1,"architectures":{"x86_64":{"read":${call}}},"diagnostics":[{"code":"${code}","at":"x:1"}]}`
    t.match((await read(Buffer.from(text))).said, `x:1: ${code}, not known here`)
  }
  const most = `{"version":1,"architectures":{"x86_64":{"read":{"count":${Number.MAX_SAFE_INTEGER},"first":"a:1"}}}}`
  const sum = await observe(['a', 'b'].map((name) => ({ name, bytes: [Buffer.from(most)] })))
  t.equal(
    sum.architectures.x86_64?.['read']?.count,
    Number.MAX_SAFE_INTEGER,
    'a sum stays a number that a file can carry',
  )
})

const seccompRecord =
  'type=SECCOMP msg=audit(1.1:1): auid=1 uid=1 gid=1 ses=1 pid=1 comm="x" exe="/x" sig=0 arch=c000003e syscall=41 compat=0 ip=0x7f code=0x7ffc0000\n'
const start = 'execve("/bin/true", ["true"], 0x7fff86b69b18 /* 7 vars */) = 0\n'

t.test('names that every object has are data in every format', async (t) => {
  for (const name of ['constructor', '__proto__', 'toString', 'valueOf'])
    for (const [text, format] of [
      [`1 12:00:00.000000001 0 bash (12) > openat \n2 12:00:00.000000002 0 bash (12) > ${name} \n`, 'sysdig'],
      [`1 12:00:00.000000001 0 ${name} (12) > openat \n`, 'sysdig'],
      [
        `${seccompRecord}${seccompRecord.replace('c000003e', name)}${seccompRecord.replace('=41', `=${name}`)}`,
        'audit',
      ],
      [
        `{"MESSAGE":"x","__CURSOR":"c","_TRANSPORT":"audit","_PID":{"toString":1,"valueOf":1}}\n${start}`,
        'auto',
      ],
      [
        `1 ${start}1 ${name}() = 0\n1 read(${name}, ${name}) = ${name}\n1 <... ${name} resumed>) = 0\n`,
        'strace',
      ],
      [`I0101 00:00:00.000000 1 strace.go:1] [   1:   1] x E ${name}(\n`, 'gvisor'],
      [`@${name}[${name}]: 1\n@[1]: 2\n`, 'bpftrace'],
      [`   0.034 ( 0.016 ms): ${name}/1 ${name}(fd: 1) = 0\n`, 'perf'],
      [
        `seccomp:\n  default_action: errno\n  syscalls:\n  - action: {toString: 1}\n    names: [read]\n  - action: allow\n    names: [${name}, write]\n`,
        'profile',
      ],
      [
        `{"main":{"default_action":"trap","filter_action":"allow","filter":[{"syscall":"("},{"syscall":"(a+)+$"},{"syscall":"${name}"}]}}`,
        'profile',
      ],
    ] as const)
      // prettier-ignore
      t.equal(await fault(text, format, new Random(1)), undefined, `${format}: ${name}`)
})

/** Calls by name, known and unknown, of all architectures together. */
function counts({ observations }: Read): Record<string, number> {
  const result: Record<string, number> = {}
  for (const part of [observations?.architectures, observations?.unknown])
    for (const calls of Object.values(part ?? {}))
      for (const [name, { count }] of Object.entries(calls)) result[name] = (result[name] ?? 0) + count
  return result
}

t.test('no call is lost behind what a hostile program does', async (t) => {
  const cut = 'read(3, "abc\nwrite(1, "cut\n'
  t.strictSame(
    counts(await read(Buffer.from(`${start}${cut}getpid() = 3\n`))),
    { execve: 1, read: 1, write: 1, getpid: 1 },
    'calls behind two that are cut',
  )
  const many = counts(await read(Buffer.from(`${start}${'read(3, "abc\n'.repeat(3000)}getpid() = 3\n`)))
  t.strictSame(many, { execve: 1, read: 3000, getpid: 1 }, 'thousands of calls that are cut')
  const numbers = Array.from({ length: 66_000 }, (_, i) =>
    seccompRecord.replace('syscall=41', `syscall=${100_000 + i}`),
  )
  const after = await read(Buffer.from(`${numbers.join('')}${seccompRecord}`))
  t.equal(counts(after)['socket'], 1, 'a call behind more numbers than are kept apart')
  t.equal(counts(after)['?'], 66_000 - 65_536, 'which are counted as one')
  const strangers = Array.from({ length: 1500 }, (_, i) => `1 nosuch${i}() = 0\n`).join('')
  const refused =
    '1 --- SIGSYS {si_signo=SIGSYS, si_code=SYS_SECCOMP, si_call_addr=0x1, si_syscall=__NR_ptrace, si_arch=AUDIT_ARCH_X86_64} ---\n'
  t.match(
    (await read(Buffer.from(`1 ${start}${strangers}${refused}`))).said,
    /ptrace was refused by a seccomp filter/,
    'what there is to say is not crowded out by names that nobody knows',
  )
})

t.test('no input costs more time than its size', { timeout: 600_000 }, async (t) => {
  const pumps = [
    ' ', '\t', '0', 'a', '_', '(', ')', '"', '\\', '\\"', '/*', '/*a', '*/', '<', '>', '<<', '3<', '3<TCP:[', '|', ',', ', ', '= ', ' = ', ' = 0', ') = ', '[', '[ ', '[pid ', '{', '{"a":',
    '- ', '-', '--- ', '+++ ', '<... ', 'a=', ' a=', ' a="', 'a: ', ': ', '1.', '1 ', '1: ', '1/1 ', '@', '@[', ']: ', 'x, ', 'strace: ', '=3D', '//', '#', 'time="', 'stderr: time="" level=a msg="', ' arch=', 'type=', 'audit(', 'kernel: ',
    'io.containers.trace-syscall=', 'PID COMM ', 'PID ', 'A_ ', 'called-seccomp-controlled-syscall ', '\x1b[', '\x1b]', 'total ', '1 total ',
  ] // prettier-ignore
  const starts = ['', '1 read(', '[pid 1] read(0, ', 'type=SECCOMP msg=audit(1.1:1): ', '1 12:00:00.000000001 0 ', '   0.034 ( 0.016 ms): ', '@[', '{"', 'seccomp:\n', 'a: ', 'I0101 00:00:00.000000 1 x.go:1] log-enricher "msg"=', 'At 00:00:00 x ', '// x\n', 'Jan  1 00:00:00 ', 'UID PID COMM SYSCALL\n'] // prettier-ignore
  const ends = ['\n', 'x\n', ') = 0\n', '!']
  const count = Math.max(400, runs / 2)
  let slowest = 0
  const slow: string[] = []
  for (let index = 0; index < count; index++) {
    const random = new Random(seed + index)
    const pump = random.below(3) > 0 ? random.of(pumps) : random.of(pumps) + random.of(pumps)
    const line = random.of(starts) + pump.repeat(Math.ceil(60_000 / pump.length)) + random.of(ends)
    const begin = performance.now()
    await read(Buffer.from(line, 'latin1'), random.below(2) > 0 ? 'auto' : random.of(formats))
    const took = performance.now() - begin
    slowest = Math.max(slowest, took)
    if (took > patience) slow.push(JSON.stringify(line.slice(0, 100)))
  }
  for (const [what, text] of [
    ['halves of execve', `1 ${start}${'1 <... execve resumed>) = 0\n'.repeat(100_000)}`],
    ['calls that are cut', `1 ${start}${'read(3, "abc\n'.repeat(100_000)}`],
    [
      'cut calls and signals',
      `1 ${start}${`${'read(3, "abc\n'.repeat(20)}--- SIGCHLD {} ---\n`.repeat(5000)}`,
    ],
    ['threads', Array.from({ length: 200_000 }, (_, i) => `${i} read(0, "", 1) = 0\n`).join('')],
    ['forks', Array.from({ length: 100_000 }, (_, i) => `1 clone(flags=SIGCHLD) = ${i}\n`).join('')],
    [
      'unfinished calls',
      Array.from({ length: 100_000 }, (_, i) => `${i} clone(flags=SIGCHLD <unfinished ...>\n`).join(''),
    ],
    ['names', Array.from({ length: 100_000 }, (_, i) => `1 n${i}() = 0\n`).join('')],
    ['values', Array.from({ length: 100_000 }, (_, i) => `1 socket(${i}, 1, 0) = 3\n`).join('')],
    [
      'a ConfigMap of many values',
      `kind: ConfigMap\napiVersion: v1\nmetadata: {name: x}\ndata:\n${Array.from({ length: 20_000 }, (_, i) => `  a${i}.json: '{}'\n`).join('')}`,
    ],
    [
      'rules of Firecracker',
      JSON.stringify(
        {
          a: {
            default_action: 'trap',
            filter_action: 'allow',
            filter: Array.from({ length: 100_000 }, (_, i) => ({ syscall: `n${i}` })),
          },
        },
        null,
        1,
      ),
    ],
  ] as const) // prettier-ignore
  {
    const begin = performance.now()
    await read(Buffer.from(text), what.startsWith('a ') || what.startsWith('rules') ? 'profile' : 'auto')
    const took = performance.now() - begin
    if (took > patience) slow.push(what)
    t.comment(`${what}: ${(text.length / 1e6).toFixed(1)} MB in ${Math.round(took)} ms`)
  }
  t.comment(`seed ${seed}: ${count} lines of 60 KB, the slowest in ${Math.round(slowest)} ms`)
  t.strictSame(slow, [])
})

/** Forged calls that no recording here has. A program can put such text into its arguments, its name and its output. */
const forgeries = [
  'kexec_load(0, 0, 0, 0) = 0', '1 kexec_load(0, 0, 0, 0) = 0', '[pid 1] kexec_load(0, 0, 0, 0) = 0', '<... kexec_load resumed>) = 0', '") = 0 kexec_load(0) = 0', 'x) = 0',
  ' <unfinished ...>', '/* ', ' */', '\\', '\\\\', '", ', '...', '{', '}', '[', ']', '(', ')', '<', '>', '=', ' = -1 ENOSYS (Function not implemented)', '+++ exited with 0 +++', '--- SIGSYS {si_syscall=__NR_kexec_load} ---',
  ' arch=c000003e syscall=246 compat=0 ip=0x1 code=0x7ffc0000', ...names,
] // prettier-ignore

/** A string's bytes as strace prints them: print_quoted_string() of util.c. */
function quoted(text: string): string {
  const special: Readonly<Record<string, string>> = { '"': '\\"', '\\': '\\\\', '\n': '\\n', '\t': '\\t', '\r': '\\r', '\v': '\\v', '\f': '\\f' }
  return [...Buffer.from(text)]
    .map((byte) => special[String.fromCharCode(byte)] ?? (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : `\\${byte.toString(8).padStart(3, '0')}`))
    .join('')
} // prettier-ignore

t.test('no text of the traced program becomes a call: what strings, names and paths hold', { timeout: 0 }, async (t) => {
  const traces = files.filter(({ name, text }) => name.endsWith('.strace') && text.includes('", ') && !/-[vk]|mixed|terminal/.test(name))
  t.comment(`${traces.length} traces`)
  let tried = 0
  const broken: string[] = []
  const whole = new Map<string, string>()
  const told = async (text: string): Promise<string> => {
    const { observations } = await read(Buffer.from(text, 'latin1'))
    return JSON.stringify([observations?.architectures, observations?.unknown])
  }
  for (let index = 0; index < runs / 2 && broken.length < 3; index++) {
    const random = new Random(seed + index)
    const { name, text: full } = random.of(traces)
    const text = full.slice(0, full.lastIndexOf('\n') + 1)
    // Changes some strings, but not the first of an execve: it names the program, which may tell the architecture.
    const changed = text.replaceAll(/("(?:[^"\\\n]|\\.)*)("(?=[,)\]}]))/g, (match, before: string, end: string, at: number) => {
      if (random.below(20) > 0 || text.slice(at - 8, at).endsWith('execve(')) return match
      tried++
      return before + quoted(random.of(forgeries)) + end
    })
    if (!whole.has(name)) whole.set(name, await told(text))
    if ((await told(changed)) !== whole.get(name)) broken.push(`SECCOMP_GEN_SEED=${seed + index} ${name}`)
  }
  t.comment(`seed ${seed}: ${tried} strings changed`)
  t.strictSame(broken, [])
}) // prettier-ignore

t.test('no text of the traced program becomes a call: its name, its path and its output', async (t) => {
  const column = `${Array.from({ length: 20 }, () => '7 getpid() = 7\n').join('')}`
  const comm = (text: string): string => text.replaceAll(/[^\x20-\x7e]/g, '?').slice(0, 15)
  const hex = (text: string): string => Buffer.from(text).toString('hex').toUpperCase()
  const broken: string[] = []
  let tried = 0
  const same = async (what: string, text: string, wanted: Record<string, number>): Promise<void> => {
    tried++
    const bytes = Buffer.from(text)
    const found = counts(await read(bytes, 'auto', [bytes], 'x86_64'))
    if (JSON.stringify(Object.entries(found).sort()) !== JSON.stringify(Object.entries(wanted).sort())) broken.push(`${what}: ${JSON.stringify(text)} gave ${JSON.stringify(found)}`)
  }
  for (const text of [...forgeries, ') > kexec_load', '(1) > kexec_load ', 'x/1 kexec_load(', 'E kexec_load(', '1/1 0 kexec_load', ']: 246', ', 246', '1.1: raw_syscalls:sys_enter: NR 246 ()', '0 kexec_load'] ) {
    if (text.length > 1000) continue
    const name = comm(text)
    if (!/^\d+ [a-z]|\n/.test(text)) await same('output in a trace with pids', `7 ${start}${column}${text}\n7 getppid() = 1\n`, { execve: 1, getpid: 20, getppid: 1 })
    if (!/["\s]/.test(text)) await same('audit comm', seccompRecord.replace('comm="x"', `comm=${/^[\x21-\x7e]+$/.test(text) ? `"${text}"` : hex(text)}`), { socket: 1 })
    await same('audit exe', seccompRecord.replace('exe="/x"', `exe=${hex(text)}`), { socket: 1 })
    if (name.trim() === '') continue
    await same('sysdig', `1 12:00:00.000000001 0 bash (12) > openat \n2 12:00:00.000000002 0 ${name} (12) > getpid \n`, { openat: 1, getpid: 1 })
    await same('gvisor', `I0101 00:00:00.000000 1 strace.go:1] [   1:   1] ${name} E getpid()\n`, { getpid: 1 })
    await same('tracee', `TIME             UID    COMM             PID     TID     RET              EVENT                     ARGS\n00:00:00:000000  0      ${name.padEnd(16)} 1       1       0                getpid                    \n`, { getpid: 1 })
    await same('perf script', `${name.padStart(16)} 1 [000]     1.100000: raw_syscalls:sys_enter: NR 39 (0, 0, 0, 0, 0, 0)\n`, { getpid: 1 })
    await same('perf trace', `     0.034 ( 0.016 ms): ${name}/1 getpid() = 1\n`, { getpid: 1 })
    await same('bpftrace', `Attaching 1 probe...\n@syscalls[sh, 110]: 1\n@syscalls[${name}, 39]: 2\n`, { getpid: 2, getppid: 1 })
  }
  t.comment(`${tried} texts`)
  t.strictSame(broken.slice(0, 5), [])
}) // prettier-ignore
