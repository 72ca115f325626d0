// Reads whole text files for commands whose input is a document, not a stream. `-` is stdin.
import { createReadStream } from 'node:fs'
import { resolve } from 'node:path'
import { UserError } from '../errors.ts'
import { causeOf } from '../errors/row.ts'
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
    for await (const piece of name === '-'
      ? world.stdin.bytes()
      : createReadStream(resolve(world.cwd, name))) {
      size += (piece as Uint8Array).length
      if (size > sizeLimit) throw new UserError('file-too-large', { file: name, kind: 'profile' })
      pieces.push(piece as Uint8Array)
    }
  } catch (error) {
    if (error instanceof UserError) throw error
    const cause = causeOf(error)
    throw cause.errno === 'EISDIR'
      ? new UserError('directory-not-read', { file: name })
      : new UserError('cannot-read', { file: name, ...cause })
  }
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(Buffer.concat(pieces))
  } catch {
    throw new UserError('not-utf8', { file: name })
  }
}
