// Implements `--pid` for strace: only one thread's lines go to the reader, by their pids (-f) or as its file (-ff).
// Lines without a pid belong to the first process, whose number is not printed.
import { latin1, viewOf } from './byte-text.ts'
import type { LinesAccount, Reader } from './reader.ts'
import type { Sink } from './seen.ts'
import { pidOf } from './strace/parse-line.ts'

/** Room for a pid and the comm of -Y: 15 bytes, each printed as up to four characters. */
const prefixReach = 96

export class OfOnePid implements Reader {
  readonly format: string
  readonly #reader: Reader
  readonly #pid: number
  #ofFile: number | undefined
  #left = 0

  constructor(reader: Reader, pid: number) {
    this.format = reader.format
    this.#reader = reader
    this.#pid = pid
  }

  startSource(name: string, pid?: number): void {
    this.#ofFile = pid
    this.#left = 0
    this.#reader.startSource(name, pid)
  }

  takeLines(given: Uint8Array, start: number, end: number): void {
    if (this.#ofFile === this.#pid) return this.#reader.takeLines(given, start, end)
    const bytes = viewOf(given)
    for (let at = start; at < end;) {
      const stop = bytes.indexOf(0x0a, at) + 1
      if (pidOf(latin1(bytes, at, Math.min(stop, at + prefixReach))) === this.#pid)
        this.#reader.takeLines(given, at, stop)
      else this.#left++
      at = stop
    }
  }

  endSource(cut: boolean): LinesAccount {
    const account = this.#reader.endSource(cut)
    return { ...account, lines: account.lines + this.#left, ignored: account.ignored + this.#left }
  }

  end(sink: Sink): void {
    this.#reader.end(sink)
  }
}
