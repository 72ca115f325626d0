// Image archives made carelessly or with harm in mind: layers override correctly, links and whiteouts stay inside the
// image, and a damaged archive gives one line.
import { createHash } from 'node:crypto'
import { gzipSync } from 'node:zlib'
import t from 'tap'
import { loadImage, UserError, type ArchiveFiles, type LoadedImage } from '../../src/index.ts'
import { readEngineRun } from '../../src/record/command/engine-run.ts'
import { locate, mountedTree, type StartedAs } from '../../src/scan/index.ts'
import { cpuTime } from '../cpu-time.ts'
import { memoryTree } from './assemble.ts'

interface TarItem {
  readonly name: string
  /** Default: a file. '1' hard link, '2' symbolic link, '5' directory. */
  readonly type?: string
  readonly content?: Uint8Array
  readonly link?: string
  /** The size in the header, if it is false. */
  readonly size?: number
}

/** A ustar archive (POSIX.1-2017, pax). */
function tar(items: readonly TarItem[]): Uint8Array {
  const blocks: Buffer[] = []
  for (const { name, type = '0', content = new Uint8Array(0), link = '', size = content.length } of items) {
    const header = Buffer.alloc(512)
    header.write(name, 0, 100)
    header.write('0000755\0', 100)
    header.write(size < 2 ** 33 ? `${size.toString(8).padStart(11, '0')}\0` : '', 124)
    if (size >= 2 ** 33) {
      header[124] = 0x80
      header.writeBigUInt64BE(BigInt(size), 128)
    }
    header.write('        ', 148)
    header.write(type, 156)
    header.write(link, 157, 100)
    header.write('ustar\x0000', 257)
    header.write(
      `${header
        .reduce((sum, byte) => sum + byte, 0)
        .toString(8)
        .padStart(6, '0')}\0 `,
      148,
    )
    blocks.push(header, Buffer.from(content), Buffer.alloc((512 - (content.length % 512)) % 512))
  }
  return Buffer.concat([...blocks, Buffer.alloc(1024)])
}

const elf = (mark: string): Uint8Array =>
  Buffer.concat([Buffer.from([0x7f, 0x45, 0x4c, 0x46]), Buffer.from(mark)])

function files(all: Readonly<Record<string, Uint8Array | string>>): ArchiveFiles {
  return {
    name: 'image.tar',
    text: async (path) => {
      const found = all[path]
      return found === undefined ? undefined : Buffer.from(found as Uint8Array).toString()
    },
    bytes: async function* (path) {
      const found = all[path]
      if (found === undefined)
        throw new UserError('damaged', { file: 'image.tar', because: 'missing-entry', at: path })
      yield Buffer.from(found as Uint8Array)
    },
  }
}

function image(
  layers: readonly Uint8Array[],
  config: Readonly<Record<string, unknown>> = { Entrypoint: ['app'] },
  started?: StartedAs,
): Promise<LoadedImage> {
  const named = Object.fromEntries(layers.map((each, index) => [`${index}/layer.tar`, each]))
  return loadImage(
    files({
      ...named,
      'manifest.json': JSON.stringify([{ Config: 'c.json', Layers: Object.keys(named) }]),
      'c.json': JSON.stringify({ architecture: 'amd64', config }),
    }),
    undefined,
    started,
  )
}

/** The path of the program that the image starts, and the text after ELF's magic. */
async function program({ tree, programs }: LoadedImage): Promise<string | undefined> {
  const found = programs[0] === undefined ? undefined : await locate(tree, programs[0])
  if (found?.entry.kind !== 'file') return undefined
  return `${found.path} ${Buffer.from((await found.entry.read()).subarray(4)).toString()}`
}

const app = { name: 'usr/bin/app', content: elf('one') }
const rows: readonly (readonly [string, readonly (readonly TarItem[])[], string | undefined])[] = [
  ['a file', [[app]], '/usr/bin/app one'],
  ['the later layer', [[app], [{ ...app, content: elf('two') }]], '/usr/bin/app two'],
  ['a whiteout', [[app], [{ name: 'usr/bin/.wh.app' }]], undefined],
  ['a whiteout of a directory above', [[app], [{ name: '.wh.usr' }]], undefined],
  ['an opaque directory', [[app], [{ name: 'usr/bin/.wh..wh..opq' }]], undefined],
  [
    'an opaque directory takes away what lies below only',
    [[{ ...app, content: elf('old') }], [{ name: 'usr/bin/.wh..wh..opq' }, app]],
    '/usr/bin/app one',
  ],
  ['a file in place of the directory', [[app], [{ name: 'usr', content: elf('x') }]], undefined],
  [
    'a link from the root of the image, whatever is above',
    [
      [
        { name: 'opt/app', content: elf('o') },
        { name: 'bin/app', type: '2', link: '../../../../../opt/app' },
      ],
    ],
    '/opt/app o',
  ],
  [
    'an absolute link',
    [
      [
        { name: 'opt/app', content: elf('o') },
        { name: 'bin/app', type: '2', link: '/opt/app' },
      ],
    ],
    '/opt/app o',
  ],
  ['a directory that is a link', [[{ name: 'bin', type: '2', link: 'usr/bin' }, app]], '/usr/bin/app one'],
  [
    'a hard link, of the layer below as well',
    [[app], [{ name: 'bin/app', type: '1', link: 'usr/bin/app' }, { name: 'usr/bin/.wh.app' }]],
    '/bin/app one',
  ],
  ['a loop of links', [[{ name: 'bin/app', type: '2', link: 'app' }]], undefined],
  ['an entry that would lie outside', [[{ name: '../../bin/app', content: elf('x') }]], undefined],
  ['a hard link to the outside', [[{ name: 'bin/app', type: '1', link: '../../../bin/sh' }]], undefined],
  [
    'a link to the outside that is not in the image',
    [[{ name: 'bin/app', type: '2', link: '/../../../bin/sh' }]],
    undefined,
  ],
  ['a device', [[{ name: 'bin/app', type: '3' }]], undefined],
]

for (const [what, layers, expected] of rows)
  t.test(what, async (t) => {
    t.equal(await program(await image(layers.map(tar))), expected)
  })

t.test('compressed layers are told by their bytes', async (t) => {
  t.equal(await program(await image([gzipSync(tar([app]))])), '/usr/bin/app one')
})

const refused: readonly (readonly [string, () => Promise<unknown>, RegExp])[] = [
  ['a layer that claims a tebibyte', () => image([tar([{ ...app, size: 2 ** 40 }])]), /more than 32 GiB$/],
  ['a layer cut short', () => image([tar([app]).subarray(0, 600)]), /cut short; get it again$/],
  [
    'a layer that is no tar archive',
    () => image([Buffer.alloc(2048, 'x')]),
    /neither an ELF file nor an image archive/,
  ],
  [
    'garbage behind the first entry',
    () => image([Buffer.concat([tar([app]).subarray(0, 1024), Buffer.alloc(1024, 'x')])]),
    /is not a tar archive from byte 1024 on/,
  ],
  [
    'an extended header of a gibibyte',
    () => image([tar([{ name: 'x', type: 'x', size: 2 ** 30 }])]),
    /larger than 1 MiB/,
  ],
  ['an index that is no JSON', () => loadImage(files({ 'index.json': '{' })), /index\.json is not JSON/],
  ['an index without images', () => loadImage(files({ 'index.json': '{}' })), /holds no image/],
  [
    'a digest that is a path',
    () => loadImage(files({ 'index.json': '{"manifests":[{"digest":"sha256:../../../etc/passwd"}]}' })),
    /a descriptor has no digest/,
  ],
  [
    'an index that leads to itself',
    () => {
      const digest = 'a'.repeat(64)
      const own = JSON.stringify({ manifests: [{ digest: `sha256:${digest}` }] })
      return loadImage(files({ 'index.json': own, [`blobs/sha256/${digest}`]: own }))
    },
    /its index leads to no image/,
  ],
  [
    'a layer that is not there',
    () =>
      loadImage(
        files({
          'manifest.json': '[{"Config":"c.json","Layers":["none.tar"]}]',
          'c.json': '{"architecture":"amd64"}',
        }),
      ),
    /none\.tar is not in the archive/,
  ],
  [
    'two images',
    () =>
      loadImage(
        files({
          'manifest.json': '[{"Config":"c","Layers":[]},{"Config":"d","Layers":[]}]',
          c: '{"architecture":"amd64"}',
          d: '{"architecture":"amd64"}',
        }),
      ),
    /holds 2 images for x86_64/,
  ],
  [
    'another processor',
    () =>
      loadImage(
        files({
          'manifest.json': '[{"Config":"c.json","Layers":[]}]',
          'c.json': '{"architecture":"s390x"}',
        }),
      ),
    /s390x/,
  ],
]

/** An OCI layout: images as [architecture of the configuration, platform in the index], at the index's depth. */
function layout(
  images: readonly (readonly [architecture: string, platform?: object])[],
  { depth = 1, without = [] as readonly number[] } = {},
): ArchiveFiles {
  const blobs: Record<string, string> = {}
  const put = (document: object): { readonly digest: string } => {
    const text = JSON.stringify(document)
    const hash = createHash('sha256').update(text).digest('hex')
    blobs[`blobs/sha256/${hash}`] = text
    return { digest: `sha256:${hash}` }
  }
  const descriptors = images.map(([architecture, platform], index) => {
    const config = put({ architecture, config: { Entrypoint: [`/${architecture}-${index}`] } })
    const manifest = put({ config, layers: [] })
    if (without.includes(index)) delete blobs[`blobs/sha256/${manifest.digest.slice(7)}`]
    return { ...manifest, ...(platform === undefined ? {} : { platform }) }
  })
  let manifests: readonly object[] = descriptors
  for (let above = 1; above < depth; above++) manifests = [put({ manifests })]
  return files({ 'index.json': JSON.stringify({ manifests }), ...blobs })
}

/** The same images as `docker save` writes them. */
const saved = (...architectures: readonly string[]): ArchiveFiles =>
  files({
    'manifest.json': JSON.stringify(architectures.map((each) => ({ Config: each, Layers: [] }))),
    ...Object.fromEntries(architectures.map((each) => [each, JSON.stringify({ architecture: each })])),
  })

const amd64 = { architecture: 'amd64', os: 'linux' }
const arm64 = { architecture: 'arm64', os: 'linux', variant: 'v8' }
const both: Parameters<typeof layout>[0] = [['arm64', arm64], ['amd64', amd64]] // prettier-ignore

const choices: readonly (readonly [string, ArchiveFiles, 'x86_64' | 'aarch64' | undefined, string | RegExp])[] = [
  ['an index of two platforms, none asked for', layout(both), undefined, 'x86_64'],
  ['an index of two platforms', layout(both), 'aarch64', 'aarch64'],
  ['an index in an index', layout(both, { depth: 3 }), 'aarch64', 'aarch64'],
  ['an index without platforms', layout([['amd64'], ['arm64']]), 'aarch64', 'aarch64'],
  ['an index of one platform', layout([['amd64', amd64]]), 'aarch64', /holds no image for aarch64/],
  ['an index without platforms, of one image', layout([['amd64']]), 'aarch64', /holds no image for aarch64/],
  ['an attestation', layout([['amd64', { architecture: 'unknown', os: 'unknown' }], ['amd64', amd64]]), 'x86_64', 'x86_64'],
  ['an image for Windows', layout([['amd64', { architecture: 'amd64', os: 'windows' }], ['amd64', amd64]]), 'x86_64', 'x86_64'],
  ['a platform that was not saved', layout(both, { without: [1] }), undefined, 'aarch64'],
  ['no platform saved', layout(both, { without: [0, 1] }), undefined, /its index leads to no image/],
  ['two images of an architecture', layout([['amd64', amd64], ['arm64', arm64], ['amd64', amd64]]), undefined, /holds 2 images for x86_64/],
  ['one image of the other', layout([['amd64', amd64], ['arm64', arm64], ['amd64', amd64]]), 'aarch64', 'aarch64'],
  ['docker save of two architectures', saved('amd64', 'arm64'), 'aarch64', 'aarch64'],
  ['docker save of another one', saved('amd64'), 'aarch64', /holds no image for aarch64/],
  ['docker save of two, one known', saved('s390x', 'arm64'), undefined, 'aarch64'],
] // prettier-ignore

for (const [what, archive, wanted, expected] of choices)
  t.test(`the image that is chosen: ${what}`, async (t) => {
    const chosen = await loadImage(archive, wanted).then(
      ({ architecture }) => architecture,
      (error: Error) => error.message,
    )
    if (typeof expected === 'string') t.equal(chosen, expected)
    else t.match(chosen, expected)
  })

for (const [what, load, line] of refused)
  t.test(`refused: ${what}`, async (t) => {
    const spent = cpuTime()
    const error = await load().then(
      () => undefined,
      (reason: unknown) => reason,
    )
    t.ok(error instanceof UserError, String(error))
    t.match((error as Error).message, line)
    t.match((error as Error).message, /^image\.tar[^\n]*$/, 'one line that names the archive')
    t.ok(spent() < 30_000)
  })

t.test('a bomb costs no memory: what is no program is not kept', async (t) => {
  const zeros = Buffer.alloc(2 ** 28)
  const bomb = gzipSync(tar([{ name: 'zeros', content: zeros }, app]), { level: 1 })
  const before = process.memoryUsage().arrayBuffers
  const loaded = await image([bomb])
  t.ok(process.memoryUsage().arrayBuffers - before < 2 ** 27)
  t.equal(await program(loaded), '/usr/bin/app one')
})

const tool = { name: 'opt/tool', content: elf('tool') }
const starts: readonly (readonly [words: string, programs: readonly string[]])[] = [
  ['docker run i', ['/usr/bin/app', '/opt/tool']],
  ['docker run --rm i app x', ['/usr/bin/app']],
  ['docker run --entrypoint /opt/tool i', ['/opt/tool']],
  ['docker run --entrypoint /opt/tool i app', ['/opt/tool', '/usr/bin/app']],
  ['podman run --entrypoint ["/opt/tool","x"] i', ['/opt/tool']],
  ['podman run --entrypoint= i /opt/tool', ['/opt/tool']],
  ['docker run -w /opt --entrypoint ./tool i', ['/opt/tool']],
  ['docker run --entrypoint /srv/own -v /here:/srv:ro i', ['/srv/own']],
  ['docker run --entrypoint /srv/a/own --mount type=bind,src=/here,dst=/srv/a i', ['/srv/a/own']],
  ['docker run --entrypoint /srv/own -v name:/srv i', []],
]
for (const [words, wanted] of starts)
  t.test(`what is started by: ${words}`, async (t) => {
    const run = readEngineRun(words.split(' '), 0, {})
    if (run === undefined) return t.fail('no run')
    const { image: name, mounts, ...started } = run.started
    t.equal(name, 'i')
    const here = memoryTree({ '/here/own': elf('own') })
    const places = mounts.map(({ source, target }) => ({
      at: target,
      entry: (rest: string) => here.entry(`${source}${rest}`),
    }))
    const { programs } = await image(
      [tar([app, tool])],
      { Entrypoint: ['app'], Cmd: ['/opt/tool'] },
      { ...started, mounted: (root) => mountedTree(root, places) },
    )
    t.same(programs, wanted)
  })
