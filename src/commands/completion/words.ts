// What a completion script knows about a command. Every text in it is our own.

/**
 * Choices, or the kind of word that is expected. A profile is a file or a built-in; a call is a name of any
 * architecture.
 */
export type Operand = readonly string[] | 'file' | 'profile' | 'call' | 'command' | 'nothing'

/** The words of kinds with many words. */
export interface KnownWords {
  readonly builtins: readonly string[]
  readonly calls: readonly string[]
}

export interface CompletedOption {
  /** With their hyphens: `-o`, `--output`. */
  readonly names: readonly string[]
  readonly summary: string
  /** The value, if the option takes one. */
  readonly value?: Operand
}

export interface CompletedCommand {
  readonly name: string
  readonly summary: string
  readonly options: readonly CompletedOption[]
  /** The operands in order. The last one stands for all that follow. */
  readonly operands: readonly [Operand, ...Operand[]]
}

/** Any text as one word of a shell. */
export function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`
}
