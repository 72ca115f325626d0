// The call tables: pinned numbers, laws of the tables, and that the generated files match their facts.
import { existsSync, readFileSync } from 'node:fs'
import t from 'tap'
import { generatedTables } from '../../scripts/make-tables.ts'
import { architectureNames, type Architecture } from '../../src/abi/architectures.ts'
import { equivalentOnAarch64 } from '../../src/abi/equivalents.ts'
import { fallbacks, fallbacksFrom } from '../../src/abi/fallbacks.ts'
import { multiplexerOf, multiplexers } from '../../src/abi/multiplexers.ts'
import { numbersOf, unlistedNumber } from '../../src/abi/numbers.ts'
import { isKnownAnywhere, syscallTable } from '../../src/abi/tables.ts'

const repository = new URL('../../', import.meta.url)
const facts = new URL('../shared/facts/', repository)
const skip = existsSync(facts) ? false : 'no ../shared/facts beside this clone'

const pins: Readonly<Record<Architecture, Readonly<Record<string, number>>>> = {
  x86_64: { read: 0, mmap: 9, execve: 59, exit_group: 231, openat: 257, seccomp: 317, clone3: 435 },
  aarch64: { openat: 56, exit_group: 94, clone: 220, execve: 221, faccessat2: 439 },
  x86: { restart_syscall: 0, exit: 1, socketcall: 102, ipc: 117, mmap2: 192, socket: 359, futex_time64: 422 },
  x32: { read: 0x40000000, rt_sigaction: 0x40000200, execve: 1073742344, pwritev2: 0x40000223 },
  arm: { restart_syscall: 0, mmap2: 192, arm_fadvise64_64: 270, breakpoint: 0xf0001, set_tls: 983045 },
  riscv64: {
    openat: 56,
    exit_group: 94,
    clone: 220,
    riscv_hwprobe: 258,
    riscv_flush_icache: 259,
    clone3: 435,
  },
  ppc64le: { restart_syscall: 0, exit: 1, socketcall: 102, ipc: 117, execve: 11, socket: 326, openat: 286 },
  s390x: {
    exit: 1,
    socketcall: 102,
    ipc: 117,
    clone: 120,
    select: 142,
    openat: 288,
    socket: 359,
    seccomp: 348,
  },
  loongarch64: { newfstatat: 79, openat: 56, clone: 220, statx: 291, clone3: 435 },
}

t.test('well-known calls have their numbers', async (t) => {
  for (const architecture of architectureNames) {
    const table = syscallTable(architecture)
    for (const [name, number] of Object.entries(pins[architecture])) {
      t.equal(table.byName(name)?.number, number, `${architecture} ${name}`)
      t.equal(table.byNumber(number)?.name, name, `${architecture} ${number}`)
    }
  }
})

t.test('a table maps names to numbers one to one, in the order of numbers', async (t) => {
  for (const architecture of architectureNames) {
    const table = syscallTable(architecture)
    t.equal(table, syscallTable(architecture), 'made once')
    t.equal(table.architecture, architecture)
    const wrong = table.entries.filter(
      (entry, index) =>
        table.byName(entry.name) !== entry ||
        table.byNumber(entry.number) !== entry ||
        !/^[a-z_][a-z0-9_]*$/.test(entry.name) ||
        !(entry.since === undefined || /^\d+(\.\d+)+$/.test(entry.since)) ||
        !(entry.number > (table.entries[index - 1]?.number ?? -1)),
    )
    t.same(wrong, [], architecture)
  }
})

t.test('numbers of x32 carry bit 30, and no other does', async (t) => {
  for (const architecture of architectureNames) {
    const carry = syscallTable(architecture).entries.filter(
      ({ number }) => (number & 0x40000000) !== 0,
    ).length
    t.equal(carry, architecture === 'x32' ? syscallTable('x32').entries.length : 0, architecture)
  }
})

t.test('one number is in no table, and all others but arm’s private ones are in a range', async (t) => {
  for (const architecture of architectureNames) {
    const range = new Set(numbersOf(architecture))
    t.equal(syscallTable(architecture).byNumber(unlistedNumber(architecture)), undefined, architecture)
    t.notOk(range.has(unlistedNumber(architecture)), architecture)
    const beyond = syscallTable(architecture).entries.filter(({ number }) => !range.has(number))
    t.ok(beyond.length === 0 || (architecture === 'arm' && beyond.every(({ number }) => number > 0xf0000)))
  }
})

t.test('what is not there is undefined, whatever the word', async (t) => {
  for (const name of ['', 'opne', '__proto__', 'constructor', 'toString', 'read ']) {
    t.equal(syscallTable('x86_64').byName(name), undefined, name)
    t.notOk(isKnownAnywhere(name), name)
  }
  for (const number of [-1, 0.5, NaN, 9999]) t.equal(syscallTable('x86_64').byNumber(number), undefined)
  t.ok(isKnownAnywhere('set_tls'), 'on arm only')
  t.equal(syscallTable('aarch64').byName('open'), undefined)
})

t.test('reserved numbers without implementation are marked', async (t) => {
  t.equal(syscallTable('x86_64').byName('uselib')?.implemented, false)
  t.equal(syscallTable('x86').byName('uselib')?.implemented, true)
  t.match(syscallTable('x86_64').byName('vserver'), { implemented: false, since: undefined })
  t.match(syscallTable('x86_64').byName('clone3'), { implemented: true, since: '5.3' })
})

t.test('the generated files are what the script makes of facts/', async (t) => {
  for (const [path, text] of generatedTables()) {
    t.ok(
      readFileSync(new URL(path, repository), 'utf8') === text,
      `${path} (else: npx tsx scripts/make-tables.ts)`,
    )
  }
})

t.test('the tables hold all that the facts hold', { skip }, async (t) => {
  const { numbers, no_implementation, socketcall_mux_x86, ipc_mux_x86 } = readFacts('syscalls.json')
  const more = readFacts('syscalls-more.json')
  for (const architecture of architectureNames) {
    const { entries } = syscallTable(architecture)
    t.same(
      Object.fromEntries(entries.map(({ name, number }) => [name, number])),
      numbers[architecture] ?? more.numbers[architecture],
    )
    const silent = entries.filter(({ implemented }) => !implemented).map(({ name }) => name)
    if (numbers[architecture] !== undefined) t.same(silent.sort(), no_implementation[architecture].toSorted())
  }
  t.same(Object.keys(multiplexers.socketcall), socketcall_mux_x86)
  t.same(Object.keys(multiplexers.ipc), ipc_mux_x86)
})

t.test('the families of i386', async (t) => {
  t.equal(multiplexerOf('bind'), 'socketcall')
  t.equal(multiplexerOf('semop'), 'ipc')
  t.equal(multiplexerOf('read'), undefined)
  const direct = Object.keys(multiplexers.socketcall).filter(
    (name) => syscallTable('x86').byName(name) === undefined,
  )
  t.same(direct, ['accept', 'send', 'recv'], 'without a number of their own')
})

t.test('every x86_64 call that aarch64 lacks has a row, and no other call', async (t) => {
  const aarch64 = syscallTable('aarch64')
  for (const { name } of syscallTable('x86_64').entries) {
    const equivalent = equivalentOnAarch64(name)
    t.equal(equivalent === undefined, aarch64.byName(name) !== undefined, name)
    t.same(
      equivalent?.aarch64.filter((each) => aarch64.byName(each) === undefined) ?? [],
      [],
      `${name} stands for calls that aarch64 has`,
    )
  }
  t.match(equivalentOnAarch64('dup2'), { aarch64: ['dup3', 'fcntl'], lossless: true })
  t.match(equivalentOnAarch64('rmdir'), { aarch64: ['unlinkat'], lossless: false })
  t.match(equivalentOnAarch64('arch_prctl'), { aarch64: { length: 0 }, lossless: false })
})

t.test('a chain of libc names only calls of its architectures, and goes on to others', async (t) => {
  for (const { from, to, architectures } of fallbacks) {
    for (const architecture of architectures) {
      const missing = [from, ...to].filter((name) => syscallTable(architecture).byName(name) === undefined)
      t.same(missing, [], `${architecture} ${from}`)
    }
    t.notOk(to.includes(from), from)
  }
})

t.test('clone3 goes on to clone after ENOSYS only, on each architecture from its own version', async (t) => {
  const version = (architecture: Architecture): unknown =>
    fallbacksFrom('clone3', architecture).find(({ why }) => why.startsWith('pthread_create'))?.since
  t.same(architectureNames.map(version), [
    '2.34',
    '2.38',
    '2.34',
    '2.34',
    '2.39',
    '2.38',
    '2.38',
    '2.38',
    '2.36',
  ])
  t.ok(fallbacksFrom('clone3', 'x86_64').every(({ advanceOn }) => advanceOn.includes('ENOSYS')))
  t.same(fallbacksFrom('openat', 'x86_64'), [])
})

t.test(
  'all twenty calls with 64-bit times fall back on the 32-bit architectures, and nowhere else',
  async (t) => {
    const times = syscallTable('x86').entries.filter(({ number }) => number >= 403 && number <= 423)
    t.equal(times.length, 20)
    for (const { name } of times) {
      for (const architecture of architectureNames) {
        const chains = fallbacksFrom(name, architecture)
        t.equal(
          chains.length,
          architecture === 'x86' || architecture === 'arm' ? 2 : 0,
          `${architecture} ${name}`,
        )
      }
    }
    t.same(fallbacksFrom('semtimedop_time64', 'x86')[0]?.to, ['ipc'])
  },
)

t.test(
  'every chain of the facts that begins with a call and goes on after ENOSYS is here',
  { skip },
  async (t) => {
    // Chains outside libc, and one that is no choice between calls.
    const left = new Set(['io_uring_setup', 'vDSO', 'set_tid_address'])
    for (const { chain, libc, advance_on } of readFacts('equivalents.json').fallback_chains) {
      const first = chain[0]
      if (chain.length < 2 || left.has(first) || !/ENOSYS|any/.test(advance_on.join())) continue
      const from = first.startsWith('direct')
        ? 'socket'
        : first.startsWith('<name>')
          ? 'clock_gettime64'
          : first
      for (const each of libc.split(',')) {
        // Only musl goes on after prlimit64.
        if (from === 'prlimit64' && each === 'glibc') continue
        t.ok(
          fallbacks.some((row) => row.from === from && row.libc === each),
          `${from} of ${each}`,
        )
      }
    }
  },
)

interface Facts {
  readonly numbers: Readonly<Record<Architecture, Readonly<Record<string, number>>>>
  readonly no_implementation: Readonly<Record<Architecture, readonly string[]>>
  readonly socketcall_mux_x86: readonly string[]
  readonly ipc_mux_x86: readonly string[]
  readonly fallback_chains: readonly {
    readonly chain: readonly [string, ...string[]]
    readonly libc: string
    readonly advance_on: readonly string[]
  }[]
}

function readFacts(file: string): Facts {
  return JSON.parse(readFileSync(new URL(file, facts), 'utf8')) as Facts
}
