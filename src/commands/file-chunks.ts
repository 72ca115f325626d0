// Reads the bytes of a file in chunks.
import { open } from 'node:fs/promises'
import { UserError } from '../errors.ts'
import { causeOf } from '../errors/row.ts'
import { borrowChunks, chunkSize } from '../read/compiled.ts'
import { optimizeSooner } from './optimizing.ts'
import { smallFile } from './small-file.ts'

/** From this many bytes on, reading takes longer than a tenth of a second. */
const longInput = 1 << 20

/**
 * The chunks of a file. A chunk is valid until the next one is requested: two buffers take turns, so the next chunk is
 * read meanwhile, and large files leave no garbage.
 */
export async function* chunksOf(path: string): AsyncGenerator<Uint8Array> {
  const small = smallFile(path)
  if (small !== undefined) {
    if (small.length > 0) yield small
    return pause()
  }
  const handle = await open(path)
  let giveBack: (() => void) | undefined
  try {
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
      // If the consumer stops, nothing awaits this read, and its failure must not go unhandled.
      next.catch(() => undefined)
      yield chunk
    }
  } finally {
    // Also ends a read that nothing awaits.
    await handle.close()
    giveBack?.()
  }
}

/** When signals and timers last had their turn, in seconds of this process. */
let paused = 0

/** Lets signals and timers have their turn, which synchronous reading delays. */
export async function pause(): Promise<void> {
  // Node.js loads its modules node:timers/promises and node:perf_hooks only when they are used, which takes 3 ms.
  if (process.uptime() - paused < 0.02) return
  await new Promise((resolve) => setImmediate(resolve))
  paused = process.uptime()
}

/** Passes the bytes on. A read error becomes a UserError that names the file. Long input is worth optimizing for. */
export async function* named(name: string, bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let length = 0
  try {
    for await (const chunk of bytes) {
      if (length < longInput && (length += chunk.length) >= longInput) optimizeSooner()
      yield chunk
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === undefined) throw error
    throw cannotRead(name, error as Error)
  }
}

export function cannotRead(name: string, error: Error): UserError {
  return new UserError('cannot-read', { file: name, ...causeOf(error) })
}
