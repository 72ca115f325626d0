// Which calls a seccomp filter gets to see in a `strace -f -o FILE` of a container runtime, up to the execve of the
// container's program. Authority: seccomp(2) (a filter is inherited over clone and execve, and reaches the other
// threads only with SECCOMP_FILTER_FLAG_TSYNC), strace(1) (-f: every line begins with a thread id).

interface Birth {
  readonly parent: string
  readonly sameProcess: boolean
}

/**
 * The calls made under a filter by whoever is about to become `program` (an absolute path), its execve included.
 * undefined when no filter was loaded, or the program was not reached under it.
 */
export function callsAfterFilter(trace: string, program: string): ReadonlySet<string> | undefined {
  const lines = trace.split('\n').map((line) => /^(\d+)\s+(.*)$/.exec(line))
  const births = birthsIn(lines)
  const processOf = (thread: string): string => {
    const birth = births.get(thread)
    return birth?.sameProcess === true ? processOf(birth.parent) : thread
  }

  const met = new Set<string>()
  const filtered = new Set<string>()
  const loading = new Map<string, { readonly everyThread: boolean }>()
  const calls = new Set<string>()
  for (const line of lines) {
    const [, thread, rest] = line ?? []
    if (thread === undefined || rest === undefined) continue
    if (!met.has(thread)) {
      met.add(thread)
      const parent = births.get(thread)?.parent
      if (parent !== undefined && filtered.has(parent)) filtered.add(thread)
    }
    const name = /^(\w+)\(/.exec(rest)?.[1]
    if (name !== undefined && filtered.has(thread)) {
      calls.add(name)
      if (name === 'execve' && rest.startsWith(`execve("${program}"`)) return calls
    }
    if (/^seccomp\(SECCOMP_SET_MODE_FILTER,|^prctl\(PR_SET_SECCOMP, SECCOMP_MODE_FILTER,/.test(rest)) {
      loading.set(thread, { everyThread: /SECCOMP_FILTER_FLAG_TSYNC\b/.test(rest) })
    }
    const load = loading.get(thread)
    if (load === undefined || rest.endsWith('<unfinished ...>')) continue
    loading.delete(thread)
    if (!/\)\s+= 0$/.test(rest)) continue
    filtered.add(thread)
    if (!load.everyThread) continue
    for (const other of met) if (processOf(other) === processOf(thread)) filtered.add(other)
  }
  return undefined
}

function birthsIn(lines: readonly (RegExpExecArray | null)[]): ReadonlyMap<string, Birth> {
  const births = new Map<string, Birth>()
  const flags = new Map<string, string>()
  for (const line of lines) {
    const [, thread, rest] = line ?? []
    if (thread === undefined || rest === undefined) continue
    if (/^(clone3?|v?fork)\(/.test(rest)) flags.set(thread, rest)
    const child = /^(?:(?:clone3?|v?fork)\(|<\.\.\. (?:clone3?|v?fork) resumed>).*= (\d+)$/.exec(rest)?.[1]
    if (child === undefined) continue
    births.set(child, { parent: thread, sameProcess: (flags.get(thread) ?? '').includes('CLONE_THREAD') })
  }
  return births
}
