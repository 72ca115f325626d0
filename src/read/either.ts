// Reads a format whose recorder writes two kinds of file: a profile, and lines of a log. The first bytes of a source
// show its kind.
import { latin1 } from './byte-text.ts'
import type { LinesAccount, Reader } from './reader.ts'
import type { Sink } from './seen.ts'

/** How many bytes show the kind. */
const headSize = 65536

export class EitherReader implements Reader {
  readonly format: string
  readonly #document: Reader
  readonly #lines: Reader
  #source: readonly [name: string, pid: number | undefined] = ['', undefined]
  /** The reader of this source, once its first bytes are known. */
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

  isDocument(start: Uint8Array): boolean {
    return this.#choose(start) === this.#document
  }

  takeLines(bytes: Uint8Array, start: number, end: number): void {
    const reader = this.#chosen ?? this.#choose(bytes.subarray(start, end))
    reader.takeLines(bytes, start, end)
  }

  #choose(start: Uint8Array): Reader {
    const head = latin1(start, 0, Math.min(start.length, headSize))
    this.#chosen = isProfile(head) ? this.#document : this.#lines
    this.#chosen.startSource(...this.#source)
    return this.#chosen
  }

  endSource(cut: boolean): LinesAccount {
    return (this.#chosen ?? this.#choose(new Uint8Array())).endSource(cut)
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
    .replace(/^(?:\/\/[^\n]*\n\s*)+/, '')
    .trimStart()
  if (start.startsWith('{')) {
    return (
      /"(?:defaultAction|ociVersion)"\s*:/.test(start) ||
      /"kind"\s*:\s*"(?:SeccompProfile|SeccompProfileList|ConfigMap|List)"/.test(start)
    )
  }
  return /^(?:(?:---|#)[^\n]*\n)*(?:apiVersion|kind|metadata|spec|items):/.test(start)
}
