// The short closing account of what was read, for stderr.
import { architectureNames } from '../abi/architectures.ts'
import type { Observations } from '../observe/index.ts'

/** Such as `298 calls, 45 different (x86_64), from 1 source; 3 lines not understood`. */
export function accountLine(observations: Observations): string {
  let calls = 0
  let different = 0
  const seen = architectureNames.filter(
    (name) => observations.architectures[name] ?? observations.unknown[name],
  )
  for (const architecture of seen) {
    for (const part of [observations.architectures[architecture], observations.unknown[architecture]]) {
      for (const { count } of Object.values(part ?? {})) {
        calls += count
        different++
      }
    }
  }
  const unparsed = observations.sources.reduce((sum, source) => sum + source.unparsed, 0)
  // An observations file stands beside the sources that it tells of.
  const read = observations.sources.filter(({ format }) => format !== 'observations')
  const sources = plural(read.length, 'source')
  const rest = unparsed === 0 ? '' : `; ${plural(unparsed, 'line')} not understood`
  return `${plural(calls, 'call')}, ${different} different (${seen.join(', ') || 'none'}), from ${sources}${rest}`
}

export function plural(count: number, noun: string, many = `${noun}s`): string {
  return `${count} ${count === 1 ? noun : many}`
}
