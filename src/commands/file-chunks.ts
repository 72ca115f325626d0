// Reads the bytes of a file in chunks.
import { open } from 'node:fs/promises'
import { UserError } from '../errors.ts'
import { causeOf } from '../errors/row.ts'
import { borrowChunks, chunkSize } from '../read/compiled.ts'

/** The smallest first chunk of a longer file. Bytes. */
export const headSize = 65536

/**
 * The chunks of a file. A chunk is valid until the next one is requested: two buffers take turns, so the next chunk is
 * read meanwhile, and large files leave no garbage.
 */
export async function* chunksOf(path: string): AsyncGenerator<Uint8Array> {
  const handle = await open(path)
  let giveBack: (() => void) | undefined
  try {
    const found = await handle.stat()
    // Small files get small buffers, because there can be thousands. Files of /proc have size 0.
    if (found.isFile() && found.size > 0 && found.size < headSize) {
      const whole = Buffer.allocUnsafeSlow(found.size + 1)
      const { bytesRead } = await handle.read(whole, 0, whole.length, null)
      if (bytesRead > 0) yield whole.subarray(0, bytesRead)
      // The file has grown: somebody is writing to it.
      if (bytesRead < whole.length) return
    }
    const borrowed = borrowChunks()
    const { buffers } = borrowed
    giveBack = borrowed.giveBack
    let turn: 0 | 1 = 0
    let next = handle.read(buffers[turn], 0, chunkSize, null)
    for (;;) {
      const { bytesRead } = await next
      if (bytesRead === 0) return
      const chunk = buffers[turn].subarray(0, bytesRead)
      turn = turn === 0 ? 1 : 0
      next = handle.read(buffers[turn], 0, chunkSize, null)
      // If the consumer stops, this read is left behind and its failure has no receiver.
      next.catch(() => undefined)
      yield chunk
    }
  } finally {
    // Ends the read that is left behind as well.
    await handle.close()
    giveBack?.()
  }
}

/** The same bytes; a read error becomes a UserError that names the file. */
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
