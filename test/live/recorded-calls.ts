// Which program made which calls in recordings of strace: by process, from the execve that succeeded on. A reader of its
// own, so that what the scan is held against is not read by the code that reads recordings.
import { readFileSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'

export interface Recorded {
  /** The names of the calls that it made, before or beside the programs that it started. */
  readonly calls: Set<string>
  /** Shared libraries that it opened. */
  readonly libraries: Set<string>
}

/** By path of the program. */
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
    // Of a process that starts others, what the child does before its own execve is the program's as well.
    if (child !== undefined && !program.has(child)) program.set(child, its)
    const recorded = found.get(its) ?? { calls: new Set(), libraries: new Set() }
    found.set(its, recorded)
    recorded.calls.add(call)
    const library =
      call === 'openat' ? /^\(AT_FDCWD[^,]*, "(\/[^"]+\.so[.\d]*)".* = \d/.exec(rest)?.[1] : undefined
    if (library !== undefined) recorded.libraries.add(library)
  }
}
