// Chooses strace's options by what its version supports.
//
// -e raw=all      every argument as the number that the kernel got: strace reads no memory of the program (a fifth less
//                 time on a run of 370,000 calls), and no text of the program appears in the trace. restart_syscall
//                 stays decoded, because only then strace says which call it resumes after attaching. clone3 stays
//                 decoded too (since 5.4), because its flags are in memory, and execve, because its words tell the
//                 clients of container engines. strace escapes every line end in them.
// -s 96           at most 96 words of execve, and 96 bytes of each. With every byte escaped, a line stays below the
//                 reader's limit of 64 KB. The path is always whole.
// -n              the call's number. Only the number distinguishes i386 `socket` from `socketcall`, and a 32-bit call
//                 from the 64-bit call of the same name. Since 5.9 (NEWS).
// -e quiet=attach since 5.6 (NEWS). With -o and a program strace hides "[ Process PID=N runs in 32 bit mode. ]",
//                 unless a quiet set is given (strace.c: quiet_set_updated); `attach` keeps it from writing
//                 "Process N attached" between the program's lines. Tried on 6.1: 5.6 and newer then keep the
//                 personality lines. Older ones always hide them; the reader then goes by names and reports ambiguity.
// -a 0            no padding.
// --seccomp-bpf   the kernel stops the program only at traced calls. Since 5.3; sets no_new_privs.
// No -e signal=…: it would also hide "+++ killed by SIGNAL +++" (tried on 6.1).

import { architectures, type Architecture } from '../../abi/architectures.ts'
import { scalarsInMemory, scalarsRead } from '../../abi/scalars.ts'
import type { Observations } from '../../observe/index.ts'
import type { RecordSettings } from '../recording.ts'

export interface StraceVersion {
  readonly major: number
  readonly minor: number
}

/** The version in the output of `strace -V`; undefined if there is none (a build from a bare source tree). */
export function straceVersion(output: string): StraceVersion | undefined {
  const found = /^strace -- version v?(\d+)\.(\d+)/m.exec(output)
  return found ? { major: Number(found[1]), minor: Number(found[2]) } : undefined
}

/** strace's name for an architecture's call table (strace(1), `syscall@64`). */
const tableName = (architecture: Architecture): string =>
  architectures[architecture].strace.replace(' bit', '')

/** The calls that are always traced: the first and the last line show how the command began and ended. */
const alwaysTraced: ReadonlySet<string> = new Set(['execve', 'execveat', 'exit', 'exit_group'])

/**
 * Options that leave out known calls, except those whose arguments may show new values. Empty if this strace does not
 * support that: it then traces all calls, which is correct but slow.
 */
export function leaveOutKnown(
  version: StraceVersion | undefined,
  known: Observations,
  asked: RecordSettings['arguments'],
): readonly string[] {
  if (version === undefined || version.major < 5 || (version.major === 5 && version.minor < 3)) return []
  const read = new Set([...scalarsRead(asked).keys(), ...scalarsInMemory.keys()])
  const names = Object.entries(known.architectures).flatMap(([architecture, calls]) =>
    Object.keys(calls)
      .filter((name) => !alwaysTraced.has(name) && !read.has(name))
      .map((name) => `?${name}@${tableName(architecture as Architecture)}`),
  )
  return names.length === 0 ? [] : ['--seccomp-bpf', '-e', `trace=!${names.join(',')}`]
}

/**
 * Options before `-o FILE`. An unknown version gets only options that every version understands. `births`: show exactly
 * which process starts which. Calls that make processes are then decoded (clone3 has its flags in memory), and their
 * results are ids of strace's own namespace (since 5.9).
 */
export function straceOptions(version: StraceVersion | undefined, births = false): readonly string[] {
  const since = (major: number, minor: number): boolean =>
    version !== undefined && (version.major > major || (version.major === major && version.minor >= minor))
  return [
    '-f',
    ...(since(5, 9) ? ['-n'] : []),
    ...(since(5, 6) ? ['-e', 'quiet=attach'] : []),
    '-e',
    `raw=!restart_syscall,execve,?execveat${since(5, 4) ? ',?clone3' : ''}${births ? ',clone,?fork,?vfork' : ''}`,
    '-s',
    '96',
    ...(births && since(5, 9) ? ['--pidns-translation'] : []),
    '-a',
    '0',
  ]
}
