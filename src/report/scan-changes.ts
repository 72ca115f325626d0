// The difference between two scans, for people (text, Markdown) and for programs (JSON).
import { architectureNames, type Architecture } from '../abi/architectures.ts'
import { harmlessJson } from '../json-string.ts'
import type { Reachable } from '../scan/reachable.ts'
import { escapeMarkdown, escapeTerminal } from './escape.ts'
import { pathText } from './reachable.ts'

export interface ScanChange {
  readonly direction: 'wider' | 'narrower'
  readonly architecture: Architecture
  readonly syscall: string
  readonly path: readonly string[]
}

/** Calls that only `head` reaches are wider, those that only `base` reaches narrower. Wider first, then by name. */
export function scanChanges(base: Reachable, head: Reachable): readonly ScanChange[] {
  const only = (
    one: Reachable,
    other: Reachable,
    direction: ScanChange['direction'],
  ): readonly ScanChange[] =>
    architectureNames.flatMap((architecture) =>
      Object.entries(one.architectures[architecture] ?? {})
        .filter(([syscall]) => other.architectures[architecture]?.[syscall] === undefined)
        .map(([syscall, { path }]) => ({ direction, architecture, syscall, path })),
    )
  return [...only(head, base, 'wider'), ...only(base, head, 'narrower')]
}

export function scanChangesReport(
  changes: readonly ScanChange[],
  format: 'text' | 'json' | 'markdown',
): string {
  if (format === 'json')
    return `${harmlessJson(
      JSON.stringify(
        {
          changes: changes.map(({ direction, architecture, syscall, path }) => ({
            direction,
            arch: architecture,
            syscall,
            path,
          })),
        },
        null,
        2,
      ),
    )}\n`
  const [mark, escape] = format === 'markdown' ? ['- ', escapeMarkdown] : ['', escapeTerminal]
  if (changes.length === 0) return `${mark}the same calls are reachable\n`
  return changes
    .map(
      ({ direction, architecture, syscall, path }) =>
        `${mark}${escape(`${direction}: ${syscall} on ${architecture} ${direction === 'wider' ? 'became reachable' : 'is no longer reachable'}: ${pathText(path)}`)}\n`,
    )
    .join('')
}
