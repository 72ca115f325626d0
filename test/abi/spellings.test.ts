// Compares the names that loggers print with the collected map of names, recorded traces, and this machine's strace.
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { corpus } from '../corpus/corpus.ts'
import t, { type Test } from 'tap'
import { architectureNames, type Architecture } from '../../src/abi/architectures.ts'
import { constantNames, constantValue, namedConstants } from '../../src/abi/constants.ts'
import { scalarOf, scalars, scalarsReadAlways } from '../../src/abi/scalars.ts'
import {
  existsOnlyOn,
  otherSpellings,
  printedNames,
  resolvePrinted,
  type Logger,
  type Spelling,
} from '../../src/abi/spellings.ts'
import { isKnownAnywhere, syscallTable } from '../../src/abi/tables.ts'

const shared = corpus()
const here = fileURLToPath(new URL('.', import.meta.url))

type Row = readonly [Architecture, string, readonly string[] | undefined, number?]

const printed: Readonly<Record<Logger, readonly Row[]>> = {
  strace: [
    ['x86_64', 'openat', ['openat']],
    ['x86_64', 'umount', ['umount2']],
    ['x86_64', 'pread', ['pread64']],
    ['x86_64', '_exit', ['exit']],
    ['x86_64', 'mmap2', undefined],
    ['x86_64', 'syscall_317', ['seccomp'], 317],
    ['x86_64', 'syscall_0x150', ['uprobe'], 336],
    ['x86_64', 'syscall_0x1f4', [], 500],
    ['x86_64', 'syscall_0xffffffff', [], 0xffffffff],
    ['x86_64', 'syscall_0xffffffffffffffff', []],
    ['x86_64', 'syscall_0x', undefined],
    ['x86_64', 'openat#64', undefined],
    ['x86_64', '__proto__', undefined],
    ['x86_64', '????', undefined],
    ['x86', 'umount', ['umount', 'umount2']],
    ['x86', 'oldumount', ['umount']],
    ['x86', 'getrlimit', ['getrlimit', 'ugetrlimit']],
    ['x86', 'select', ['select', '_newselect']],
    ['x86', 'old_mmap', ['mmap']],
    ['x86', 'socket', ['socket', 'socketcall']],
    ['x86', 'send', ['socketcall']],
    ['x86', 'semget', ['semget', 'ipc']],
    ['x86', 'semtimedop', ['ipc']],
    ['x86', 'ipc_subcall', ['ipc']],
    ['x86', 'SYS_317', ['move_pages'], 317],
    ['x32', 'readv', ['readv']],
    ['x32', 'readv#64', ['readv'], 0x40000013],
    ['x32', '64:readv', ['readv'], 0x40000013],
    ['x32', 'uselib#64', [], 0x40000086],
    ['x32', 'opne#64', undefined],
    ['x32', 'syscall_0x40000208', ['execve'], 0x40000208],
    ['arm', 'fadvise64_64', ['arm_fadvise64_64']],
    ['arm', 'sync_file_range2', ['arm_sync_file_range']],
    ['arm', 'select', ['_newselect']],
    ['arm', 'newfstatat', ['fstatat64']],
    ['arm', 'mmap', undefined],
    ['arm', 'socketcall', undefined],
    ['arm', 'memfd_secret', [], 447],
    ['arm', 'syscall_0xf0005', ['set_tls'], 0xf0005],
    ['aarch64', 'open', undefined],
    ['aarch64', 'newfstatat', ['newfstatat']],
  ],
  audit: [
    ['x86_64', 'pwrite', ['pwrite64']],
    ['x86', 'select', ['select']],
    ['x86', 'socket', ['socket']],
    ['x86', 'sys_kexec_load', ['kexec_load']],
    ['aarch64', 'getdents', ['getdents64']],
    ['aarch64', 'newfstat', ['fstat']],
    ['arm', 'sync_file_range', ['arm_sync_file_range']],
    ['arm', 'llseek', ['_llseek']],
  ],
  perf: [
    ['x86_64', 'newstat', ['stat']],
    ['x86_64', 'umount', ['umount2']],
    ['x86_64', 'sendfile64', ['sendfile']],
    ['aarch64', 'newuname', ['uname']],
    ['aarch64', 'newstat', undefined],
  ],
  qemu: [
    ['s390x', 'semctl', ['semctl', 'ipc']],
    ['s390x', 'socket', ['socket']],
    ['arm', 'sync_file_range2', ['arm_sync_file_range']],
    ['x86', 'umount', ['umount']],
  ],
}

t.test('what a logger prints is libseccomp’s names', async (t) => {
  for (const logger of ['strace', 'audit', 'perf'] as const) {
    for (const [architecture, name, names, number] of printed[logger]) {
      const spelling = resolvePrinted(architecture, name, logger)
      t.same(spelling?.names, names, `${logger} ${architecture} ${name}`)
      t.equal(spelling?.number, number)
      if (spelling?.names[0] !== name) t.equal(spelling === undefined, spelling?.because === undefined)
    }
  }
})

t.test('every call prints as itself, and only calls of the architecture come out', async (t) => {
  for (const logger of ['strace', 'audit', 'perf'] as const) {
    for (const architecture of architectureNames) {
      const table = syscallTable(architecture)
      const lost = table.entries.filter(
        ({ name }) => !resolvePrinted(architecture, name, logger)?.names.includes(name),
      )
      t.same(lost, [], `${logger} ${architecture}`)
      const strange = printedNames()
        .flatMap((name) => resolvePrinted(architecture, name, logger)?.names ?? [])
        .filter((name) => table.byName(name) === undefined)
      t.same(strange, [], `${logger} ${architecture}`)
    }
  }
})

t.test('a number is its call, in either form', async (t) => {
  for (const architecture of architectureNames) {
    for (const { name, number } of syscallTable(architecture).entries) {
      const forms = [`syscall_${number}`, `syscall_0x${number.toString(16)}`, `SYS_${number}`]
      const resolved = forms.map((form) => resolvePrinted(architecture, form))
      if (!resolved.every((each) => each?.names[0] === name && each.number === number))
        t.fail(`${architecture} ${name}`)
    }
  }
  t.pass()
})

t.test('names tell architectures apart', async (t) => {
  const rows: Readonly<Record<string, readonly Architecture[]>> = {
    mmap2: ['x86', 'arm'],
    arch_prctl: ['x86_64', 'x86', 'x32'],
    set_tls: ['arm'],
    socketcall: ['x86', 'ppc64le', 's390x'],
    riscv_hwprobe: ['riscv64'],
    s390_runtime_instr: ['s390x'],
    setup: ['s390x'],
    swapcontext: ['ppc64le'],
    open: ['x86_64', 'x86', 'x32', 'arm', 'ppc64le', 's390x'],
    openat: architectureNames,
    old_mmap: ['x86'],
    opne: [],
    constructor: [],
  }
  for (const [name, architectures] of Object.entries(rows)) t.same(existsOnlyOn(name), architectures, name)
  t.ok(printedNames().every((name) => /^[a-z_][a-z0-9_]*$/.test(name) && existsOnlyOn(name).length > 0))
  t.same(printedNames(), [...new Set(printedNames())].sort())
})

t.test('other spellings of a call', async (t) => {
  t.same(otherSpellings('x86', 'umount2'), ['umount'])
  t.same(otherSpellings('x86_64', 'pread64'), ['pread'])
  t.same(otherSpellings('aarch64', 'openat'), [])
})

const nameMap = join(shared, 'facts/name-map.json')
t.test('every row of the collected map of names', { skip: without(nameMap) }, async (t) => {
  const map = JSON.parse(readFileSync(nameMap, 'utf8')) as Record<string, unknown>
  const rooms: Readonly<Record<string, readonly Architecture[]>> = {
    all_abis_old_strace: architectureNames,
    x86_64: ['x86_64'],
    i386: ['x86'],
    x32: ['x32'],
    arm: ['arm'],
  }
  // The table above covers numbers and suffixes. Swapped names are not resolved; spellings.ts says why.
  const pattern = /<|->|^OABI|^umount pread/
  for (const [room, architectures] of Object.entries(rooms)) {
    for (const [key, row] of Object.entries(
      map[room] as Record<string, { readonly to?: readonly string[] }>,
    )) {
      if (pattern.test(key)) continue
      for (const name of key.split(' ')) {
        for (const architecture of architectures) {
          const names = resolvePrinted(architecture, name)?.names
          for (const to of row.to ?? [])
            t.ok(names?.includes(to.replace('+', '')), `${architecture} ${name} ${to}`)
        }
      }
    }
  }
  const arm = map['arm'] as Record<string, readonly string[]>
  for (const name of arm['OABI-only (PNR in libseccomp arm)'] ?? []) {
    const because = resolvePrinted('arm', name)?.because
    t.ok(because === undefined || /EABI/.test(because), `arm ${name}`)
  }
  const perf = map['perf_trace/tracepoints(syscalls:sys_enter_X) x86_64'] as Record<string, string>
  for (const [name, to] of Object.entries(perf)) t.same(resolvePrinted('x86_64', name, 'perf')?.names, [to])
  const audit = map['libaudit/ausearch -i'] as Record<string, Record<string, string>>
  for (const [room, row] of Object.entries(audit)) {
    const architecture = room === 'i386' ? 'x86' : (room as Architecture)
    for (const [name, to] of Object.entries(row))
      t.same(resolvePrinted(architecture, name, 'audit')?.names, [to], name)
  }
})

const traces = join(shared, 'traces')
t.test('every name that real traces hold is the name of a call', { skip: without(traces) }, async (t) => {
  const names = new Set<string>()
  for (const path of readdirSync(traces, { recursive: true, encoding: 'utf8' })) {
    if (!path.endsWith('.truth.json')) continue
    const truth = JSON.parse(readFileSync(join(traces, path), 'utf8')) as Record<string, unknown>
    for (const each of architectureNames) for (const name of Object.keys(truth[each] ?? {})) names.add(name)
    if (path.startsWith('collected/strace'))
      for (const name of (truth['syscalls'] ?? []) as string[]) names.add(name)
  }
  t.ok(names.size > 250, `${names.size} names`)
  const numeric = /^(?:nr_|syscall_|SYS_)/
  t.same([...names].filter((name) => !numeric.test(name) && existsOnlyOn(name).length === 0).sort(), [])
})

t.test('the strace of this machine prints what the tables say, for every number', async (t) => {
  const programs: readonly (readonly [Architecture, readonly string[], number])[] = [
    ['x86_64', ['-DBASE=0'], 448],
    ['x86', ['-DBASE=0', '-m32', '-fno-pie'], 420],
    ['x32', ['-DBASE=0x40000000'], 448],
  ]
  for (const [architecture, flags, least] of programs) {
    const lines = underStrace(t, 'every-call.c', flags, ['-n'])
    if (lines === undefined) continue
    let seen = 0
    for (const line of lines) {
      const [, text, name = ''] = /^\[ *(\d+)\] ([^ (]+)\(/.exec(line) ?? []
      // The execve that starts the program is strace's own and has x86_64's number.
      if (text === undefined || (text === '59' && name === 'execve')) continue
      seen++
      const number = Number(text)
      const known = syscallTable(architecture).byNumber(number)
      const spelling: Spelling | undefined = resolvePrinted(architecture, name)
      const right =
        spelling !== undefined &&
        (known === undefined ? spelling.number === number : spelling.names.includes(known.name))
      if (!right)
        t.fail(
          `${architecture} ${number}: ${name} is ${spelling?.names.join() ?? 'nothing'}, not ${known?.name}`,
        )
    }
    t.ok(seen >= least, `${architecture}: ${seen} calls`)
  }
})

t.test('constants have the values that strace gives them', async (t) => {
  const lines = underStrace(t, 'every-constant.c', [], ['-X', 'verbose'])
  if (lines === undefined) return
  // Names that differ between architectures or begin a range.
  const left = new Set(['FIOQSIZE', 'SIOCPROTOPRIVATE', 'SIOCDEVPRIVATE', 'TCIFLUSH', 'TCOOFF'])
  // The places of scalars: first, after a descriptor, in a list of flags, after `flags=`.
  const named = /(?:\(|\(-1, |[|=])(0x[0-9a-f]+|\d+) \/\* ([A-Z]\w*) \*\//g
  let right = 0
  for (const line of lines) {
    if (line.startsWith('---')) continue
    for (const [, value, name] of line.matchAll(named)) {
      if (name === undefined || value === undefined || left.has(name)) continue
      if (constantValue(name) === BigInt(value)) right++
      else t.fail(`${name} is ${value}, not ${constantValue(name)}: ${line}`)
    }
  }
  t.ok(right > 400, `${right} values`)
})

t.test('constants that profiles speak of', async (t) => {
  const pins: Readonly<Record<string, bigint>> = {
    AF_INET: 2n,
    AF_VSOCK: 40n,
    AF_DECnet: 12n,
    PF_FILE: 1n,
    PF_UNIX: 1n,
    PF_LOCAL: 1n,
    PF_ROUTE: 16n,
    PF_NETLINK: 16n,
    SOCK_CLOEXEC: 0o2000000n,
    IPPROTO_ICMPV6: 58n,
    CLONE_NEWUSER: 0x10000000n,
    CLONE_THREAD: 0x10000n,
    CLONE_IO: 0x80000000n,
    CLONE_CLEAR_SIGHAND: 0x100000000n,
    SIGCHLD: 17n,
    SIGRT_32: 64n,
    PER_LINUX32: 8n,
    ADDR_NO_RANDOMIZE: 0x0040000n,
    PR_SET_NO_NEW_PRIVS: 38n,
    F_GETLK64: 12n,
    F_DUPFD_CLOEXEC: 1030n,
    TIOCSTI: 0x5412n,
    TIOCGPTN: 0x80045430n,
  }
  for (const [name, value] of Object.entries(pins)) t.equal(constantValue(name), value, name)
  for (const name of ['AF_???', '', '#', 'AF_MAX', 'constructor', 'FIOQSIZE'])
    t.equal(constantValue(name), undefined)
})

t.test('scalars are arguments of calls, sorted, and those read always are among them', async (t) => {
  for (const { call, index } of scalars) t.ok(existsOnlyOn(call).length > 0 && index >= 0 && index <= 5, call)
  const order = scalars.map(({ call, index }) => `${call} ${index}`)
  t.same(order, order.toSorted())
  for (const [call, indexes] of scalarsReadAlways)
    for (const index of indexes) t.ok(scalarOf(call, index), call)
  t.match(scalarOf('clone', 0), { printed: 1, bits: 32 })
  t.equal(scalarOf('read', 0), undefined)
})

function without(path: string): false | string {
  return existsSync(path) ? false : `no ${path.slice(shared.length - 'shared/'.length)} beside this clone`
}

/** The lines of strace about a program that makes harmless calls; undefined if the program cannot run here. */
function underStrace(
  t: Test,
  source: string,
  flags: readonly string[],
  options: readonly string[],
): readonly string[] | undefined {
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    t.pass('not run here', { skip: 'needs Linux on x86_64' })
    return undefined
  }
  const directory = t.testdir()
  const program = join(directory, 'program')
  const words = ['-nostdlib', '-static', '-O1', ...flags, '-o', program, join(here, source)]
  const compiled = spawnSync('cc', words, { encoding: 'utf8' })
  if (compiled.status !== 0) {
    t.pass('not run here', {
      skip: `cc ${flags.join(' ')}: ${(compiled.error?.message ?? compiled.stderr).split('\n')[0]}`,
    })
    return undefined
  }
  const trace = join(directory, 'trace')
  const traced = spawnSync('strace', ['-o', trace, '-e', 'inject=all:error=ENOSYS', ...options, program], {
    encoding: 'utf8',
    timeout: 60_000,
  })
  const text = existsSync(trace) ? readFileSync(trace, 'utf8') : ''
  // The program ends with an illegal instruction once it has made all calls.
  if (!text.includes('+++ killed by SIGILL')) {
    t.pass('not run here', { skip: `strace: ${(traced.error?.message ?? traced.stderr).split('\n')[0]}` })
    return undefined
  }
  return text.split('\n')
}

t.test('every constant is found again by its value, and by no other', (t) => {
  const names = constantNames()
  t.same(
    names.filter((name) => !namedConstants(constantValue(name) as bigint).includes(name)),
    [],
  )
  const found = namedConstants(1n)
  t.same(
    found,
    names.filter((name) => constantValue(name) === 1n),
    'all names of a value, in the order of the data',
  )
  t.same(namedConstants(0x7fff_ffff_ffffn), [], 'a value without a name has none')
  t.end()
})

t.test('a name of any table is known, and others are not, however many are asked for', (t) => {
  const names = architectureNames.flatMap((each) => syscallTable(each).entries.map(({ name }) => name))
  t.ok(names.length > 1000)
  t.same(
    names.filter((name) => !isKnownAnywhere(name)),
    [],
  )
  const others = [
    '',
    ' ',
    'read ',
    'open.',
    'rea',
    'x86_64',
    ...Array.from({ length: 100 }, (_, i) => `no${i}`),
  ]
  t.same(
    others.filter((name) => isKnownAnywhere(name)),
    [],
  )
  t.end()
})
