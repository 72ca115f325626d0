// The options strace is given, by what its version knows.
//
// -e raw=all      every argument as the number the kernel got: nothing of the program's memory is read (a fifth less
//                 time on a run of 370,000 calls), and no text of the program can stand in the trace.
//                 restart_syscall is left decoded: only then strace says which call it resumes after attaching. So is
//                 clone3 (decoded since 5.4): its flags are in memory.
// -n              the call's number: the only thing that tells i386 `socket` from `socketcall`, and 32-bit calls of
//                 one name from 64-bit ones. Since 5.9 (NEWS).
// -e quiet=attach since 5.6 (NEWS). With -o and a program strace hides "[ Process PID=N runs in 32 bit mode. ]",
//                 unless a quiet set is given (strace.c: quiet_set_updated); `attach` keeps it from writing
//                 "Process N attached" between the program's lines. Tried on 6.1: 5.6 and newer keep personality
//                 lines so. Older ones cannot be made to; the reader then goes by names and says what it cannot tell.
// -a 0            no padding.
// --seccomp-bpf   the kernel stops the program only for calls that are traced. Since 5.3; sets no_new_privs.
// No -e signal=…: it would also hide "+++ killed by SIGNAL +++" (tried on 6.1).

import { architectures, type Architecture } from '../../abi/architectures.ts'
import { scalarsInMemory, scalarsRead } from '../../abi/scalars.ts'
import type { Observations } from '../../observe/index.ts'
import type { RecordSettings } from '../recording.ts'

export interface StraceVersion {
  readonly major: number
  readonly minor: number
}

/** The version in the output of `strace -V`; undefined where it says none (a build from a bare source tree). */
export function straceVersion(output: string): StraceVersion | undefined {
  const found = /^strace -- version v?(\d+)\.(\d+)/m.exec(output)
  return found ? { major: Number(found[1]), minor: Number(found[2]) } : undefined
}

/** The names strace gives the call tables of a machine (strace(1), `syscall@64`). */
const tableName = (architecture: Architecture): string =>
  architectures[architecture].strace.replace(' bit', '')

/** Traced whatever is known: the first line and the last tell how the command began and ended. */
const alwaysTraced: ReadonlySet<string> = new Set(['execve', 'execveat', 'exit', 'exit_group'])

/**
 * Options that leave out what is known. Calls of whose arguments new values may be seen stay. None where this strace
 * cannot: it then traces all, which is right and slow.
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
 * Options before `-o FILE`. An unknown version gets what every version understands. `births`: who starts whom is
 * wanted exactly, so calls that make processes are decoded (clone3 has its flags in memory) and their results told as
 * strace itself numbers processes (since 5.9). `programs`: their names are wanted.
 */
export function straceOptions(
  version: StraceVersion | undefined,
  births = false,
  programs = false,
): readonly string[] {
  const since = (major: number, minor: number): boolean =>
    version !== undefined && (version.major > major || (version.major === major && version.minor >= minor))
  return [
    '-f',
    ...(since(5, 9) ? ['-n'] : []),
    ...(since(5, 6) ? ['-e', 'quiet=attach'] : []),
    '-e',
    `raw=!restart_syscall${since(5, 4) ? ',?clone3' : ''}${births ? ',clone,?fork,?vfork' : ''}${programs ? ',execve,?execveat' : ''}`,
    ...(births && since(5, 9) ? ['--pidns-translation'] : []),
    '-a',
    '0',
  ]
}
