// Reads a small file without a turn through the thread pool.
import { closeSync, constants, fstatSync, openSync, readSync, statSync } from 'node:fs'

/** Smaller files are read whole. The first chunk of a longer file has at least this size. Bytes. */
export const headSize = 65536

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
