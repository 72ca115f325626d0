// Reads from the trace while strace still runs: which process the command is, whether it could be started, whether it
// has ended, and which signals reached it. The only text of the traced program in the trace is that of execve, inside
// quotes and on one line, so the program cannot forge any of this.
// Authority: strace 6.1, tried (`PID [ nr] --- SIGINT {…} ---`, `+++ exited with N +++`, `+++ killed by S +++`).
import { endingSignals, type EndingSignal } from '../recording.ts'

export class Progress {
  /** The command's process: the first one in the trace. */
  pid: number | undefined
  /** Why the command could not be started: the error of its execve. */
  failure: { readonly errno: string; readonly words: string } | undefined
  /** The trace shows the end of the command itself. Processes that it started may still run. */
  ended = false
  /** Every signal that a traced process received. */
  readonly signals = new Set<string>()
  readonly #arrivals = new Map<EndingSignal, number>()
  #tail: Buffer = Buffer.alloc(0)

  /** Reads the bytes and passes them on. */
  async *overhear(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const chunk of bytes) {
      this.take(chunk)
      yield chunk
    }
  }

  /** When a traced process last received the signal, in milliseconds of performance.now(). */
  arrival(signal: EndingSignal): number | undefined {
    return this.#arrivals.get(signal)
  }

  take(chunk: Uint8Array): void {
    const bytes =
      this.#tail.length > 0
        ? Buffer.concat([this.#tail, chunk])
        : Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length)
    const end = bytes.lastIndexOf(0x0a) + 1
    if (this.pid === undefined && end > 0) this.#takeFirst(bytes.toString('latin1', 0, bytes.indexOf(0x0a)))
    for (const mark of ['--- SIG', '+++ ']) {
      for (let at = bytes.indexOf(mark); at >= 0 && at < end; at = bytes.indexOf(mark, at + 1)) {
        const start = bytes.lastIndexOf(0x0a, at) + 1
        this.#takeNews(bytes.toString('latin1', start, bytes.indexOf(0x0a, at)))
      }
    }
    // A copy, because the reader may keep the chunk. A line is short.
    this.#tail = Buffer.from(bytes.subarray(end))
  }

  #takeFirst(line: string): void {
    const first = /^(\d+) +(?:\[ *\d+\] )?(execve\(.*\) = -1 (E\w+) \(([^"]*)\)$)?/.exec(line)
    if (!first) return
    this.pid = Number(first[1])
    if (first[3] !== undefined) this.failure = { errno: first[3], words: first[4] ?? '' }
  }

  #takeNews(line: string): void {
    const news = /^(\d+) +(?:\[ *(?:\d+|\?+)\] )?(?:--- (SIG\w+) |(\+\+\+ (?:exited|killed) ))/.exec(line)
    if (!news) return
    if (news[2] !== undefined) this.signals.add(news[2])
    const signal = endingSignals.find((name) => name === news[2])
    if (signal) this.#arrivals.set(signal, performance.now())
    if (news[3] && Number(news[1]) === this.pid) this.ended = true
  }
}
