// Reads the value of `--pid`. A file of its own, because commands that read no trace need it too.
import { InvalidArgumentError } from 'commander'

/** Reads a process id. */
export function processId(word: string): number {
  if (!/^[1-9]\d{0,9}$/.test(word)) throw new InvalidArgumentError('Give the number of a running process.')
  return Number(word)
}
