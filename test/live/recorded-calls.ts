// Which program made which calls in strace recordings: by process, from each successful execve on. This reader is
// separate, so that the scan is not checked by the code that reads recordings.
import { readFileSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'

export interface Recorded {
  /** The names of the program's own calls, without those of programs that it started. */
  readonly calls: Set<string>
  /** The shared libraries that it opened. */
  readonly libraries: Set<string>
}

/** The calls by the path of the program. */
export function recordedCalls(directory: string): ReadonlyMap<string, Recorded> {
  const found = new Map<string, Recorded>()
  for (const name of readdirSync(directory)) {
    const place = join(directory, name)
    if (name.endsWith('.strace')) read(readFileSync(place, 'latin1').split('\n'), found)
    else if (name.endsWith('.ff.d') && statSync(place).isDirectory())
      for (const each of readdirSync(place))
        read(readFileSync(join(place, each), 'latin1').split('\n'), found)
  }
  return found
}

function read(lines: readonly string[], found: Map<string, Recorded>): void {
  const program = new Map<string, string>()
  const starting = new Map<string, string>()
  for (const line of lines) {
    const [, pid = '', resumed, call = '', rest = ''] =
      /^(?:\[pid +|)(\d+|)\]? *(?:\d[\d:.]+ +)?(<\.\.\. )?([a-z_][a-z_0-9]*)(\(.*| resumed>.*)$/.exec(line) ??
      []
    if (call === '') continue
    const isDone = /\) += 0(?: <[\d.]+>)?$/.test(rest)
    if (call === 'execve') {
      const path = resumed === undefined ? /^\("(\/[^"]+)"/.exec(rest)?.[1] : starting.get(pid)
      if (path !== undefined && isDone) program.set(pid, path)
      else if (path !== undefined && rest.includes('<unfinished')) starting.set(pid, path)
      continue
    }
    const its = program.get(pid)
    const child = /^(?:clone3?|v?fork)$/.test(call) ? /\) += (\d+)(?: <[\d.]+>)?$/.exec(rest)?.[1] : undefined
    if (its === undefined) continue
    // A child's calls before its own execve belong to the program that started it.
    if (child !== undefined && !program.has(child)) program.set(child, its)
    const recorded = found.get(its) ?? { calls: new Set(), libraries: new Set() }
    found.set(its, recorded)
    recorded.calls.add(call)
    const library =
      call === 'openat' ? /^\(AT_FDCWD[^,]*, "(\/[^"]+\.so[.\d]*)".* = \d/.exec(rest)?.[1] : undefined
    if (library !== undefined) recorded.libraries.add(library)
  }
}
