// Reads the bytes of a file in chunks.
import { closeSync, constants, fstatSync, openSync, readSync, statSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { setImmediate } from 'node:timers/promises'
import { UserError } from '../errors.ts'
import { causeOf } from '../errors/row.ts'
import { borrowChunks, chunkSize } from '../read/compiled.ts'
import { optimizeSooner } from './optimizing.ts'

/** Smaller files are read whole. The first chunk of a longer file has at least this size. Bytes. */
export const headSize = 65536
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

/**
 * The bytes of a small file, read synchronously: there can be thousands, and each turn through the thread pool takes
 * longer than the reading. Undefined for any other file, and for a file that grows because somebody is writing to it.
 */
export function smallFile(path: string): Uint8Array | undefined {
  // Opens only regular files, and without blocking, because a FIFO in the file's place would wait for its writer.
  if (!statSync(path).isFile()) return undefined
  const descriptor = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
  try {
    const found = fstatSync(descriptor)
    // Files of /proc have size 0.
    if (!found.isFile() || found.size === 0 || found.size >= headSize) return undefined
    const whole = Buffer.allocUnsafeSlow(found.size + 1)
    const length = readSync(descriptor, whole, 0, whole.length, null)
    return length < whole.length ? whole.subarray(0, length) : undefined
  } finally {
    closeSync(descriptor)
  }
}

/** When signals and timers last had their turn. */
let paused = 0

/** Lets signals and timers have their turn, which synchronous reading delays. */
export async function pause(): Promise<void> {
  if (performance.now() - paused < 20) return
  await setImmediate()
  paused = performance.now()
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
