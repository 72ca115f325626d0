// Finds a member that occurs twice in one object: JSON.parse silently keeps the last one (RFC 8259, 4).
import type { ObservationsFault } from '../../errors/observations.ts'

/** The first member that occurs twice in one object. `text` is valid JSON. */
export function firstRepeated(text: string, above: number): ObservationsFault | undefined {
  const open: (Set<string> | undefined)[] = []
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code === 0x7b /* { */) open.push(new Set())
    else if (code === 0x5b /* [ */) open.push(undefined)
    else if (code === 0x7d || code === 0x5d) open.pop()
    if (code !== 0x22 /* " */) continue
    const start = at++
    for (; text.charCodeAt(at) !== 0x22; at++) if (text.charCodeAt(at) === 0x5c /* \\ */) at++
    const names = open.at(-1)
    if (names === undefined) continue
    let next = at + 1
    while (isSpace(text.charCodeAt(next))) next++
    if (text.charCodeAt(next) !== 0x3a /* : */) continue
    const raw = text.slice(start + 1, at)
    const name = raw.includes('\\') ? (JSON.parse(`"${raw}"`) as string) : raw
    if (names.has(name)) {
      const line = above + text.slice(0, start).split('\n').length
      return { fault: 'repeated', member: name, within: '', line }
    }
    names.add(name)
  }
  return undefined
}

/** White space of JSON (RFC 8259, 2). */
function isSpace(code: number): boolean {
  return code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09
}
