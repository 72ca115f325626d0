// Laws of reading: cuts do not matter, the quick and the careful reader agree, and every input can be read or refused.
import { readFileSync } from 'node:fs'
import { gzipSync } from 'node:zlib'
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import t from 'tap'
import { mergeObservations, observe, printObservations, type Observations } from '../../src/observe/index.ts'
import { readTrace } from '../../src/read/index.ts'
import type { Source } from '../../src/read/source.ts'
import { differ, filesDiffer, fold, type Mode } from './both-readers.ts'
import { filesOf } from './logs.ts'
import { pieces, prefixes } from './strace-rows.ts'
import { recordings, sourcesOf, traces } from '../recordings.ts'
import { fc } from '../seed.ts'

const read = async (pieces: Uint8Array[], name = 't'): Promise<string> =>
  printObservations(await observe([{ name, bytes: pieces }], { format: 'strace' }))

function cut(bytes: Uint8Array, places: readonly number[]): Uint8Array[] {
  const sorted = [...new Set(places.map((place) => place % (bytes.length + 1)))].sort((a, b) => a - b)
  return [...sorted, bytes.length].map((end, index) => bytes.subarray(sorted[index - 1] ?? 0, end))
}

const sample = `100 execve("/bin/true", ["true"], 0x7fff86b69b18 /* 7 vars */) = 0
100 brk(NULL)                         = 0x55956fa09000
100 arch_prctl(ARCH_SET_FS, 0x7fb245ebd740) = 0
100 socket(AF_INET, SOCK_STREAM, IPPROTO_IP) = 3
100 clone(child_stack=NULL, flags=CLONE_CHILD_CLEARTID|SIGCHLD <unfinished ...>
101 set_robust_list(0x7f68de2a3a20, 24) = 0
100 <... clone resumed>, child_tidptr=0x7f68de2a3a10) = 101
101 newfstatat(3, "", {st_mode=S_IFREG|0644, ...}, AT_EMPTY_PATH) = -1 ENOSYS (Function not implemented)
101 read(3,  <unfinished ...>
100 wait4(101,  <unfinished ...>
101 <... read resumed>"x = (1) = 2", 100) = 11
101 exit_group(0)                     = ?
101 +++ exited with 0 +++
100 <... wait4 resumed>[{WIFEXITED(s) && WEXITSTATUS(s) == 0}], 0, NULL) = 101
100 --- SIGCHLD {si_signo=SIGCHLD, si_pid=101} ---
100 exit_group(0)                     = ?
100 +++ exited with 0 +++
`

t.test('a trace cut into pieces anywhere gives the same observations', async (t) => {
  const bytes = Buffer.from(sample)
  const whole = await read([bytes])
  for (let at = 1; at < bytes.length; at++)
    if ((await read(cut(bytes, [at]))) !== whole) t.fail(`cut before byte ${at}`)
  t.comment(`${bytes.length - 1} cuts in two`)
  t.equal(await read([...bytes].map((byte) => Uint8Array.of(byte))), whole, 'byte by byte')
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.nat(), { maxLength: 12 }),
      async (places) => (await read(cut(bytes, places))) === whole,
    ),
    { numRuns: 200 },
  )
})

t.test('so does every recording', async (t) => {
  for (const { name, path } of [...recordings('recorded/x86_64'), ...recordings('collected/strace')]) {
    if (path.endsWith('.d')) continue
    const bytes = readFileSync(path)
    const whole = await read([bytes])
    const places = fc.sample(fc.nat({ max: bytes.length }), { numRuns: 50, seed: 1 })
    if ((await read(cut(bytes, places))) !== whole) t.fail(`${name} differs when it is cut`)
  }
  t.pass('all of them')
})

t.test('the two ways agree where they once did not', (t) => {
  const start =
    '1 execve("/bin/true", ["true"], 0x7fff86b69b18 /* 7 vars */) = 0\n1 arch_prctl(ARCH_SET_FS, 0x7fb245ebd740) = 0\n'
  const cases: readonly (readonly [name: string, text: string, counts: Record<string, number>, mode?: Mode])[] = [
    [
      'a path that has no end before the call is cut',
      `${start}1 close() = 9< <unfinished ...>\n1 <... close resumed>) = 0\n1 close() = 9</a <detached ...>\n`,
      { execve: 1, close: 2 },
    ],
    [
      'a signal whose name a colour cuts',
      `${start}1 --- SIG\x1b[0mSYS {si_signo=SIGSYS, si_syscall=__NR_read, si_arch=AUDIT_ARCH_X86_64} ---\n`,
      { execve: 1, read: 1 },
    ],
    [
      'a thread of an announced mode that makes no call',
      `[ Process PID=2 runs in x32 mode. ]\n${'1 close(3) = 0\n'.repeat(4096)}2 +++ exited with 0 +++\n1 close(3) = 0\n`,
      { close: 4097 },
    ],
    [
      'a result that strace made up',
      `${start}1 getuid() = 1000 (INJECTED)\n1 getuid() = 1000 (INJECTED: args, retval) <0.000004>\n`,
      { execve: 1, getuid: 2 },
    ],
    [
      'another call between the halves of the one that sets a filter',
      `${start}1 seccomp(SECCOMP_SET_MODE_FILTER, 0, 0x1 <unfinished ...>\n1 close(3) = 0\n1 <... seccomp resumed>) = 0\n1 close(4) = 0\n`,
      { close: 1 },
      'after filter',
    ],
  ] // prettier-ignore
  // The careful reader reads the last lines of a buffer.
  const rest = '1 getpid() = 1\n'.repeat(9)
  for (const [name, text, counts, mode] of cases) {
    const files = [{ bytes: Buffer.from(text + rest, 'latin1') }]
    t.notOk(filesDiffer(files, mode), name)
    const { architectures } = fold(files, true, mode ?? 'strace')
    t.match(Object.values(architectures)[0], Object.fromEntries(Object.entries(counts).map(([call, count]) => [call, { count }])), name) // prettier-ignore
  }
  t.end()
})

t.test('the quick scan says what the careful reading says', (t) => {
  let files = 0
  let lines = 0
  for (const folder of ['recorded/x86_64', 'recorded/aarch64', 'collected/strace']) {
    for (const { name, path } of recordings(folder)) {
      if (path.endsWith('.d')) continue
      const bytes = readFileSync(path)
      if (differ(bytes)) t.fail(`${name} differs`)
      files++
      lines += bytes.filter((byte) => byte === 0x0a).length
    }
  }
  t.pass(`${files} recordings, ${lines} lines`)
  const logs = filesOf(
    'recorded/audit',
    /\.(?:audit\.log|ausearch(?:-raw\.txt|-i\.txt|-text\.txt|\.csv)|dmesg(?:-[Tx])?|syslog|journalk?\.txt)$/,
  )
  for (const log of logs) if (differ(readFileSync(join(traces, log)), 'audit')) t.fail(`${log} differs`)
  t.pass(`${logs.length} audit logs`)
  t.end()
})

t.test('also on recordings with bytes changed, left out and put in', (t) => {
  const sources = [
    ...['bash.strace', 'nginx.stderr.strace', 'v-thr-Y-yy-tt-T.strace', 'v-bash-Y-err.stderr.strace', 'v-thr-T.strace', 'v-bash-ttt.strace']
      .map((name) => [`recorded/x86_64/${name}`, 'strace'] as const),
    ['recorded/audit/noise-syscall-rules.audit.log', 'audit'],
    ['recorded/audit/a64-badcalls-logall.audit.log', 'audit'],
  ] as const // prettier-ignore
  const runs = 250
  for (const [path, format] of sources) {
    const given = readFileSync(join(traces, path)).subarray(0, 16384)
    const place = fc.nat({ max: given.length - 1 })
    const piece = fc.constantFrom(
      '\n', '\r\n', ' = ', ') = 3', ') = -1 ENOSYS (x)', '<', '>', '(', ')', '"', '\x1b[0m', '\x1b]0;', '\x07', '\x1d', ' ', '0', '7', 'x', '[pid 7] ', '12:00:00.5 ',
      'strace: ', 'strace: Process 7 attached\n', 'strace: [wait(0x00857f) = 7] WIFSTOPPED,sig=133\n', ' <unfinished ...>', '<... read resumed>', '+++ exited with 0 +++', ' arch=', ' arch=c000003e syscall=1 compat=0 ip=0x1 code=0x7ffc0000', 'a'.repeat(70000),
    ) // prettier-ignore
    const edit = fc.tuple(place, fc.nat({ max: 9 }), fc.oneof(piece, fc.constant('')))
    fc.assert(
      fc.property(fc.array(edit, { minLength: 1, maxLength: 12 }), (edits) => {
        let bytes = given
        for (const [at, left, put] of edits) {
          const from = Math.min(at, bytes.length)
          bytes = Buffer.concat([
            bytes.subarray(0, from),
            Buffer.from(put, 'latin1'),
            bytes.subarray(from + left),
          ])
        }
        return !differ(bytes, format)
      }),
      { numRuns: runs },
    )
  }
  t.pass(`${sources.length * runs} changed recordings`)
  t.end()
})

t.test('also on lines that were never printed', (t) => {
  const part = fc.oneof(
    fc.constantFrom(...pieces),
    fc.constantFrom(
      '1 ', '2 ', '3    ', 'read', 'openat', 'socket', 'clone', 'clone3', 'mmap2', 'execve', 'nope', 'vfork', '(', ')', ' = ', '0', '-', '0x', '0x7f', '3</tmp/a) = 5>', '4<TCP:[1->2]>', '5</dev/pts/0<char 136:0>>',
      '-1 ENOSYS (Function not implemented)', '-1 EPERM (x)', '-1 (errno 38)', '0 (Timeout)', ' (INJECTED)', '?', '<... ', ' resumed>', '"a) = 1"', '"', '...', ', ', '--- SIGSYS {} ---', '--- SIGCHLD {} ---',
      '--- SIGCHLD {si_status=SIGSYS, si_syscall=__NR_read} ---', '0x7f00deadbeef', ' <0.000012>', ' <0>', '\r', ' ', '/* ', '*/', '<', '>', '1<<2', '\x1b[33m', '\x1b]0;', '\x07',
    ),
  ) // prettier-ignore
  const line = fc.array(part, { maxLength: 9 }).map((parts) => parts.join(''))
  const prefix = fc.oneof(fc.constantFrom('1 ', '2  ', '', '[pid 7] '), fc.constantFrom(...prefixes))
  const usual = fc
    .tuple(
      prefix,
      fc.constantFrom(
        'read(3, ', '<... read resumed>', 'close(', 'openat(3, "x"', 'socket(AF_INET, SOCK_STREAM, 0', '<... socket resumed>', 'clone(child_stack=NULL, flags=CLONE_VM|SIGCHLD',
        '<... clone resumed>, child_tidptr=0x7f00deadbeef', 'clone3({flags=CLONE_VM|CLONE_VFORK, exit_signal=SIGCHLD}, 88', 'clone(', 'vfork(', '<... vfork resumed>', 'execve("/bin/x", ["x"], NULL',
        '<... execve resumed>', 'restart_syscall(<... resuming interrupted poll ...>', 'unshare(CLONE_NEWNS', 'prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, 0x1',
      ), // prettier-ignore
      fc.array(part, { maxLength: 4 }),
    )
    .map(([before, call, rest]) => before + call + rest.join(''))
  const end = fc.constantFrom(
    'strace: Process 2 attached', 'strace: [wait(0x00857f) = 7] WIFSTOPPED,sig=133', ') = 0', ') = 2', ') = 3', ') = 2<sh>', ') = 12345678', ') = 0x2', ') = -1 EPERM (x)', ') = ?', ') = 0 (Timeout)', ' <unfinished ...>', ') = 2 <0.000012>', ") = 2 /* 3 in strace's PID NS */",
  ) // prettier-ignore
  const whole = fc.tuple(usual, end).map((parts) => parts.join(''))
  const rests = [') = 0', ' <unfinished ...>', ', 8) = -1 EPERM (x)', '"x", 1) = 2', 'strace: Process 2 attached', 'strace: next_event: queued pid 7'] // prettier-ignore
  const plain = fc.oneof(fc.constantFrom(...sample.split('\n')), fc.constantFrom(...rests))
  const numRuns = 4000
  fc.assert(
    fc.property(
      fc.array(fc.oneof(plain, line, usual, whole), { maxLength: 40 }),
      prefix,
      fc.constantFrom<Mode>('strace', 'after filter'),
      (lines, first, mode) => {
        const start = sample.replaceAll(/^\d+ /gm, first)
        return !differ(Buffer.from(`${start}${start}${lines.join('\n')}\n`, 'latin1'), mode)
      },
    ),
    { numRuns },
  )
  t.pass(`${numRuns} traces`)
  t.end()
})

t.test('also on records that the kernel never sent', (t) => {
  const head = fc.constantFrom('type=SECCOMP', 'type=SYSCALL', 'type=EOE', 'type=SECCOMPX', 'type=SECCOMP_X', 'type=UNKNOWN[1326]', 'type=', 'node=a type=SECCOMP') // prettier-ignore
  const stamp = fc.constantFrom(' msg=audit(1795481439.099:283): ', ' msg=audit(1795481439.099:283):', ' msg=audit(): ', ' msg=audit(1:2) : ', ` msg=audit(${'1'.repeat(64)}): `, ` msg=audit(${'1'.repeat(65)}): `, ' ') // prettier-ignore
  const field = fc.constantFrom(
    'auid=0', ' comm="a"', ' pid=7', ' sig=0', ' arch=c000003e', ' arch=c00000b7', ' arch=40000003', ' arch=00000001', ' arch=C000003E', ' arch=x86_64', ' syscall=41', ' syscall=', ' syscall=12345',
    ' syscall=123456', ' compat=0', ' compat=2', ' ip=0x7f', ' ip=0x', ' code=0x7ffc0000', ' code=0x7ff00000', ' code=0x80000000', ' code=0x7ffc00000', 'AUID="a"', '\x1d', ' ', '\x1b[0m', '\r',
    ' arch=c000003e syscall=1 compat=0 ip=0x1 code=0x7ffc0000',
    ' type=SECCOMP msg=audit(1795481439.099:283): auid=0', ' kernel: audit: type=1326 audit(1795481439.099:283): auid=0', ' audit[7]: SECCOMP auid=0', ' audit[', ' audit(1',
  ) // prettier-ignore
  const block = fc.tuple(
    fc.constantFrom(' arch=c000003e', ' arch=c00000b7', ' arch=40000028', ' arch=c0000032', ' ARCH=c000003e'),
    fc.constantFrom(' syscall=0', ' syscall=41', ' syscall=99999', ' syscall=100000', ' syscall=-1'),
    fc.constantFrom(' compat=0', ' compat=1', ' compat=2', ''),
    fc.constantFrom(' ip=0x7ff395972ad7', ' ip=0x0'),
    fc.constantFrom(
      ' code=0x7ffc0000',
      ' code=0x7ff00001',
      ' code=0x50001',
      ' code=0x7ffc000',
      ' code=0x80000000',
      ' code=0x7ffc0000AUID="a"',
      ' code=0x7ffc0000\x1dAUID="a"',
    ),
  )
  const record = fc
    .tuple(head, stamp, fc.array(field, { maxLength: 4 }), fc.option(block, { nil: [] }), fc.array(field, { maxLength: 3 }))
    .map((parts) => parts.flat().join('')) // prettier-ignore
  const usual = ['type=SECCOMP', ' msg=audit(1795481439.099:283): ', 'auid=0', ' comm="a"', ' arch=c000003e', ' syscall=41', ' compat=0', ' ip=0x7f', ' code=0x7ffc0000', '\x1dAUID="a"'] // prettier-ignore
  const changed = fc
    .tuple(fc.nat({ max: usual.length - 1 }), fc.oneof(field, head, stamp, block.map((parts) => parts.join(''))))
    .map(([at, put]) => usual.with(at, put).join('')) // prettier-ignore
  const numRuns = 4000
  fc.assert(
    fc.property(
      fc.array(fc.oneof(fc.constant(usual.join('')), changed, record), { maxLength: 40 }),
      (records) => !differ(Buffer.from(`${records.join('\n')}\n`, 'latin1'), 'audit'),
    ),
    { numRuns },
  )
  t.pass(`${numRuns} logs`)
  t.end()
})

t.test('also on numbers of calls that are the same in their last digits or bits', (t) => {
  const machine = fc.constantFrom('c000003e', '40000003', 'c00000b7', '40000028')
  const number = fc
    .tuple(
      fc.constantFrom(0, 1, 41, 1041, 99_999),
      fc.constantFrom(0, 100_000, 200_000, 300_000, 1_000_000, 2 ** 32, 400_000_000_000),
      fc.constantFrom(0, 4, 5, 6, 7, 12),
    )
    .map(([call, more, digits]) => String(call + more).padStart(digits, '0'))
  const record = fc
    .tuple(machine, number)
    .map(([arch, call]) => `type=SECCOMP msg=audit(1795481439.099:283): comm="a" sig=0 arch=${arch} syscall=${call} compat=0 ip=0x7f code=0x7ffc0000\n`) // prettier-ignore
  const numRuns = 2000
  fc.assert(
    fc.property(fc.array(record, { minLength: 1, maxLength: 40 }), (records) => {
      // The careful reader reads the first record of a kind, so each record comes twice.
      const text = records.join('')
      return !differ(Buffer.from(`${text}${text}`), 'audit')
    }),
    { numRuns },
  )
  t.pass(`${numRuns} logs`)
  t.end()
})

t.test('also on the files of -ff, one after the other, in any order', (t) => {
  const given = ['bash', 'nginx'].map((name) =>
    readFileSync(join(traces, `recorded/x86_64/${name}.strace`), 'latin1').slice(0, 100_000),
  )
  const sets = [sample, ...given].map((text) => {
    const byPid = new Map<number, string[]>()
    for (const line of text.split('\n')) {
      const [, pid, rest] = /^(\d+) +(.*)$/.exec(line) ?? []
      if (pid === undefined || rest === undefined) continue
      byPid.set(Number(pid), [...(byPid.get(Number(pid)) ?? []), rest])
    }
    return [...byPid]
  })
  t.ok(
    sets.every((set) => set.length > 1),
    'each has several processes',
  )
  const file = fc.tuple(fc.nat(), fc.nat(), fc.nat())
  const numRuns = 4000
  fc.assert(
    fc.property(fc.constantFrom(...sets), fc.array(file, { minLength: 2, maxLength: 12 }), (set, picks) => {
      const files = picks.map(([which, from, count]) => {
        const [pid, lines] = set[which % set.length] as [number, string[]]
        const start = from % lines.length
        // Few lines, so that files often end in the middle of a call.
        const some = lines.slice(start, start + 1 + (count % 8))
        return { pid, bytes: Buffer.from(`${some.join('\n')}\n`, 'latin1') }
      })
      // The first line identifies the architecture, so the compiled reader may read every later line.
      const start = { pid: 1, bytes: Buffer.from('arch_prctl(ARCH_SET_FS, 0x7fb245ebd740) = 0\n') }
      return !filesDiffer([start, ...files])
    }),
    { numRuns },
  )
  t.pass(`${numRuns} sets of files`)
  t.end()
})

t.test('no input makes the reader throw', (t) => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 2000 }), (bytes) => {
      fold([{ bytes }], true, 'strace')
      fold([{ bytes: Buffer.concat([Buffer.from(sample), bytes]) }], true, 'strace')
    }),
    { numRuns: 500 },
  )
  t.pass()
  t.end()
})

t.test('a line of 10 MB neither crashes nor stalls, whatever the pieces', async (t) => {
  const long = Buffer.concat([
    Buffer.from('100 write(1, "'),
    Buffer.alloc(10_000_000, 'x'),
    Buffer.from('", 10000000) = 10000000\n'),
  ])
  const bytes = Buffer.concat([Buffer.from(sample), long, Buffer.from('100 close(1) = 0\n')])
  const whole = await read([bytes])
  t.match(JSON.parse(whole), {
    architectures: { x86_64: { write: { count: 1 }, close: { count: 1 } } },
  })
  const pieces = Array.from({ length: Math.ceil(bytes.length / 4096) }, (_, i) =>
    bytes.subarray(i * 4096, (i + 1) * 4096),
  )
  t.equal(await read(pieces), whole)
})

t.test('gzip and zstd are told by content', async (t) => {
  const whole = await read([Buffer.from(sample)])
  t.equal(await read([gzipSync(sample)]), whole)
  const packed = gzipSync(sample)
  t.equal(await read([...packed].map((byte) => Uint8Array.of(byte))), whole, 'byte by byte')
  await t.rejects(
    read([packed.subarray(0, packed.length - 20)]),
    { message: /damaged/ },
    'a cut stream is refused',
  )
  try {
    t.equal(await read([execFileSync('zstd', ['-c'], { input: sample })]), whole)
  } catch (error) {
    if ((error as { code?: string }).code !== 'ENOENT') throw error
    t.comment('zstd is not installed: its stream is not tried')
  }
})

/** Stored without compression as in RFC 8878: a frame of one segment with its size in `width` bytes. */
function stored(text: string, width: 1 | 2 | 4 | 8): Buffer {
  const size = Buffer.alloc(8)
  size.writeBigUInt64LE(BigInt(text.length - (width === 2 ? 256 : 0)))
  const flags = (Math.log2(width) << 6) | 0x20
  const block = Buffer.alloc(4)
  block.writeUInt32LE((text.length << 3) | 1)
  return Buffer.concat([
    Buffer.from([0x28, 0xb5, 0x2f, 0xfd, flags]),
    size.subarray(0, width),
    block.subarray(0, 3),
    Buffer.from(text),
  ])
}

t.test('streams of one segment, damaged ones, and what is not unpacked', async (t) => {
  const line = 'close(3) = 0\n'
  for (const width of [1, 2, 4, 8] as const) {
    const text = line.repeat(width === 1 ? 3 : 30)
    t.equal(await read([stored(text, width)]), await read([Buffer.from(text)]), `a size of ${width} bytes`)
  }
  const whole = stored(line.repeat(30), 4)
  const rows: readonly (readonly [bytes: Buffer, message: RegExp])[] = [
    [Buffer.concat([gzipSync(sample), Buffer.from('something else')]), /other data follows the gzip/],
    [whole.subarray(0, whole.length - 20), /the zstd stream is damaged or ends early/],
    [
      Buffer.from('\xfd7zXZ\0\0\x04', 'latin1'),
      /compressed with xz, which seccomp-gen does not unpack: use `xz -dc /,
    ],
    [Buffer.from('BZh91AY&SY'), /compressed with bzip2/],
  ]
  for (const [bytes, message] of rows) await t.rejects(read([bytes]), { name: 'UserError', message })
})

t.test('call by call it is what is counted', async (t) => {
  const log = (text: string): Source => ({ name: 'log', bytes: [Buffer.from(text)] })
  const texts = [
    sample,
    'type=SECCOMP msg=audit(1.1:1): comm="a" sig=0 arch=c000003e syscall=41 compat=0 ip=0x1 code=0x7ffc0000\n',
    '{"log":"[pid 1] close(3) = 0\\n","stream":"stderr"}\n{"log":"close(4) = 0","stream":"stderr"}\n',
  ]
  for (const text of texts) {
    const seen: string[] = []
    for await (const { name } of readTrace(log(text))) seen.push(name)
    const { architectures } = await observe([log(text)])
    const counted = Object.values(architectures).flatMap((calls) => Object.entries(calls))
    t.same(
      seen.sort(),
      counted.flatMap(([name, { count }]) => Array<string>(count).fill(name)).sort(),
      text.slice(0, 40),
    )
  }
  await t.rejects(readTrace(log('{"version":1,"architectures":{}}')).next(), {
    message: 'log: holds observations, which have no single calls; read it with observe()',
  })
})

t.test('a long source in pieces, call by call, with the arguments that were asked for', async (t) => {
  const piece = Buffer.from('close(3</a>) = 0\nclose(4<b) = 0\nclose(AT_FDCWD</>) = 0\ndup(5) = 6\n')
  const bytes = Array.from({ length: 5000 }, () => piece)
  const asked = { arguments: new Map([['close', [0]]]) }
  const seen = new Map<string, number>()
  for await (const { name, args } of readTrace({ name: 'log', bytes }, asked)) {
    const told = `${name} ${args[0] ?? 'unknown'}`
    seen.set(told, (seen.get(told) ?? 0) + 1)
  }
  t.same(Object.fromEntries(seen), { 'close 3': 5000, 'close unknown': 10_000, 'dup unknown': 5000 })
})

t.test('merging is associative and commutative', async (t) => {
  const names = ['bash.strace', 'curl-http.strace', 'sh-exec32-pipe.stderr.strace', 'seccomp-errno.strace']
  const all = await Promise.all(
    names.map((name) => observe(sourcesOf(join(traces, 'recorded/x86_64', name)))),
  )
  const [a, b, c, d] = all as [Observations, Observations, Observations, Observations]
  const whole = printObservations(mergeObservations(a, b, c, d))
  t.equal(printObservations(mergeObservations(mergeObservations(d, b), mergeObservations(c, a))), whole)
  t.equal(printObservations(mergeObservations(a, mergeObservations(b, mergeObservations(c, d)))), whole)
  t.equal(printObservations(mergeObservations(a)), printObservations(a), 'one alone stays as it is')
  const file = { name: 'o.json', bytes: [Buffer.from(printObservations(a))] }
  t.equal(printObservations(await observe([file])), printObservations(a), 'a file of observations reads back')
})
