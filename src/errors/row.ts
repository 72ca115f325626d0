// An error's row in the table: the exit status (contract: 2 could not do it; 125 to 127 only for commands that run
// another command) and its sentence, made of the facts. The facts are raw: whoever prints a sentence escapes it.

/** The exit status of the command: 2 could not do it; 125 to 127 of commands that run another command. */
export type ErrorStatus = 2 | 125 | 126 | 127

export type ErrorRow = readonly [status: ErrorStatus, sentence: (facts: never) => string]

export interface InFile {
  /** As the user named it; `-` is standard input. */
  readonly file: string
}

export interface AtPlace extends InFile {
  /** From 1. */
  readonly line: number
  /** From 1, in UTF-16 code units. */
  readonly column: number
}

export function placeText({ file, line, column }: AtPlace): string {
  return `${file}:${line}:${column}`
}

/** What an operating system or a library says of a failure. */
export interface Cause {
  /** The name of the errno (errno(3)), where there is one. */
  readonly errno: string | undefined
  /** Its words. */
  readonly words: string
}

/** Of a caught error. Node.js puts the call and the file behind the words: `ENOENT: no such file, open 'x'`. */
export function causeOf(error: unknown): Cause {
  const { code, message } = error as NodeJS.ErrnoException
  return code === undefined
    ? { errno: undefined, words: message }
    : { errno: code, words: message.replace(/,.*$/s, '') }
}
