// The floor: the calls that the container runtime itself makes after it has loaded the filter and before the program
// runs, execve of the program the last of them. A trace of the program shows none of them, and without one of them
// the container does not start. Where they come from, name by name: profiles/floors/*.json.
//
// With no_new_privs the kernel lets an unprivileged task load a filter, so the runtimes load it last and the floor is
// smaller; without, they must load it while they still have CAP_SYS_ADMIN, before they give their capabilities away
// (seccomp(2); runc libcontainer/standard_init_linux.go, crun src/libcrun/container.c).
import { architectures, assumedHost, isHost, type Architecture } from '../abi/architectures.ts'
import { allow, type Proposal } from './answers.ts'
import { crun, runc } from './data/floors.ts'
import { namesIn, versionFloor } from './floor-versions.ts'
import type { RuleAction } from './policy.ts'
import type { RuntimeName, RuntimeVersion } from '../meaning/versions/runtime-word.ts'
import { callsOn } from './translate.ts'

/** Whose floor is asked for: one runtime's, or one version's, all of them (the same profile starts under each), or none. */
export type FloorChoice = RuntimeVersion | 'all' | 'none'

/** One runtime's floor, as names of x86_64. */
export interface Floor {
  readonly runtime: RuntimeName
  /** The newest version whose calls are in it. */
  readonly version: string
  readonly withoutNoNewPrivileges: readonly string[]
  readonly withNoNewPrivileges: readonly string[]
  /** Made as well, and refused: with an errno the runtime goes another way and starts the program. */
  readonly refused: readonly string[]
}

export const floors: readonly Floor[] = (['runc', 'crun'] as const).map((runtime) => {
  const { version, withoutNoNewPrivileges, withNoNewPrivileges, refused } = { runc, crun }[runtime]
  return {
    runtime,
    version,
    withoutNoNewPrivileges: namesIn(withoutNoNewPrivileges),
    withNoNewPrivileges: namesIn(withNoNewPrivileges),
    refused: namesIn(refused),
  }
})

/** EPERM: what the default profiles of the engines answer to a container without CAP_SYS_ADMIN. */
const refuse: RuleAction = { type: 'errno', errno: 1 }

/**
 * The floor on one architecture. Runtimes are 64-bit programs, so the 32-bit architectures have none of their own:
 * targets.ts brings their host along. On other hosts than x86_64 it is translated as a program's calls are, and
 * arch_prctl drops out: on aarch64 it was tried so, on the others it was not (isFloorMeasured).
 *
 * What the runtime makes and does without is answered with an errno whatever the default action is: killed for it,
 * the container would not start.
 */
export function answersForFloor(
  architecture: Architecture,
  choice: FloorChoice,
  noNewPrivileges: boolean,
): readonly Proposal[] {
  if (!isHost(architecture)) return []
  return floorsOf(choice, noNewPrivileges).flatMap(({ runtime, version, names, refused }) => {
    const answers = (calls: readonly string[], action: RuleAction): readonly Proposal[] => {
      const here =
        architecture === assumedHost
          ? calls
          : [...new Set(calls.flatMap((name) => callsOn(architecture, name)))]
      return here.map((syscall) => ({ syscall, action, because: { kind: 'floor', runtime, version } }))
    }
    return [...answers(names, allow), ...answers(refused, refuse)]
  })
}

/** Whether a container was started under the floor on such a host. */
export function isFloorMeasured(architecture: Architecture): boolean {
  return !isHost(architecture) || architectures[architecture].floorTried
}

interface Chosen {
  readonly runtime: RuntimeName
  readonly version: string
  readonly names: readonly string[]
  readonly refused: readonly string[]
}

function floorsOf(choice: FloorChoice, noNewPrivileges: boolean): readonly Chosen[] {
  if (choice === 'none') return []
  if (choice === 'all' || choice === 'runc' || choice === 'crun') {
    return floors
      .filter(({ runtime }) => choice === 'all' || choice === runtime)
      .map(({ runtime, version, withoutNoNewPrivileges, withNoNewPrivileges, refused }) => ({
        runtime,
        version,
        names: noNewPrivileges ? withNoNewPrivileges : withoutNoNewPrivileges,
        refused,
      }))
  }
  const { runtime, version = '', calls } = versionFloor(choice, noNewPrivileges)
  const named = (refused: boolean): readonly string[] =>
    calls.filter((each) => (each.certainty === 'refused') === refused).map(({ syscall }) => syscall)
  return [{ runtime, version, names: named(false), refused: named(true) }]
}
