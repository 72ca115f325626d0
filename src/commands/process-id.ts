// `--pid N`, by itself: commands that read no trace have it as well.
import { InvalidArgumentError } from 'commander'

/** A process id. */
export function processId(word: string): number {
  if (!/^[1-9]\d{0,9}$/.test(word)) throw new InvalidArgumentError('Give the number of a running process.')
  return Number(word)
}
