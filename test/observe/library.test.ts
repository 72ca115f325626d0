// The library's function for bytes: streams, signals, progress, inputs that are not bytes, and its messages.
import { execa } from 'execa'
import { createReadStream, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import t from 'tap'
import {
  changesReport,
  comparedProfiles,
  diagnosticSentence,
  findingHint,
  findingSentence,
  headline,
  observe,
  parseProfile,
  profileProblems,
  runtimeProblems,
  UserError,
  type Source,
} from '../../src/index.ts'

const root = join(import.meta.dirname, '../..')
const file = join(root, 'traces/curl-x86_64/curl.strace')
const whole = readFileSync(file)
const of = (bytes: unknown): Source[] => [{ name: 'curl.strace', bytes: bytes as Source['bytes'] }]

t.test('whatever streams bytes', async (t) => {
  const expected = await observe(of([whole]))
  const web = (): ReadableStream => Readable.toWeb(createReadStream(file)) as unknown as ReadableStream
  const plain = web()
  const rows: readonly (readonly [string, unknown])[] = [
    ['a ReadableStream', web()],
    ['one that cannot be iterated', { getReader: () => plain.getReader() }],
    ['the body of a Response', new Response(whole).body],
    ['a stream of Node', createReadStream(file)],
    [
      'small pieces',
      Array.from({ length: Math.ceil(whole.length / 7) }, (_, at) => whole.subarray(at * 7, at * 7 + 7)),
    ],
  ]
  for (const [name, bytes] of rows) t.strictSame(await observe(of(bytes)), expected, name)
})

t.test('what is no bytes is said in words', async (t) => {
  const rows: readonly (readonly [unknown, RegExp])[] = [
    ['read(0) = 0', /a string is not a stream of bytes: give a list or stream of Uint8Array/],
    [whole, /one Uint8Array is not a stream/],
    [['read(0) = 0'], /a string is not a stream/],
    [[1, 2], /a number is not a stream/],
    [undefined, /a undefined is not a stream/],
    [null, /null is not a stream/],
    [{}, /a Object is not a stream/],
    [[new ArrayBuffer(3)], /a ArrayBuffer is not a stream/],
  ]
  for (const [bytes, message] of rows)
    await t.rejects(observe(of(bytes)), { name: 'UserError', code: 'no-bytes', message }, String(message))
})

t.test('a signal ends the reading, and the stream is let go', async (t) => {
  const controller = new AbortController()
  let cancelled = false
  const endless = new ReadableStream({
    pull: (each) => each.enqueue(whole),
    cancel: () => void (cancelled = true),
  })
  const seen: number[] = []
  const reading = observe(of({ getReader: () => endless.getReader() }), {
    signal: controller.signal,
    progress: (name, bytes) => {
      t.equal(name, 'curl.strace')
      seen.push(bytes)
      if (seen.length === 3) controller.abort(new Error('enough'))
    },
  })
  await t.rejects(reading, { message: 'enough' })
  t.strictSame(seen, [whole.length, 2 * whole.length, 3 * whole.length])
  t.ok(cancelled)
})

t.test('what the command says, the library says', async (t) => {
  const text = '{"defaultAction":"SCMP_ACT_ERRNO","syscalls":[{"names":["opne"],"action":"SCMP_ACT_ALLOW"}]}'
  const profile = parseProfile(text, { name: 'p.json' })
  const finding = profileProblems(profile).find(({ code }) => code === 'unknown-call')
  t.ok(finding)
  if (finding === undefined) return
  t.match(findingSentence(finding), /no architecture has a call opne/)
  t.match(findingHint(finding), /write open/)
  t.ok(runtimeProblems(profile, 'runc@1.3.6').some(({ code }) => code === 'floor-needed'))
  t.strictSame(runtimeProblems(profile, 'none'), [])
  const { diagnostics } = await observe(of([new TextEncoder().encode('read(0, "", 1) = 0\n')]))
  t.match(diagnostics.map(diagnosticSentence).join('\n'), /x86_64 is assumed/)
  const compared = comparedProfiles({ name: 'a', profile }, { name: 'b', profile }, { failOn: 'any' })
  t.equal(headline(compared), 'passes: identical: the same rules')
  t.match(changesReport(compared, 'markdown'), /^\*\*passes: identical/)
  t.equal(compared.counts.calls, 385)
  t.throws(() => parseProfile('{'), UserError)
})

t.test('types compile without Node’s, beside a browser’s', { timeout: 120_000 }, async (t) => {
  const folder = t.testdir({})
  writeFileSync(
    join(folder, 'a.ts'),
    `import { observe, comparedProfiles } from '${join(root, 'dist/index.js')}'
export const read = async (response: Response): Promise<object> =>
  observe([{ name: 'a', bytes: response.body! }], { signal: new AbortController().signal })
export const compare: typeof comparedProfiles = comparedProfiles
`,
  )
  const compilerOptions = {
    target: 'ES2023',
    lib: ['ES2023', 'DOM'],
    module: 'NodeNext',
    moduleResolution: 'NodeNext',
    types: [],
    strict: true,
    exactOptionalPropertyTypes: true,
    skipLibCheck: false,
    noEmit: true,
  }
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['a.ts'] }))
  const { exitCode, stdout } = await execa(
    join(root, 'node_modules/.bin/tsc'),
    ['-p', join(folder, 'tsconfig.json')],
    { reject: false },
  )
  t.equal(stdout, '')
  t.equal(exitCode, 0)
})
