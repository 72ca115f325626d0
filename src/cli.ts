// The real world for main.ts. Standard streams are written and read by descriptor: the stream objects of Node would
// make them non-blocking, and a command that inherits them would be given EAGAIN.
import { openSync, read, writeSync } from 'node:fs'
import { promisify } from 'node:util'
import type { Output, World } from './commands/world.ts'
import { UserError } from './errors.ts'
import { causeOf } from './errors/row.ts'
import { run } from './main.ts'
import { endingSignals } from './record/recording.ts'

/** Loading node:tty takes 4 ms, and most commands do not ask. */
function isTerminal(descriptor: 0 | 1 | 2): boolean {
  return process.getBuiltinModule('node:tty').isatty(descriptor)
}

function output(descriptor: 1 | 2): Output {
  let gone = false
  const write = (text: string): boolean => {
    for (let bytes = Buffer.from(text); bytes.length > 0 && !gone;) {
      try {
        bytes = bytes.subarray(writeSync(descriptor, bytes))
      } catch (error) {
        const { code } = error as NodeJS.ErrnoException
        // Somebody else made our pipe non-blocking: wait for its reader.
        if (code === 'EAGAIN') Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10)
        // The reader has gone (`| head`); and where stderr does not take what is said, there is nobody to tell.
        else if (code === 'EPIPE' || descriptor === 2) gone = true
        else throw new UserError('cannot-write-stdout', causeOf(error))
      }
    }
    return !gone
  }
  return {
    get isTerminal() {
      return isTerminal(descriptor)
    },
    write,
    columns: terminalColumns,
  }
}

/** Of the controlling terminal, through a descriptor of our own: a stream of Node on 1 would make it non-blocking. */
function terminalColumns(): number | undefined {
  // Windows has no such name, and no descriptor that others inherit becomes non-blocking there.
  if (process.platform === 'win32') return process.stdout.columns
  try {
    const { WriteStream } = process.getBuiltinModule('node:tty')
    const terminal = new WriteStream(openSync('/dev/tty', 'r+'))
    const { columns } = terminal
    terminal.destroy()
    return columns > 0 ? columns : undefined
  } catch {
    return undefined
  }
}
/** Reads only when it is asked: a stream would read ahead, and its end wait for a pipe that nobody closes. */
async function* standardInput(): AsyncGenerator<Uint8Array> {
  for (;;) {
    const { bytesRead, buffer } = await promisify(read)(
      0,
      Buffer.allocUnsafe(1 << 18),
      0,
      1 << 18,
      null,
    ).catch(async (error: NodeJS.ErrnoException) => {
      // The end of a pipe on Windows.
      if (error.code === 'EOF') return { bytesRead: 0, buffer: Buffer.alloc(0) }
      if (error.code !== 'EAGAIN') throw error
      await new Promise((resolve) => setTimeout(resolve, 10))
      return { bytesRead: -1, buffer: Buffer.alloc(0) }
    })
    if (bytesRead === 0) return
    if (bytesRead > 0) yield buffer.subarray(0, bytesRead)
  }
}

function workingDirectory(): string {
  try {
    return process.cwd()
  } catch {
    // It was removed. Absolute names still work, relative ones fail as they would anywhere.
    return '/'
  }
}

const world: World = {
  stdin: {
    get isTerminal() {
      return isTerminal(0)
    },
    bytes: standardInput,
  },
  stdout: output(1),
  stderr: output(2),
  env: process.env,
  cwd: workingDirectory(),
  signals: (listener) => {
    for (const signal of endingSignals) process.on(signal, listener)
    return () => {
      for (const signal of endingSignals) process.off(signal, listener)
    }
  },
}

// Everything is written by now; a read of a pipe that nobody closes must not keep the process.
void run(process.argv.slice(2), world).then((status) => process.exit(status))
