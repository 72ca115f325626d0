// A private FIFO between strace and the reader of its trace: no trace fills the disk, and strace waits if it is faster
// than the reader. `strace -o /dev/fd/N` does not work: the extra pipes that Node gives a child are sockets, which
// open(2) refuses (unix(7)), and the recorded program would inherit a descriptor of ours.
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
  /** The file that strace opens for writing. */
  readonly path: string
  /** The bytes of the trace. If the reader gives up, the FIFO is still emptied, so that the writer never hangs. */
  readonly bytes: AsyncIterable<Uint8Array>
  /** Says that no further writer will come: `bytes` ends with the last writer. */
  readonly close: () => void
  /** Removes the FIFO from the file system. Processes that have it open keep it. */
  readonly remove: () => Promise<void>
}

/**
 * Makes a FIFO in a new directory that only this user can enter, below `place`.
 * Throws UserError (125) if that is not possible.
 */
export async function makeFifo(place: string = tmpdir()): Promise<Fifo> {
  const directory = temporaryDirectory(place)
  const remove = () => rm(directory, { recursive: true, force: true })
  const path = join(directory, 'trace')
  try {
    const made = await execa('mkfifo', ['-m', '600', path], { reject: false, stdin: 'ignore' })
    if (made.failed)
      throw new UserError('no-fifo', { directory: tmpdir(), why: made.stderr || (made.message ?? '') })
    // Non-blocking, because strace opens it later. Our own writer keeps the reader from seeing an end before that.
    const reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
    const writer = openSync(path, constants.O_WRONLY)
    let open = true
    const close = () => {
      if (open) closeSync(writer)
      open = false
    }
    // The buffer is full at once, so nothing more is read before the bytes are taken.
    const options = { fd: reader, readable: true, writable: false, readableHighWaterMark: 1 }
    const socket = new Socket(options)
    return { path, bytes: emptied(socket, remove), close, remove }
  } catch (error) {
    await remove()
    throw error
  }
}

/**
 * strace writes each line separately. If every line woke the reader, the reader would take processor time from the
 * workload, so it waits until some lines have come. A FIFO holds 64 KiB (pipe(7)), far more than comes in that time.
 */
async function* emptied(socket: Socket, remove: () => Promise<void>): AsyncGenerator<Uint8Array> {
  let opened = false
  try {
    for await (const bytes of socket.iterator({ destroyOnReturn: false })) {
      // strace has opened the FIFO: if we are killed from here on, no file is left.
      if (!opened) await remove()
      opened = true
      yield bytes as Uint8Array
      if ((bytes as Uint8Array).length < 32768) await wait(5)
    }
  } finally {
    socket.resume()
  }
}
