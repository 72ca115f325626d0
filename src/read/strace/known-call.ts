// Decides whether a line certainly is strace's, without the prefix of a log.
import { existsOnlyOn } from '../../abi/spellings.ts'
import { completionOf } from './completion.ts'
import { fields } from './lines.ts'
import { parseLine, type ParsedLine } from './parse-line.ts'

/** Whether the line is a call of a known name that returned, or whose rest follows on another line. */
export function isKnownCall(line: string): boolean {
  const parsed = parseLine(line)
  const { shape } = parsed
  if (shape.kind !== 'call' || existsOnlyOn(shape.name).length === 0) return false
  const { kind } = completionOf(line, shape.open)
  return (kind === 'returned' || kind === 'unfinished') && !hasLateNumber(line, parsed)
}

/** Whether isKnownCall() is true, or the line is the second half of a call. */
export function isCallOrRest(line: string): boolean {
  const parsed = parseLine(line)
  return parsed.shape.kind === 'resumed' ? !hasLateNumber(line, parsed) : isKnownCall(line)
}

/** Whether strace may have written the line, without the prefix of a log. */
export function isOwnLine(line: string): boolean {
  const parsed = parseLine(line)
  return parsed.shape.kind !== 'foreign' && !hasLateNumber(line, parsed)
}

/** A whole number before the call. -r prints seconds six characters wide: "%6ld ". */
const whole = /(?:^|(?<=\S) )( *)(\d+) (?:\[[^\]]*\] )*$/

/** Whether a pid stands where -r prints its time: `[app] 12345 read(`. No call takes 10,000 seconds. */
function hasLateNumber(line: string, { prefix }: ParsedLine): boolean {
  if ((prefix.fields & fields.relative.bit) === 0) return false
  const [, blanks = '', digits = ''] = whole.exec(line.slice(0, prefix.length)) ?? []
  return digits !== '' && !(digits.length < 5 && blanks.length + digits.length >= 6)
}
