// The width and the colours of a terminal (ECMA-48, SGR). A report to a file or pipe has neither.

/** How wide a screen is, in characters, and whether it has colours. */
export interface Screen {
  /** Longer lines are wrapped between words. Undefined: no wrapping. */
  readonly columns?: number
  readonly colour: boolean
}

export const noScreen: Screen = { colour: false }

const codes = { red: '31', green: '32', yellow: '33', bold: '1', dim: '2' } as const
export type Paint = keyof typeof codes

/** `text` must already be escaped. */
export function painted(text: string, paint: Paint | undefined, { colour }: Screen): string {
  return colour && paint !== undefined ? `\x1b[${codes[paint]}m${text}\x1b[0m` : text
}

/** Wraps a text. Further lines are indented. A word longer than a line has a line of its own. */
export function wrapped(text: string, indent: string, { columns }: Screen): readonly string[] {
  if (columns === undefined || text.length <= columns) return [text]
  const lines: string[] = []
  let line = ''
  for (const word of text.split(/(?<=\S) /)) {
    const next = line === '' ? word : `${line} ${word}`
    if (line.trim() !== '' && next.length > columns) {
      lines.push(line)
      line = indent + word
    } else line = next
  }
  return [...lines, line]
}

/**
 * The screen of an output. NO_COLOR (no-color.org) wins over FORCE_COLOR (force-color.org), and both win over the
 * terminal.
 */
export function screenFor(
  output: { readonly isTerminal: boolean; readonly columns?: number | undefined },
  env: Readonly<Record<string, string | undefined>>,
): Screen {
  const { NO_COLOR: none = '', FORCE_COLOR: force = '', TERM: term } = env
  const colour =
    none === '' &&
    (force === '' ? output.isTerminal && term !== undefined && term !== 'dumb' : !/^(?:0|false)$/.test(force))
  return { colour, ...(output.isTerminal && output.columns !== undefined && { columns: output.columns }) }
}
