// Takes GitLab Runner's times from a job's log. The runner writes some lines in parts, each on a line of its own. The
// parts after the first have "+". Authority: FF_TIMESTAMPS of GitLab Runner, read as Gitlab::Ci::Ansi2json reads it.
import type { Unwrap } from './journal-entries.ts'
import { withoutColours } from './text.ts'

/** A time, the number of the stream, O or E, "+" if the line continues the one before. */
const stamped = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z [0-9a-f]{2}[OE]([ +])/
/** The start or end of a section, which the runner writes before a line. */
const section = /^section_(?:start|end):\d+:[^\r]{0,255}\r/
const longest = 1 << 16

/** Yields a line when the next one shows that it is whole. */
export function ofGitlab(): Unwrap {
  let held: string | undefined
  /** How many lines continued the held one. As many empty lines keep the places of the others right. */
  let more = 0
  const take = (): string => {
    const given = held === undefined ? '' : `${held}\n${'\n'.repeat(more)}`
    held = undefined
    more = 0
    return given
  }
  const unwrap = (line: string): { readonly stream: string; readonly text: string } | undefined => {
    const found = stamped.exec(line)
    if (found === null) return held === undefined ? undefined : { stream: '', text: `${take()}${line}\n` }
    const text = line.slice(found[0].length)
    if (found[1] === '+' && held !== undefined) {
      if (held.length < longest) held += text
      more++
      return { stream: '', text: '' }
    }
    const before = take()
    held = (text.includes('\x1b') ? withoutColours(text) : text).replace(section, '')
    return { stream: '', text: before }
  }
  return Object.assign(unwrap, { begun: () => (held === undefined ? undefined : take()) })
}
