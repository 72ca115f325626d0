// Chooses one image of an archive: the configuration and the layers of the architecture that the user asked for, or
// x86_64's if the archive has it. An image's architecture is the one of its configuration. Authority: the OCI image
// specification (image-layout.md, image-index.md, config.md), moby's image/tarexport for manifest.json.
import type { Architecture } from '../../abi/architectures.ts'
import { UserError } from '../../errors.ts'
import type { ElfMachine } from '../elf/image.ts'
import type { ArchiveFiles } from './archive.ts'

export interface ImageConfig {
  readonly architecture?: string
  readonly config?: {
    readonly Entrypoint?: readonly string[] | null
    readonly Cmd?: readonly string[] | null
    readonly Env?: readonly string[] | null
    readonly WorkingDir?: string
  }
}

interface FoundImage {
  readonly config: ImageConfig
  readonly layers: readonly string[]
}

export interface ChosenImage extends FoundImage {
  readonly architecture: ElfMachine
}

const machines: Readonly<Record<string, ElfMachine>> = { amd64: 'x86_64', arm64: 'aarch64' }

/** No archive needs more documents: an index has one for each platform and one for each attestation. */
const mostDocuments = 1024

/** Throws UserError if the archive holds no image for the architecture, or several. */
export async function chooseImage(
  files: ArchiveFiles,
  wanted: Architecture | undefined,
): Promise<ChosenImage> {
  const images = await new ManifestReader(files).images()
  const known = images.flatMap((each) => {
    const architecture = machines[each.config.architecture ?? '']
    return architecture === undefined ? [] : [{ ...each, architecture }]
  })
  const [only] = images
  if (known.length === 0 && images.length === 1)
    throw new UserError('other-machine', {
      file: files.name,
      is: 'image',
      machine: only?.config.architecture ?? 'no architecture',
    })
  const machine =
    wanted ?? (known.find(({ architecture }) => architecture === 'x86_64') ?? known[0])?.architecture
  const [first, ...others] = known.filter(({ architecture }) => architecture === machine)
  if (first === undefined) throw new UserError('no-image-for', { file: files.name, architecture: wanted })
  if (others.length > 0)
    throw new UserError('several-images', {
      file: files.name,
      count: others.length + 1,
      architecture: first.architecture,
    })
  return first
}

interface ImageDescriptor {
  readonly digest?: string
  readonly platform?: { readonly architecture?: string; readonly os?: string }
}

interface Index {
  readonly manifests?: readonly ImageDescriptor[]
}

interface ImageManifest {
  readonly config?: ImageDescriptor
  readonly layers?: readonly ImageDescriptor[]
}

class ManifestReader {
  readonly #files: ArchiveFiles

  constructor(files: ArchiveFiles) {
    this.#files = files
  }

  async images(): Promise<readonly FoundImage[]> {
    const index = await this.#json<Index>('index.json')
    return index === undefined ? this.#saved() : this.#indexed(index)
  }

  async #json<Shape>(path: string): Promise<Shape | undefined> {
    const text = await this.#files.text(path)
    if (text === undefined) return undefined
    try {
      return JSON.parse(text) as Shape
    } catch {
      throw new UserError('damaged', { file: this.#files.name, because: 'entry-not-json', at: path })
    }
  }

  /** The images of manifest.json: what `docker save` wrote. */
  async #saved(): Promise<readonly FoundImage[]> {
    const saved =
      await this.#json<readonly { readonly Config?: unknown; readonly Layers?: unknown }[]>('manifest.json')
    const entries = Array.isArray(saved) ? saved.slice(0, mostDocuments) : []
    const found: FoundImage[] = []
    for (const each of entries) {
      if (!isText(each?.Config) || !Array.isArray(each.Layers) || !each.Layers.every(isText))
        throw new UserError('not-an-image', { file: this.#files.name })
      found.push({ config: (await this.#json<ImageConfig>(each.Config)) ?? {}, layers: each.Layers })
    }
    if (found.length === 0) throw new UserError('not-an-image', { file: this.#files.name })
    return found
  }

  /**
   * The images of an index and of the indexes in it. Attestations are no images. An image whose manifest is not in the
   * archive was not saved with it: `docker save` keeps the index of all platforms.
   */
  async #indexed(index: Index): Promise<readonly FoundImage[]> {
    const found: FoundImage[] = []
    const seen = new Set<string>()
    const open = [...(index.manifests ?? [])]
    for (let each = open.shift(); each !== undefined && seen.size < mostDocuments; each = open.shift()) {
      const path = blob(this.#files, each.digest)
      if (seen.has(path) || !isForLinux(each)) continue
      seen.add(path)
      const document = await this.#json<Index & ImageManifest>(path)
      if (document?.manifests !== undefined) open.push(...document.manifests)
      if (document?.config === undefined || document.layers === undefined) continue
      found.push({
        config: (await this.#json<ImageConfig>(blob(this.#files, document.config.digest))) ?? {},
        layers: document.layers.map(({ digest }) => blob(this.#files, digest)),
      })
    }
    if (found.length === 0 && seen.size > 0)
      throw new UserError('damaged', { file: this.#files.name, because: 'no-image' })
    return found
  }
}

const isText = (value: unknown): value is string => typeof value === 'string'

/** A descriptor need not name a platform; an attestation has the platform `unknown`. */
function isForLinux({ platform }: ImageDescriptor): boolean {
  return platform?.architecture !== 'unknown' && (platform?.os ?? 'linux') === 'linux'
}

/** Turns a digest into a path. Only its two parts, algorithm and hash, may be in the path. */
function blob(files: ArchiveFiles, digest: string | undefined): string {
  const [, algorithm, hash] = /^(sha256|sha512):([0-9a-f]{64,128})$/.exec(digest ?? '') ?? []
  if (hash === undefined) throw new UserError('damaged', { file: files.name, because: 'no-digest' })
  return `blobs/${algorithm}/${hash}`
}
