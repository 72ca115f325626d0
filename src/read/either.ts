// Reads a format whose recorder writes two kinds of file: a profile, and lines of a log. The first bytes of a source
// show its kind.
import { latin1 } from './byte-text.ts'
import type { LinesAccount, Reader } from './reader.ts'
import type { Sink } from './seen.ts'

export class EitherReader implements Reader {
  readonly format: string
  readonly #document: Reader
  readonly #lines: Reader
  #source: readonly [name: string, pid: number | undefined] = ['', undefined]
  #chosen: Reader | undefined

  constructor(format: string, document: Reader, lines: Reader) {
    this.format = format
    this.#document = document
    this.#lines = lines
  }

  startSource(name: string, pid?: number): void {
    this.#source = [name, pid]
    this.#chosen = undefined
  }

  takeLines(bytes: Uint8Array, start: number, end: number): void {
    if (this.#chosen === undefined) {
      const head = latin1(bytes, start, Math.min(end, start + 65536))
      this.#choose(isProfile(head) ? this.#document : this.#lines)
    }
    this.#chosen?.takeLines(bytes, start, end)
  }

  #choose(reader: Reader): void {
    this.#chosen = reader
    reader.startSource(...this.#source)
  }

  endSource(cut: boolean): LinesAccount {
    if (this.#chosen === undefined) this.#choose(this.#lines)
    return (this.#chosen as Reader).endSource(cut)
  }

  end(sink: Sink): void {
    this.#document.end(sink)
    this.#lines.end(sink)
  }
}

/** Whether a text begins as a profile: JSON with a default action, an OCI config.json, or a Kubernetes object. */
export function isProfile(head: string): boolean {
  const start = head
    .replace(/^(?:\xef\xbb\xbf|\ufeff)/, '')
    .replace(/^(?:\/\/.*\n\s*)+/, '')
    .trimStart()
  if (start.startsWith('{')) {
    return (
      /"(?:defaultAction|ociVersion)"\s*:/.test(start) ||
      /"kind"\s*:\s*"(?:SeccompProfile|SeccompProfileList|ConfigMap|List)"/.test(start)
    )
  }
  return /^(?:---.*\n|#.*\n)*(?:apiVersion|kind|metadata|spec|items):/.test(start)
}
