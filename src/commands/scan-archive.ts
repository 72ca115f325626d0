// Reads the files of an image archive: a directory (OCI layout) or a tar archive, compressed or not.
import { createReadStream } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { UserError } from '../errors.ts'
import { decompressed } from '../read/decompress.ts'
import { readTar, type ArchiveFiles } from '../scan/index.ts'
import { cannotRead, named } from './file-chunks.ts'

/** The limit for documents of an image, which are small. Bytes. */
const mostText = 16 * 2 ** 20

export function layoutFiles(directory: string, name: string): ArchiveFiles {
  return {
    name,
    text: async (path) => {
      try {
        return await readFile(join(directory, path), 'utf8')
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
        throw cannotRead(`${name}: ${path}`, error as Error)
      }
    },
    bytes: (path) => reading(createReadStream(join(directory, path)), `${name}: ${path}`),
  }
}

/** Throws a UserError for a file that is not a tar archive. */
export async function archiveFiles(file: string, name: string): Promise<ArchiveFiles> {
  const places = new Map<string, { readonly offset: number; readonly size: number }>()
  const all = (): AsyncIterable<Uint8Array> => decompressed(name, reading(createReadStream(file), name))
  const first = await firstBytes(file, name)
  const isPlain = !(first[0] === 0x1f && first[1] === 0x8b) && first[0] !== 0x28
  await readTar(
    name,
    all(),
    () => false,
    ({ name: path, type, offset, size }) => {
      if (type === '0' || type === '7') places.set(path.replace(/^\.\//, ''), { offset, size })
    },
  )
  const bytes = (path: string): AsyncIterable<Uint8Array> => {
    const place = places.get(path)
    if (place === undefined)
      throw new UserError('damaged', { file: name, because: 'missing-entry', at: path })
    if (place.size === 0) return nothing()
    return isPlain
      ? reading(createReadStream(file, { start: place.offset, end: place.offset + place.size - 1 }), name)
      : part(all(), place.offset, place.size)
  }
  return {
    name,
    bytes,
    text: async (path) => {
      const place = places.get(path)
      if (place === undefined) return undefined
      if (place.size > mostText)
        throw new UserError('damaged', { file: name, because: 'large-entry', at: path })
      const pieces: Uint8Array[] = []
      for await (const piece of bytes(path)) pieces.push(piece)
      return new TextDecoder().decode(Buffer.concat(pieces))
    },
  }
}

async function* nothing(): AsyncGenerator<Uint8Array> {}

/** The bytes by which a program and an archive are told apart. `name`: of the file, in messages. */
export async function firstBytes(file: string, name: string): Promise<Uint8Array> {
  for await (const piece of named(name, createReadStream(file, { end: 7 }))) return piece
  return new Uint8Array(0)
}

async function* part(
  bytes: AsyncIterable<Uint8Array>,
  offset: number,
  size: number,
): AsyncGenerator<Uint8Array> {
  let at = 0
  for await (const piece of bytes) {
    const [from, to] = [Math.max(0, offset - at), Math.min(piece.length, offset + size - at)]
    if (to > from) yield piece.subarray(from, to)
    at += piece.length
    if (at >= offset + size) return
  }
}

async function* reading(stream: AsyncIterable<unknown>, name: string): AsyncGenerator<Uint8Array> {
  try {
    for await (const piece of stream) yield piece as Uint8Array
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === undefined) throw error
    throw code === 'ENOENT'
      ? new UserError('not-in-archive', { file: name })
      : cannotRead(name, error as Error)
  }
}
