// The progress texts of long work, each shorter than a line of a terminal.
import { newestText } from './exercise.ts'

/** `read` and `size` are in bytes; `size` is undefined if unknown. `seconds`: the elapsed time. */
export function readingLine(read: number, size: number | undefined, seconds: number): string {
  const rate = read / Math.max(seconds, 0.001)
  // A file can grow meanwhile.
  const isKnown = size !== undefined && size >= read
  const done = isKnown ? `${amount(read)} of ${amount(size)}` : amount(read)
  const left = isKnown && read > 0 ? `, ${time((size - read) / rate)} left` : ''
  return `${done} read, ${amount(rate)}/s${left}`
}

/**
 * The elapsed time of a recording or, with a `limit` in seconds, the remaining time, then the last new call. After the
 * limit the line says that the recording ends.
 */
export function recordingLine(
  seconds: number,
  limit: number | undefined,
  newest: Parameters<typeof newestText>[0] | undefined,
): string {
  const left = (limit ?? Infinity) - seconds
  const lasts =
    limit === undefined
      ? `recording, ${time(seconds)}`
      : left > 0
        ? `recording, ${time(left)} left`
        : 'recording, ending it'
  return newest === undefined ? lasts : `${lasts}; ${newestText(newest, 'ago')}`
}

export function roundLine(round: number, seconds: number): string {
  return `round ${round}, ${time(seconds)}`
}

function amount(bytes: number): string {
  const mega = bytes / 1e6
  return mega >= 10_000 ? `${(mega / 1000).toFixed(1)} GB` : `${mega.toFixed(mega >= 10 ? 0 : 1)} MB`
}

function time(seconds: number): string {
  const whole = Math.ceil(seconds)
  if (whole < 100) return `${whole} s`
  const minutes = Math.ceil(seconds / 60)
  return minutes < 100 ? `${minutes} min` : `${(minutes / 60).toFixed(1)} h`
}
