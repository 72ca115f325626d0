// Reads a file of results: text, a table and what people wrote below it. Benchmarks that replace rows keep these notes.
import { existsSync, readFileSync } from 'node:fs'

/** The file's text; '' if there is no file. */
export function written(file: string): string {
  return existsSync(file) ? readFileSync(file, 'utf8') : ''
}

/** What follows the last row of the table. */
export function notesBelow(text: string): string {
  return /^\|[^\n]*\|\n(?!\|)(.*)$/ms.exec(text)?.[1] ?? ''
}
