// The floor: the calls that the container runtime itself makes after it loads the filter and before the program runs.
// The last one is the execve of the program. No trace of the program shows them, and without them the container does
// not start. profiles/floors/*.json has the evidence, call by call.
//
// With no_new_privs the kernel lets an unprivileged task load a filter, so the runtimes load it last and the floor is
// small. Without it they must load the filter while they still have CAP_SYS_ADMIN, before they drop their capabilities
// (seccomp(2); runc libcontainer/standard_init_linux.go, crun src/libcrun/container.c).
import { architectures, assumedHost, isHost, type Architecture } from '../abi/architectures.ts'
import { allow, type Proposal } from './answers.ts'
import { crun, runc } from './data/floors.ts'
import { namesIn, versionFloor } from './floor-versions.ts'
import type { RuleAction } from './policy.ts'
import type { RuntimeName, RuntimeVersion } from '../meaning/versions/runtime-word.ts'
import { callsOn } from './translate.ts'

/** The floor that is added: a runtime's, one version's, `all` (the profile starts under every runtime), or none. */
export type FloorChoice = RuntimeVersion | 'all' | 'none'

/** The floor of one runtime; calls are names of x86_64. */
export interface Floor {
  readonly runtime: RuntimeName
  /** The newest measured version. */
  readonly version: string
  readonly withoutNoNewPrivileges: readonly string[]
  readonly withNoNewPrivileges: readonly string[]
  /** Calls that need only an errno: the runtime then takes another way and starts the program. */
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

/** EPERM, as the engines' default profiles answer to a container without CAP_SYS_ADMIN. */
const refuse: RuleAction = { type: 'errno', errno: 1 }

/**
 * The answers for the floor on one architecture. Runtimes are 64-bit programs, so 32-bit architectures have no floor of
 * their own: targets.ts adds their host. On hosts other than x86_64 the floor is translated like a program's calls,
 * without arch_prctl. Containers were started under it on aarch64, not on the others (isFloorMeasured).
 *
 * Calls that the runtime can do without get an errno whatever the default action is: a kill would keep the container
 * from starting.
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

/** Whether containers were started under the floor on such a host. */
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
