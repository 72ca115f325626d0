// The floor: the calls that the container runtime itself makes after it has loaded the filter and before the program
// runs, execve of the program the last of them. A trace of the program shows none of them, and without one of them
// the container does not start. Where they come from, name by name: profiles/floors/*.json.
//
// With no_new_privs the kernel lets an unprivileged task load a filter, so the runtimes load it last and the floor is
// smaller; without, they must load it while they still have CAP_SYS_ADMIN, before they give their capabilities away
// (seccomp(2); runc libcontainer/standard_init_linux.go, crun src/libcrun/container.c).
import type { Architecture } from '../abi/architectures.ts'
import { allow, type Answer } from './answers.ts'
import { crun, runc } from './data/floors.ts'
import { onAarch64 } from './translate.ts'

/** Whose floor is asked for: one runtime's, all of them (the same profile starts under each), or none. */
export type FloorChoice = 'runc' | 'crun' | 'all' | 'none'

/** One runtime's floor, as names of x86_64. */
export interface Floor {
  readonly runtime: 'runc' | 'crun'
  /** The newest version whose calls are in it. */
  readonly version: string
  readonly withoutNoNewPrivileges: readonly string[]
  readonly withNoNewPrivileges: readonly string[]
}

export const floors: readonly Floor[] = (['runc', 'crun'] as const).map((runtime) => {
  const { version, withoutNoNewPrivileges, withNoNewPrivileges } = { runc, crun }[runtime]
  return {
    runtime,
    version,
    withoutNoNewPrivileges: withoutNoNewPrivileges.trim().split('\n'),
    withNoNewPrivileges: withNoNewPrivileges.trim().split('\n'),
  }
})

/**
 * The floor on one architecture. Runtimes are 64-bit programs, so the 32-bit architectures have none of their own:
 * targets.ts brings their host along. On aarch64 it is translated as a program's calls are, and arch_prctl drops out.
 */
export function answersForFloor(
  architecture: Architecture,
  choice: FloorChoice,
  noNewPrivileges: boolean,
): readonly Answer[] {
  if (architecture !== 'x86_64' && architecture !== 'aarch64') return []
  return floors
    .filter(({ runtime }) => choice === 'all' || choice === runtime)
    .flatMap(({ runtime, version, withoutNoNewPrivileges, withNoNewPrivileges }) => {
      const names = noNewPrivileges ? withNoNewPrivileges : withoutNoNewPrivileges
      const here = architecture === 'x86_64' ? names : [...new Set(names.flatMap(onAarch64))]
      return here.map((syscall): Answer => {
        return { syscall, action: allow, because: { kind: 'floor', runtime, version } }
      })
    })
}
