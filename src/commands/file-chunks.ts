// The bytes of a file, in chunks.
import { open } from 'node:fs/promises'
import { UserError } from '../errors.ts'
import { causeOf } from '../errors/row.ts'

/** Of a file that is longer the first chunk has at least that much. */
export const headSize = 65536
const chunkSize = 1 << 20

/**
 * A file in chunks that are valid until the next one is asked for: two buffers take turns, so that the next chunk is
 * read while this one is looked at, and large files leave no garbage.
 */
export async function* chunksOf(path: string): AsyncGenerator<Uint8Array> {
  const handle = await open(path)
  try {
    const found = await handle.stat()
    // Of thousands of small files none is given large buffers. What /proc holds has no size.
    if (found.isFile() && found.size > 0 && found.size < headSize) {
      const whole = Buffer.allocUnsafeSlow(found.size + 1)
      const { bytesRead } = await handle.read(whole, 0, whole.length, null)
      if (bytesRead > 0) yield whole.subarray(0, bytesRead)
      // Longer than it was: somebody writes to it.
      if (bytesRead < whole.length) return
    }
    const buffers = [Buffer.allocUnsafeSlow(chunkSize), Buffer.allocUnsafeSlow(chunkSize)] as const
    let turn: 0 | 1 = 0
    let next = handle.read(buffers[turn], 0, chunkSize, null)
    for (;;) {
      const { bytesRead } = await next
      if (bytesRead === 0) return
      const chunk = buffers[turn].subarray(0, bytesRead)
      turn = turn === 0 ? 1 : 0
      next = handle.read(buffers[turn], 0, chunkSize, null)
      // Whoever stops asking leaves a read behind: its failure is nobody's then.
      next.catch(() => undefined)
      yield chunk
    }
  } finally {
    await handle.close()
  }
}

/** The bytes, with an error in reading them told as the user's file. */
export async function* named(name: string, bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    yield* bytes
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === undefined) throw error
    throw cannotRead(name, error as Error)
  }
}

export function cannotRead(name: string, error: Error): UserError {
  return new UserError('cannot-read', { file: name, ...causeOf(error) })
}
