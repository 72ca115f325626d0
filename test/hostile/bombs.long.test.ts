// Inputs that expand. In every command that reads a file, memory stays within a bound whatever the file claims to hold,
// and a refusal is one line. Runs the real command; the kernel reports its largest memory.
import { execa } from 'execa'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import t from 'tap'
import { seccompGen } from '../live/command.ts'

const folder = mkdtempSync(join(tmpdir(), 'seccomp-gen-bombs-'))
t.teardown(() => rmSync(folder, { recursive: true, force: true }))
const command = seccompGen
const peak = join(folder, 'peak')
const hook = join(folder, 'hook.mjs')
writeFileSync(
  hook,
  `import { writeFileSync } from 'node:fs'
process.on('exit', () => writeFileSync(${JSON.stringify(peak)}, String(process.resourceUsage().maxRSS)))`,
)
/** MiB; Node's own 50 are included. */
const bound = 512

const start = '10 execve("/bin/true", ["true"], 0x7ffd /* 3 vars */) = 0\n'
const begun = `${start}10 write(1, "`
const trace = ['observe']
const context = ['observe', '--context']
const lines = (count: number, line: (number: number) => string): string => Array.from({ length: count }, (_, number) => `${line(number)}\n`).join('') // prettier-ignore
const many = (piece: string, count: number): string => piece.repeat(count)
/** A gzip stream may have many members, each of the same 64 MiB. */
const gzipped = (piece: string, head = ''): Buffer => {
  const member = gzipSync(many(piece, (64 << 20) / piece.length), { level: 1 })
  return Buffer.concat([gzipSync(head), ...Array.from({ length: 16 }, () => member)])
}
const line = gzipped('a')
const spo = 'kind: SeccompProfile\napiVersion: x\nspec:\n  defaultAction: SCMP_ACT_ERRNO\n'
const laughs = Array.from({ length: 20 }, (_, i) => `  a${i + 1}: &a${i + 1} [${Array.from({ length: 9 }, () => `*a${i}`).join(',')}]\n`).join('') // prettier-ignore
const profile = '{"defaultAction":"SCMP_ACT_ERRNO","syscalls":['
const deep = many('[', 200_000) + many(']', 200_000)
const call = '{"count":1,"first":"a:1"}'

/** A name, the content, the message if it is refused, and for a trace how it is read. */
const bombs: readonly (readonly [name: string, bytes: string | Buffer, refusal?: RegExp | undefined, reader?: readonly string[]])[] = [
  ['1 GiB of zeros.gz', gzipped('\0'), /is binary, not text/, trace],
  ['1 GiB on one line.gz', line, /no call was found/, trace],
  ['1 GiB in a string.gz', gzipped('a', begun), undefined, trace],
  ['packed twice.gz', gzipSync(line), /is binary, not text/, trace],
  ['observations that are deep', `{"version":1,"architectures":{"x86_64":{"read":${call}}},"sources":[{"name":"x","format":"x","lines":1,"calls":1,"ignored":0,"unparsed":0,"x":${deep}}],"diagnostics":[{"code":"x","at":"x","x":${deep}}]}`, undefined, trace],
  ['observations that are wide', `{"version":1,"architectures":{},"sources":[${many('{},', 2_700_000)}{}]}`, /a source is not complete/, trace],
  ['observations that are large', `{"version":1,"architectures":{"x86_64":{"read":${call}}}, ${many(' ', 65 << 20)}}`, /larger than an observations file can be/, trace],
  ['deep', profile + many('[', 5_000_000), /nested more than 200 deep/],
  ['deep objects', many('{"a":', 1_000_000), /nested more than 200 deep/],
  ['wide', `${profile}${many('[],', 2_500_000)}[]]}`, /too many values/],
  ['repeated', `{"defaultAction":"SCMP_ACT_ERRNO",${many('"a":1,', 1_000_000)}"b":1}`, /too many values/],
  ['lines', `${many('\n', 8_000_000)}x`, /is not a profile/],
  ['large', `${many(' ', 9 << 20)}{}`, /larger than a profile can be/],
  ['laughs.yaml', `${spo}  a0: &a0 [x]\n${laughs}`, /too many values/],
  ['flow.yaml', `${spo}  x: [${many('a,', 700_000)}]\n`, /too many values/],
  ['block.yaml', `${spo}  x:\n${many('  - a\n', 230_000)}`, /too many values/],
  ['colons.yaml', `${spo}x: ${many('a: ', 400_000)}`, /too many values/],
  ['large.yaml', `${spo}  x: ${many('a', 2 << 20)}`, /larger than 1.5 MiB/],
  ['elastic.yaml', `seccomp:\n  default_action: errno\n  syscalls: ${many('[', 100_000)}\n`, /is not a profile/],
  ['forks with many descriptors', `${start}${lines(60_000, (n) => `10 openat(AT_FDCWD, "/${n}", O_RDONLY) = ${n + 3}`)}${lines(4_000, (n) => `10 clone(child_stack=NULL, flags=SIGCHLD) = ${n + 11}`)}`, undefined, context],
  ['forks that do not return', `${start}${lines(120_000, (n) => `${n + 11} clone(child_stack=NULL, flags=SIGCHLD <unfinished ...>`)}`, undefined, context],
] // prettier-ignore

const readers: readonly (readonly string[])[] = [
  ['validate'],
  ['eval', 'FILE', 'read'],
  ['diff', 'docker'],
  ['explain'],
  ['generate', '--format', 'profile'],
  ['generate', '--within', 'FILE', 'app.strace'],
]
writeFileSync(join(folder, 'app.strace'), start)

async function largest(words: readonly string[], input?: Buffer): Promise<{ exitCode: number | undefined; stdout: string; stderr: string; mebibytes: number }> {
  const [first, ...rest] = [...command.slice(0, -1), '--import', hook, ...command.slice(-1), ...words] as [string, ...string[]]
  rmSync(peak, { force: true })
  const { exitCode, stdout, stderr } = await execa(first, rest, { cwd: folder, reject: false, ...(input && { input }), env: { NODE_PATH: '' } })
  return { exitCode, stdout, stderr, mebibytes: Number(readFileSync(peak, 'utf8')) / 1024 }
} // prettier-ignore

t.test('in bounded memory, and one clear line', { timeout: 600_000 }, async (t) => {
  let most = 0
  for (const [index, [name, bytes, refusal, reader]] of bombs.entries()) {
    writeFileSync(join(folder, name), bytes)
    // Every reader gets every second bomb.
    const all = reader ? [reader] : readers.filter((_, each) => (each + index) % 2 === 0)
    for (const words of all) {
      const args = words.includes('FILE')
        ? words.map((word) => (word === 'FILE' ? name : word))
        : [...words, name]
      const { exitCode, stdout, stderr, mebibytes } = await largest(args)
      most = Math.max(most, mebibytes)
      const what = `${args.join(' ')}: ${Math.round(mebibytes)} MiB: ${stderr.slice(-300)}`
      t.ok(mebibytes < bound, what)
      t.notMatch(stderr, /defect/, what)
      if (refusal === undefined) t.equal(exitCode, 0, what)
      else {
        t.equal(exitCode, 2, what)
        t.match(stderr, refusal, what)
        t.equal(stdout, '', what)
      }
    }
    rmSync(join(folder, name))
  }
  t.comment(`the most was ${Math.round(most)} MiB`)
})

t.test('queries without end and queries that are deep', async (t) => {
  const query = (word: string): string => `{"syscall":${word}}\n`
  const args = `{"syscall":"read","args":[${many('[', 30_000)}${many(']', 30_000)}]}\n`
  const input = Buffer.from(`${query(deep.slice(150_000, 250_000))}${args}${query('"read"')}${many('[', 60_000_000)}`)
  const { exitCode, stdout, mebibytes } = await largest(['eval', 'docker', '--batch'], input)
  t.equal(exitCode, 0)
  t.match(stdout.split('\n').map((answer) => Object.keys(JSON.parse(answer) as object)[0]), ['error', 'error', 'action', 'error'])
  t.ok(mebibytes < bound, `${Math.round(mebibytes)} MiB`)
}) // prettier-ignore

t.test('a frame of zstd that asks for 2 GiB, the first or a later one', async (t) => {
  const frame = (window: number, ...rest: number[]): Buffer => Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0, (window - 10) << 3, ...rest])
  // A frame of this text in one raw block, which is the last.
  const raw = (text: string): Buffer => {
    const head = Buffer.alloc(3)
    head.writeUIntLE((text.length << 3) | 1, 0, 3)
    return Buffer.concat([frame(17), head, Buffer.from(text)])
  }
  // 4 MiB of one byte, in 32 blocks of 4 bytes each.
  const repeated = Buffer.concat([frame(31), ...Array.from({ length: 32 }, (_, i) => Buffer.from([(((128 << 10) << 3) | 2 | (i === 31 ? 1 : 0)) & 0xff, ((128 << 10) << 3 >> 8) & 0xff, ((128 << 10) << 3 >> 16) & 0xff, 0x61]))])
  const skipped = Buffer.from([0x50, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3])
  writeFileSync(join(folder, 'sound.zst'), Buffer.concat([raw(start), skipped, raw('10 exit_group(0) = ?\n')]))
  const sound = await largest(['observe', 'sound.zst'])
  t.equal(sound.exitCode, 0, sound.stderr)
  t.match(sound.stderr, /2 calls, 2 different/)
  for (const [name, bytes] of [
    ['first.zst', repeated],
    ['later.zst', Buffer.concat([raw(start), repeated])],
    ['after what is skipped.zst', Buffer.concat([skipped, skipped, repeated])],
  ] as const) {
    writeFileSync(join(folder, name), bytes)
    const { exitCode, stderr, mebibytes } = await largest(['observe', name])
    t.equal(exitCode, 2, stderr)
    t.match(stderr, name.startsWith('after') ? /needs more memory than 8 MiB|is binary/ : /needs more memory than 8 MiB/)
    t.ok(mebibytes < 256, `${Math.round(mebibytes)} MiB`)
  }
}) // prettier-ignore
