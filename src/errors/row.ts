// The row of an error in the table: the exit status and the sentence, which is made of the facts. The facts are raw, so
// the sentence must be escaped before it is printed.
import { shellWord } from '../escape.ts'

/** The exit status: 2 for a failure; 125 to 127 only from commands that run another command (contract). */
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

export interface Why {
  /** A clause for people: a tool's message, or what is missing here. */
  readonly why: string
}

/** The facts of a refusal or a finding, by name: raw pieces of the input. */
export type Facts = Readonly<Record<string, string>>

export function placeText({ file, line, column }: AtPlace): string {
  return `${file}:${line}:${column}`
}

/** The file as an operand of a command that a shell is given: it is no option, and no part of it is a command. */
export function operand(file: string): string {
  return file === '-' ? 'FILE' : shellWord(file.startsWith('-') ? `./${file}` : file)
}

/** The message of an operating system or a library about a failure. */
export interface Cause {
  /** The name of the errno (errno(3)), if there is one. */
  readonly errno: string | undefined
  /** Its message. */
  readonly words: string
}

/** The cause of a caught error, without the call and file that Node.js appends: `ENOENT: no such file, open 'x'`. */
export function causeOf(error: unknown): Cause {
  const { code, message } = error as NodeJS.ErrnoException
  return code === undefined
    ? { errno: undefined, words: message }
    : { errno: code, words: message.replace(/,.*$/s, '') }
}
