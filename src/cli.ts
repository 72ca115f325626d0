// Makes the real world for main.ts. It reads and writes the standard streams by descriptor: Node's stream objects would
// make them non-blocking, and a command that inherits them would get EAGAIN.
import { fstatSync, openSync, read, writeSync } from 'node:fs'
import { promisify } from 'node:util'
import type { Output, World } from './commands/world.ts'
import { UserError } from './errors.ts'
import { causeOf } from './errors/row.ts'
import { run } from './main.ts'
import { endingSignals } from './record/recording.ts'

/** Recognizes pipes and files without node:tty, which takes 4 ms to load. */
function isTerminal(descriptor: 0 | 1 | 2): boolean {
  if (process.platform !== 'win32' && !mayBeTerminal(descriptor)) return false
  return process.getBuiltinModule('node:tty').isatty(descriptor)
}

function mayBeTerminal(descriptor: number): boolean {
  try {
    const found = fstatSync(descriptor)
    // On Linux devices of major 1 are /dev/null and others of memory (Documentation/admin-guide/devices.txt).
    return found.isCharacterDevice() && !(process.platform === 'linux' && found.rdev >> 8 === 1)
  } catch {
    // The descriptor is closed.
    return false
  }
}

function output(descriptor: 1 | 2): Output {
  let gone = false
  const write = (text: string): boolean => {
    for (let bytes = Buffer.from(text); bytes.length > 0 && !gone;) {
      try {
        bytes = bytes.subarray(writeSync(descriptor, bytes))
      } catch (error) {
        const { code } = error as NodeJS.ErrnoException
        // Another process made our pipe non-blocking: wait for the reader.
        if (code === 'EAGAIN') Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10)
        // The reader has gone (`| head`), or stderr itself fails, so no message can appear.
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

/** The width of the controlling terminal, through our own descriptor: a Node stream on 1 would make it non-blocking. */
function terminalColumns(): number | undefined {
  // Windows has no /dev/tty, and Node leaves inherited descriptors blocking there.
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
/** Reads only on demand: a stream would read ahead, and the process would wait for a pipe that nobody closes. */
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
    // The directory was removed. Absolute names still work; in this one (proc_pid_cwd(5)), relative ones fail.
    return '/proc/self/cwd'
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

// Without a listener Node.js opens its debugger, which any user of the machine may reach (nodejs.org, "Debugging").
process.on('SIGUSR1', () => undefined)

// Everything is written by now, and a pending read of a pipe must not keep the process alive.
void run(process.argv.slice(2), world).then((status) => process.exit(status))
