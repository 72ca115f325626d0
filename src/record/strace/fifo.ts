// A private FIFO between strace and the reader of its trace: no trace fills the disk, and strace waits if it is faster
// than the reader. strace opens it as a descriptor of this process, /proc/PID/fd/N (proc_pid_fd(5)): so the FIFO needs no
// name, and if this process is killed first, strace finds no file instead of waiting for a reader for ever (fifo(7)).
// `strace -o /dev/fd/N` does not work: the extra pipes that Node gives a child are sockets, which open(2) refuses
// (unix(7)), and the recorded program would inherit a descriptor of ours.
import { execa } from 'execa'
import { closeSync, constants, fstatSync, openSync, rmSync, statSync } from 'node:fs'
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
}

/**
 * Makes a FIFO in a new directory that only this user can enter, below `place`.
 * Throws UserError (125) if that is not possible.
 */
export async function makeFifo(place: string = tmpdir()): Promise<Fifo> {
  const directory = temporaryDirectory(place)
  const remove = () => rmSync(directory, { recursive: true, force: true })
  const name = join(directory, 'trace')
  try {
    const made = await execa('mkfifo', ['-m', '600', name], { reject: false, stdin: 'ignore' })
    if (made.failed)
      throw new UserError('no-fifo', { directory: tmpdir(), why: made.stderr || (made.message ?? '') })
    // Non-blocking, because strace opens it later. Our own writer keeps the reader from seeing an end before that.
    const reader = openSync(name, constants.O_RDONLY | constants.O_NONBLOCK)
    const writer = openSync(name, constants.O_WRONLY)
    const shown = pathOf(writer)
    if (shown !== undefined) remove()
    let open = true
    const close = () => {
      if (open) closeSync(writer)
      open = false
      remove()
    }
    // The buffer is full at once, so nothing more is read before the bytes are taken.
    const options = { fd: reader, readable: true, writable: false, readableHighWaterMark: 1 }
    return { path: shown ?? name, bytes: emptied(new Socket(options)), close }
  } catch (error) {
    remove()
    throw error
  }
}

/**
 * Under which path another process of this user opens the file of a descriptor. Undefined where /proc is another
 * process id namespace's, or does not let anybody else see our descriptors: node has file capabilities (proc(5), dumpable).
 */
function pathOf(descriptor: number): string | undefined {
  const directory = `/proc/${process.pid}/fd`
  const own = fstatSync(descriptor)
  const { uid } = statSync(directory, { throwIfNoEntry: false }) ?? {}
  if (uid !== process.geteuid?.()) return undefined
  const path = `${directory}/${descriptor}`
  const found = statSync(path, { throwIfNoEntry: false })
  return found?.ino === own.ino && found.dev === own.dev ? path : undefined
}

/**
 * strace writes each line separately. If every line woke the reader, the reader would take processor time from the
 * workload, so it waits until some lines have come. A FIFO holds 64 KiB (pipe(7)), far more than comes in that time.
 */
async function* emptied(socket: Socket): AsyncGenerator<Uint8Array> {
  try {
    for await (const bytes of socket.iterator({ destroyOnReturn: false })) {
      yield bytes as Uint8Array
      if ((bytes as Uint8Array).length < 32768) await wait(5)
    }
  } finally {
    socket.resume()
  }
}
