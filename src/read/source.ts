// A source: a stream of bytes and a name for messages. Who opens it (a file, a pipe, a recorder) is not known here.

export interface Source {
  /** For messages and for `first`: as the user wrote it, never an absolute path that the user did not write. */
  readonly name: string
  /** Each chunk is valid until the next one is asked for: whoever keeps one copies it. */
  readonly bytes: AsyncIterable<Uint8Array> | Iterable<Uint8Array>
  /** The process whose calls these are, where the file's name says so (`strace -ff -o NAME` writes NAME.PID). */
  readonly pid?: number
  /** Sources of one `strace -ff` run carry the same set name: a call may begin in one and end in another. */
  readonly set?: string
}
