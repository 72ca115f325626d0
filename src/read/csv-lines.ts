// Reads one column of a log that was exported as CSV. Authority: RFC 4180; the separators of spreadsheets.

export interface CsvColumn {
  readonly separator: string
  readonly index: number
  /** The name of the column, if the first line has names. */
  readonly header: string | undefined
}

export const separators = [',', ';', '\t'] as const

/** The values of a line; undefined if a quoted value does not end on the line. */
export function csvValues(line: string, separator: string): string[] | undefined {
  const values: string[] = []
  for (let at = 0; ; at++) {
    let value = ''
    if (line[at] === '"') {
      for (at++; ; at += 2) {
        const quote = line.indexOf('"', at)
        if (quote === -1) return undefined
        value += line.slice(at, quote)
        at = quote
        if (line[at + 1] !== '"') break
        value += '"'
      }
      at++
      if (at < line.length && line[at] !== separator) return undefined
    } else {
      const stop = line.indexOf(separator, at)
      const until = stop === -1 ? line.length : stop
      value = line.slice(at, until)
      at = until
    }
    values.push(value)
    if (at >= line.length) return values
  }
}

/** The value of the column. The line of names becomes an empty line, which keeps the places of the others right. */
export function csvValue(
  line: string,
  { separator, index, header }: CsvColumn,
): { readonly stream: string; readonly text: string } | undefined {
  const value = csvValues(line, separator)?.[index]
  if (value === undefined) return undefined
  return { stream: '', text: value === header ? '\n' : `${value}\n` }
}
