// Reads whole text files for commands whose input is a document, not a stream. `-` is stdin.
import { isUtf8 } from 'node:buffer'
import { open } from 'node:fs/promises'
import { resolve } from 'node:path'
import { UserError } from '../errors.ts'
import { causeOf } from '../errors/row.ts'
import { headSize, smallFile } from './small-file.ts'
import type { World } from './world.ts'

export interface TextFile {
  /** The name that the user wrote, for messages. */
  readonly name: string
  readonly text: string
}

/** The limit for a document. The largest known ones have some hundred KiB. */
const sizeLimit = 8 * 1024 * 1024

/** Throws a UserError for a file that is missing, unreadable, too large or not UTF-8. */
export async function readText(name: string, world: World): Promise<string> {
  const pieces: Uint8Array[] = []
  let size = 0
  try {
    for await (const piece of name === '-' ? world.stdin.bytes() : piecesOf(resolve(world.cwd, name))) {
      size += piece.length
      if (size > sizeLimit) throw new UserError('file-too-large', { file: name, kind: 'profile' })
      pieces.push(piece)
    }
  } catch (error) {
    if (error instanceof UserError) throw error
    const cause = causeOf(error)
    throw cause.errno === 'EISDIR'
      ? new UserError('directory-not-read', { file: name })
      : new UserError('cannot-read', { file: name, ...cause })
  }
  const bytes = Buffer.concat(pieces)
  if (!isUtf8(bytes)) throw new UserError('not-utf8', { file: name })
  return bytes.toString()
}

/** Not a stream of Node.js, because loading the twenty modules of streams takes a short command 4 ms. */
async function* piecesOf(path: string): AsyncGenerator<Uint8Array> {
  const small = smallFile(path)
  if (small !== undefined) return yield small
  const handle = await open(path)
  try {
    for (;;) {
      const { bytesRead, buffer } = await handle.read(Buffer.allocUnsafe(headSize), 0, headSize, null)
      if (bytesRead === 0) return
      yield buffer.subarray(0, bytesRead)
    }
  } finally {
    await handle.close()
  }
}
