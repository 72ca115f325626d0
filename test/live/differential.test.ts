// The meaning of profiles against the kernel: the real runc and crun load random profiles, and a static program of raw
// instructions (raw-calls.c) makes calls in the container. Each must be answered as the meaning says. A runtime refuses
// exactly the profiles that the meaning and `validate` say it refuses.
//   SECCOMP_GEN_RUNTIMES="/tmp/a/runc /tmp/b/crun"  other versions, as scripts/unpack-runtime.ts makes them
//   SECCOMP_GEN_PROFILES=1000 SECCOMP_GEN_SEED=7    a longer hunt
import { spawnSync } from 'node:child_process'
import { copyFileSync, mkdtempSync, readdirSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t, { type Test } from 'tap'
import { runtimeWords, version, whyNotRun, writeBundle, type Runtime } from '../../scripts/bundle.ts'
import { architectures, familyOf, type Architecture } from '../../src/abi/architectures.ts'
import { syscallTable } from '../../src/abi/tables.ts'
import { profileProblems } from '../../src/check/index.ts'
import {
  answerText,
  contextOf,
  refusalsOf,
  type Answer,
  type RuntimeVersion,
} from '../../src/meaning/index.ts'
import { meaningOf } from '../../src/meaning/meaning.ts'
import { parseProfile } from '../../src/profile/index.ts'
import { seed } from '../seed.ts'
import { generator } from '../meaning/random.ts'

const profiles = Number(process.env['SECCOMP_GEN_PROFILES'] ?? 90)
const callsEach = 60
const directory = mkdtempSync(join(tmpdir(), 'differential-'))
t.teardown(() => rmSync(directory, { recursive: true, force: true }))
t.setTimeout(2 * (600_000 + profiles * 10_000))
const program = join(directory, 'raw-calls')
const source = fileURLToPath(new URL('raw-calls.c', import.meta.url))
const compiled = spawnSync('cc', ['-static', '-O1', '-o', program, source])

/** Calls without effect on others or on later calls, whatever their arguments; some are members of a family on i386. */
const pool = ['getppid', 'getuid', 'getegid', 'sched_yield', 'socket', 'shmdt', 'umask', 'getgid']
/** Names of other architectures, of libseccomp 2.5.6, and of no table. */
const foreign = [
  's390_runtime_instr',
  'spu_run',
  'breakpoint',
  'mmap2',
  'riscv_flush_icache',
  'send',
  'switch_endian',
  'mseal',
  'nosuchcall',
]
/** Calls that the runtimes and the program need besides the pool: every other call of Linux 5.0. */
const base = syscallTable('x86_64').entries.flatMap(({ name, number }) =>
  number <= 334 && !pool.includes(name) ? name : [],
)
const x32 = 0x40000000
const values = [0, 1, 2, 3, 16, 40, 0xffffffff, 0x100000001, 2 ** 40]

interface Argument {
  readonly index: number
  readonly value: number
  readonly valueTwo?: number
  readonly op: string
}

interface Query {
  readonly way: 64 | 32
  readonly number: number
  readonly args: readonly number[]
}

const seeds = generator(seed)
const pick = <T>(list: readonly T[]): T => list[Math.floor(seeds() * list.length)] as T
const some = <T>(list: readonly T[], share: number): readonly T[] => list.filter(() => seeds() < share)

function randomArgument(index: number): Argument {
  const op = pick(['EQ', 'EQ', 'EQ', 'MASKED_EQ', 'MASKED_EQ', 'NE', 'GT', 'GE', 'LT', 'LE'])
  const value = pick(values)
  return op === 'MASKED_EQ'
    ? { index, op: 'SCMP_CMP_MASKED_EQ', value: pick([1, 0xffffffff, value]), valueTwo: pick([0, 1, value]) }
    : { index, op: `SCMP_CMP_${op}`, value }
}

interface RandomProfile {
  readonly architectures: readonly string[]
  readonly [key: string]: unknown
}

/** Whether the profile is for this host; naming no architecture means the host's own. */
function isForThisHost({ architectures: named }: RandomProfile): boolean {
  return named.length === 0 || familyOf('x86_64').some((each) => named.includes(architectures[each].scmp))
}

/** A deny list, whose rules may be lost, or an allow list, which has a stub under runc. */
function randomProfile(): RandomProfile {
  const denies = seeds() < 0.6
  // Only a few answers: with more, most profiles would be refused.
  const answers = denies
    ? [
        { action: 'SCMP_ACT_ERRNO', errnoRet: 77 },
        ...(seeds() < 0.3 ? [{ action: 'SCMP_ACT_ERRNO', errnoRet: 78 }] : []),
      ]
    : [{ action: 'SCMP_ACT_ALLOW' }, ...(seeds() < 0.3 ? [{ action: 'SCMP_ACT_ERRNO', errnoRet: 78 }] : [])]
  const rules = Array.from({ length: 1 + Math.floor(seeds() * 6) }, () => {
    const indexes = some([0, 1, 2], 0.5)
    const repeated = seeds() < 0.1 ? Array.from({ length: 5 + Math.floor(seeds() * 3) }, () => 0) : []
    return {
      names: [pick(seeds() < 0.75 ? pool : foreign), ...(seeds() < 0.2 ? [pick(foreign)] : [])],
      ...pick(answers),
      ...(seeds() < 0.2 ? {} : { args: [...indexes, ...repeated].map(randomArgument) }),
    }
  })
  // The same conditions with another answer are refused, unless another rule removes them.
  const twins = seeds() < 0.3 ? [{ ...pick(rules), action: 'SCMP_ACT_ERRNO', errnoRet: 79 }] : []
  return {
    defaultAction: denies ? 'SCMP_ACT_ALLOW' : 'SCMP_ACT_ERRNO',
    ...(denies ? {} : { defaultErrnoRet: 76 }),
    architectures: some(
      [
        'X86_64',
        'X86',
        'X32',
        'AARCH64',
        'ARM',
        ...(seeds() < 0.1 ? ['S390X', 'MIPS', 'RISCV64', 'MIPSEL'] : []),
      ],
      0.6,
    ).map((each) => `SCMP_ARCH_${each}`),
    syscalls: [...(denies ? [] : [{ names: base, action: 'SCMP_ACT_ALLOW' }]), ...rules, ...twins],
  }
}

/** A call by x86_64's number, with or without bit 30, or by i386's and int 0x80; also by numbers of no table. */
function randomQuery(): Query {
  const way = seeds() < 0.25 ? 32 : 64
  const name = pick(pool)
  const listed = syscallTable(way === 32 ? 'x86' : 'x86_64').byName(name)?.number
  const number =
    seeds() < 0.15
      ? pick([424, 435, 439, 442, 450, 462, 600, 5000])
      : way === 32 && seeds() < 0.4
        ? pick([102, ipc])
        : (listed ?? 64)
  return {
    way,
    number: way === 64 && seeds() < 0.2 ? number + x32 : number,
    args: argumentsOf(way, number),
  }
}

/** i386's ipc, without the calls that create what a later call finds (2, 13, 23). */
const ipc = 117
const ipcCalls = [0, 1, 3, 16, 22, 22, 40, 0xffffffff]

function argumentsOf(way: Query['way'], number: number): readonly number[] {
  // Numbers outside the pool get arguments with which no call does anything.
  if (number >= 424) return [0xffffffff, 1, 0, 0, 0, 0]
  const [first = 0, ...rest] = Array.from({ length: 5 }, () => pick(values))
  return [way === 32 && number === ipc ? pick(ipcCalls) : first, ...rest, 0]
}

function run(binary: string, runtime: Runtime, seccomp: unknown, queries: readonly Query[]) {
  const bundle = mkdtempSync(join(directory, 'bundle-'))
  writeBundle(bundle, { args: ['/bin/raw-calls'], noNewPrivileges: true }, seccomp)
  copyFileSync(program, join(bundle, 'rootfs/bin/raw-calls'))
  const words = [
    binary,
    '--root',
    join(bundle, 'state'),
    'run',
    '--bundle',
    bundle,
    `differential-${process.pid}`,
  ]
  const [command, ...rest] = runtimeWords(runtime, words)
  const input = queries.map(({ way, number, args }) => `${[way, number, ...args].join(' ')}\n`).join('')
  const { status, stdout, stderr } = spawnSync(command, rest, { encoding: 'utf8', timeout: 120_000, input })
  rmSync(bundle, { recursive: true, force: true })
  return { status, answers: stdout.trim().split('\n').map(Number), stderr }
}

/** The version of the runtime's libseccomp: the one unpacked beside it, otherwise the system's. */
function libraryOf(binary: string): string | undefined {
  const places = [join(dirname(binary), 'root'), '/'].flatMap((root) =>
    ['lib/x86_64-linux-gnu', 'usr/lib/x86_64-linux-gnu'].map((path) => join(root, path)),
  )
  for (const place of places) {
    try {
      const found = readdirSync(place).find((file) => /^libseccomp\.so\.2$/.test(file))
      if (found !== undefined) return /2\.\d+\.\d+$/.exec(realpathSync(join(place, found)))?.[0]
    } catch {
      // This place does not exist.
    }
  }
  return undefined
}

/** The result that the child of the program sees. */
function seen(answer: Answer, unfiltered: number): number {
  switch (answer.action) {
    case 'SCMP_ACT_ALLOW':
    case 'SCMP_ACT_LOG':
      return unfiltered
    case 'SCMP_ACT_ERRNO':
      return answer.errno ?? NaN
    default:
      return -31
  }
}

const binaries = process.env['SECCOMP_GEN_RUNTIMES']?.split(/\s+/).filter((each) => each !== '') ?? [
  'runc',
  'crun',
]
for (const binary of binaries) {
  const runtime: Runtime = basename(binary) === 'crun' ? 'crun' : 'runc'
  const why =
    process.arch !== 'x64'
      ? 'the calls of this test are those of x86_64 and i386'
      : compiled.status !== 0
        ? 'there is no C compiler that links statically'
        : whyNotRun(runtime, binary)
  t.test(
    `${runtime} ${version(binary) ?? ''}`,
    { skip: why ?? false, timeout: 600_000 + profiles * 10_000 },
    (t) => {
      compare(t, binary, runtime)
      t.end()
    },
  )
}

function compare(t: Test, binary: string, runtime: Runtime): void {
  const libseccomp = libraryOf(binary)
  const word = `${runtime}@${version(binary) ?? ''}` as RuntimeVersion
  const readers = { runtime: word, ...(libseccomp === undefined ? {} : { libseccomp }) }
  const hasI386 = run(binary, runtime, undefined, [{ way: 32, number: 20, args: [] }]).answers[0] === 0
  const unexplained: unknown[] = []
  let pairs = 0
  let refused = 0
  for (let count = 0; count < profiles; count++) {
    const document = randomProfile()
    const text = JSON.stringify(document)
    const parsed = parseProfile(text)
    const meaning = meaningOf(parsed, contextOf(readers))
    const queries = Array.from({ length: callsEach }, randomQuery).filter(({ way }) => way === 64 || hasI386)
    // For a profile for other hosts only, `validate` reports what those refuse.
    const errors = isForThisHost(document)
      ? profileProblems(parsed, readers).filter(({ severity }) => severity === 'error')
      : refusalsOf(parsed, contextOf(readers))
    const isRefused = 'code' in meaning
    if (isRefused !== errors.some(({ code }) => code !== 'rules-lost'))
      unexplained.push({ text, errors, isRefused })
    // libseccomp does not return from such rules.
    if (isRefused && meaning.code === 'rules-endless') continue
    const { status, answers, stderr } = run(binary, runtime, document, queries)
    if (isRefused || status !== 0) {
      if (isRefused && status !== 0) refused++
      else unexplained.push({ text, refusal: isRefused && meaning.code, status, stderr })
      continue
    }
    const free = run(binary, runtime, undefined, queries).answers
    for (const [at, { way, number, args }] of queries.entries()) {
      pairs++
      const architecture: Architecture = way === 32 ? 'x86' : 'x86_64'
      const answer = meaning.answer(architecture, number, args.map(BigInt))
      const expected = seen(answer, free[at] ?? NaN)
      if (answers[at] === expected) continue
      unexplained.push({
        text,
        call: `${way} ${number} ${args.join(' ')}`,
        ours: answerText(answer),
        expected,
        got: answers[at],
      })
    }
  }
  t.comment(
    `seed ${seed}: ${profiles} profiles, ${refused} refused by both, ${pairs} calls, ${unexplained.length} unexplained; libseccomp ${libseccomp ?? 'unknown'}${hasI386 ? '' : ', no i386 here'}`,
  )
  t.ok(pairs > (profiles * callsEach) / 3, 'calls were made')
  t.strictSame(unexplained.slice(0, 3), [], 'nothing unexplained')
}
