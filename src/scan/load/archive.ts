// Reads an image archive: what `docker save` and `podman save` write, or an OCI image layout (a directory or a tar of
// it). Authority: the OCI image specification (image-layout.md, config.md), moby's image/tarexport for manifest.json.
import { UserError } from '../../errors.ts'
import {
  architecture as anyArchitecture,
  callback,
  readOptions,
  text,
  texts,
  type OptionTable,
} from '../../options.ts'
import type { Architecture } from '../../abi/architectures.ts'
import type { ElfMachine } from '../elf/image.ts'
import { Layers } from './layers.ts'
import { findOnPath } from './search-path.ts'
import type { Tree } from './tree.ts'

/** The files of an archive. Their bytes may be read several times and in any order. */
export interface ArchiveFiles {
  /** The archive as the user named it. */
  readonly name: string
  /** Undefined if there is no such file. */
  text(path: string): Promise<string | undefined>
  bytes(path: string): AsyncIterable<Uint8Array>
  /** Puts a file of the image aside; returns a function that reads it back. Default: all programs stay in memory. */
  setAside?(bytes: Uint8Array): () => Promise<Uint8Array>
}

/** An image as a tree of files, with the programs that its configuration starts. */
export interface LoadedImage {
  readonly tree: Tree
  /** Programs that a container of the image starts: the entrypoint, and the command that it gets. */
  readonly programs: readonly string[]
  readonly architecture: ElfMachine
}

const machines: Readonly<Record<string, ElfMachine>> = { amd64: 'x86_64', arm64: 'aarch64' }

interface ImageConfig {
  readonly architecture?: string
  readonly config?: {
    readonly Entrypoint?: readonly string[] | null
    readonly Cmd?: readonly string[] | null
    readonly Env?: readonly string[] | null
    readonly WorkingDir?: string
  }
}

/** How a container of an image is started. An absent member has the image's own value. */
export interface StartedAs {
  readonly entrypoint?: readonly string[]
  readonly command?: readonly string[]
  readonly workingDirectory?: string
  /** Returns the root filesystem with the container's mounts in it. */
  readonly mounted?: (root: Tree) => Tree
}

const startTable: OptionTable<StartedAs> = {
  entrypoint: texts,
  command: texts,
  workingDirectory: text,
  mounted: callback(),
}

/**
 * Loads an image and finds the programs that it starts. `wanted`: the architecture, if the image has several.
 *
 * @throws UserError if the files are not an image, if the architecture is unknown, or if an option or its value is
 * invalid.
 */
export async function loadImage(
  files: ArchiveFiles,
  wanted?: ElfMachine,
  given: StartedAs = {},
): Promise<LoadedImage> {
  const started = readOptions('loadImage', startTable, given)
  const machine = wanted && anyArchitecture(wanted, 'loadImage: wanted')
  const { config, layers } = await manifestOf(files, machine)
  const architecture = machines[config.architecture ?? '']
  if (architecture === undefined)
    throw new UserError('other-machine', {
      file: files.name,
      is: 'image',
      machine: config.architecture ?? 'no architecture',
    })
  const root = new Layers(files.setAside?.bind(files))
  for (const layer of layers) await root.add(`${files.name}: ${layer}`, files.bytes(layer))
  const tree = started.mounted?.(root) ?? root
  return { tree, architecture, programs: await programsOf(tree, config, started) }
}

async function manifestOf(
  files: ArchiveFiles,
  wanted: Architecture | undefined,
): Promise<{ config: ImageConfig; layers: readonly string[] }> {
  const json = async <Shape>(path: string): Promise<Shape | undefined> => {
    const text = await files.text(path)
    if (text === undefined) return undefined
    try {
      return JSON.parse(text) as Shape
    } catch {
      throw new UserError('damaged', { file: files.name, because: 'entry-not-json', at: path })
    }
  }
  const isText = (value: unknown): value is string => typeof value === 'string'
  const index = await json<Index>('index.json')
  if (index === undefined) {
    const saved =
      await json<readonly { readonly Config?: unknown; readonly Layers?: unknown }[]>('manifest.json')
    const [first] = Array.isArray(saved) ? saved : []
    if (
      first === undefined ||
      !isText(first.Config) ||
      !Array.isArray(first.Layers) ||
      !first.Layers.every(isText)
    )
      throw new UserError('not-an-image', { file: files.name })
    if (saved !== undefined && saved.length > 1)
      throw new UserError('several-images', { file: files.name, count: saved.length })
    return { config: (await json<ImageConfig>(first.Config)) ?? {}, layers: first.Layers }
  }
  let manifests = index.manifests ?? []
  for (let depth = 0; depth < 4; depth++) {
    const fitting = manifests.filter(
      ({ platform }) =>
        platform?.architecture !== 'unknown' &&
        (wanted === undefined || platform === undefined || machines[platform.architecture ?? ''] === wanted),
    )
    const chosen =
      fitting.find(({ platform }) => machines[platform?.architecture ?? ''] === (wanted ?? 'x86_64')) ??
      fitting[0]
    if (chosen === undefined) throw new UserError('no-image-for', { file: files.name, architecture: wanted })
    const document = await json<Index & ImageManifest>(blob(files, chosen.digest))
    if (document?.manifests !== undefined) {
      manifests = document.manifests
      continue
    }
    if (document?.config === undefined || document.layers === undefined) break
    return {
      config: (await json<ImageConfig>(blob(files, document.config.digest))) ?? {},
      layers: document.layers.map(({ digest }) => blob(files, digest)),
    }
  }
  throw new UserError('damaged', { file: files.name, because: 'no-image' })
}

interface ImageDescriptor {
  readonly digest?: string
  readonly platform?: { readonly architecture?: string }
}

interface Index {
  readonly manifests?: readonly ImageDescriptor[]
}

interface ImageManifest {
  readonly config?: ImageDescriptor
  readonly layers?: readonly ImageDescriptor[]
}

/** Turns a digest into a path. Only its two parts, algorithm and hash, may be in the path. */
function blob(files: ArchiveFiles, digest: string | undefined): string {
  const [, algorithm, hash] = /^(sha256|sha512):([0-9a-f]{64,128})$/.exec(digest ?? '') ?? []
  if (hash === undefined) throw new UserError('damaged', { file: files.name, because: 'no-digest' })
  return `blobs/${algorithm}/${hash}`
}

/**
 * Looks up the first words of entrypoint and command, as execvp(3) does. If the user names an entrypoint, the command
 * too is the user's (docker run, "Override image defaults").
 */
async function programsOf(
  tree: Tree,
  { config = {} }: ImageConfig,
  { entrypoint, command = [], workingDirectory }: StartedAs,
): Promise<readonly string[]> {
  const path = (config.Env ?? []).find((each) => each.startsWith('PATH='))?.slice(5)
  const directory = workingDirectory ?? config.WorkingDir ?? ''
  const search = { directory, ...(path !== undefined && { path }) }
  const [first] = entrypoint ?? config.Entrypoint ?? []
  const [second] = command.length > 0 || entrypoint !== undefined ? command : (config.Cmd ?? [])
  const found: string[] = []
  for (const word of [first, second]) {
    const place = word === undefined ? undefined : await findOnPath(tree, word, search)
    if (place !== undefined && !found.includes(place)) found.push(place)
  }
  return found
}
