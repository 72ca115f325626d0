// Reads an image archive: what `docker save` and `podman save` write, or an OCI image layout (a directory or a tar of
// it). Authority: the OCI image specification (image-layout.md, config.md).
import {
  architecture as anyArchitecture,
  callback,
  readOptions,
  text,
  texts,
  type OptionTable,
} from '../../options.ts'
import type { ElfMachine } from '../elf/image.ts'
import { Layers } from './layers.ts'
import { chooseImage, type ImageConfig } from './manifests.ts'
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
  const { config, layers, architecture } = await chooseImage(files, machine)
  const root = new Layers(files.setAside?.bind(files))
  for (const layer of layers) await root.add(`${files.name}: ${layer}`, files.bytes(layer))
  const tree = started.mounted?.(root) ?? root
  return { tree, architecture, programs: await programsOf(tree, config, started) }
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
