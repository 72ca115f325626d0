// A private FIFO between a recorder and its reader: no trace fills the disk, and a recorder that is quicker than
// its reader waits. `strace -o /dev/fd/N` is no way out: the extra pipes Node gives a child are sockets, which
// open(2) refuses (unix(7)); and a descriptor of ours would be inherited by the recorded program.
import { execa } from 'execa'
import { closeSync, constants, openSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { UserError } from '../../errors.ts'
import { temporaryDirectory } from '../temporary.ts'

export interface Fifo {
  /** For the recorder to open for writing. */
  readonly path: string
  /** What is written to it. Goes on being emptied when the reader gives up, so that the writer never hangs. */
  readonly bytes: AsyncIterable<Uint8Array>
  /** No further writer will come: `bytes` ends with the last one. */
  readonly close: () => void
  /** Takes it out of the file system; those who have it open keep it. */
  readonly remove: () => Promise<void>
}

/**
 * Makes a FIFO in a directory that only this user can enter, by default one for temporary files.
 * Throws UserError (125) where that cannot be done.
 */
export async function makeFifo(place: string = tmpdir()): Promise<Fifo> {
  const directory = temporaryDirectory(place)
  const remove = () => rm(directory, { recursive: true, force: true })
  const path = join(directory, 'trace')
  try {
    const made = await execa('mkfifo', ['-m', '600', path], { reject: false, stdin: 'ignore' })
    if (made.failed)
      throw new UserError('no-fifo', { directory: tmpdir(), why: made.stderr || (made.message ?? '') })
    // Non-blocking, because the writer comes later; ours keeps the reader from seeing an end before it came.
    const reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
    const writer = openSync(path, constants.O_WRONLY)
    let open = true
    const close = () => {
      if (open) closeSync(writer)
      open = false
    }
    // A buffer that is full at once: nothing more is read before this is taken.
    const options = { fd: reader, readable: true, writable: false, readableHighWaterMark: 1 }
    const socket = new Socket(options)
    return { path, bytes: emptied(socket, remove), close, remove }
  } catch (error) {
    await remove()
    throw error
  }
}

/**
 * strace writes every line by itself. Woken for each of them, the reader would take the processor from what it
 * records; it waits until some have gathered. A FIFO holds 64 KiB (pipe(7)), far more than comes in that time.
 */
async function* emptied(socket: Socket, remove: () => Promise<void>): AsyncGenerator<Uint8Array> {
  let opened = false
  try {
    for await (const bytes of socket.iterator({ destroyOnReturn: false })) {
      // The recorder has it open: if we are killed from here on, no file is left.
      if (!opened) await remove()
      opened = true
      yield bytes as Uint8Array
      if ((bytes as Uint8Array).length < 32768) await wait(5)
    }
  } finally {
    socket.resume()
  }
}
