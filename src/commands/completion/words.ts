// What a shell is told of a command. Every text in it is our own.

/** Choices, or what kind of word is expected. A profile is a file or a built-in's name; a call is a name of any architecture. */
export type Operand = readonly string[] | 'file' | 'profile' | 'call' | 'command' | 'nothing'

/** The words of the kinds that have many. */
export interface KnownWords {
  readonly builtins: readonly string[]
  readonly calls: readonly string[]
}

export interface CompletedOption {
  /** With their hyphens: `-o`, `--output`. */
  readonly names: readonly string[]
  readonly summary: string
  /** Of an option that takes a value. */
  readonly value?: Operand
}

export interface CompletedCommand {
  readonly name: string
  readonly summary: string
  readonly options: readonly CompletedOption[]
  /** By place; the last stands for all that follow. */
  readonly operands: readonly [Operand, ...Operand[]]
}

/** A word of a shell, whatever is in it. */
export function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`
}
