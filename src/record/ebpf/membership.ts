// Decides whose calls are recorded: those of a process tree or of a cgroup, all of them or only those under a filter.
import * as bpf from './assembler.ts'
import type { AssemblyLine } from './assembler.ts'
import { currentTask, frame, lookup, ofTask } from './blocks.ts'
import type { KernelMap } from './kernel.ts'
import type { Layout } from './layout.ts'
import { memberStates, type Maps } from './maps.ts'

/** Whose calls count. */
export interface Membership {
  /** Processes and their descendants, or a cgroup and all below it (its id and level below the root of version 2). */
  readonly who: 'tree' | { readonly cgroup: bigint; readonly level: number }
  /** Only calls under a seccomp filter count: for a container, the calls that its profile must allow. */
  readonly underFilter: boolean
  /** Separate counts for calls with and without a filter, or for each cgroup. */
  readonly apart?: 'filter' | 'cgroup'
  /**
   * Which cgroup is one container in the evidence of security contexts: the one this many levels below the recorded
   * cgroup, or the process's own. Default 1; with `apart: 'cgroup'` no evidence is kept by default.
   */
  readonly containers?: number | 'own'
}

/** The number of execve on the machine's own architecture. */
export const execve = { x86_64: 59, aarch64: 221 } as const
/** SECCOMP_MODE_FILTER of include/uapi/linux/seccomp.h. */
export const seccompFilter = 2

/**
 * Continues for a task under a filter in a joined cgroup: processes added to a container are not children of its own.
 */
function inJoined(layout: Layout, joined: KernelMap): readonly AssemblyLine[] {
  return [
    bpf.label('outside'),
    ...ofTask(layout, layout.task.seccompMode, 1),
    bpf.jumpIf(1, 'notEqual', seccompFilter, 'done'),
    bpf.call('currentCgroup'),
    bpf.store(frame, -8, 0),
    ...lookup(joined, -8),
    bpf.jumpIf(0, 'equal', 0, 'done'),
  ]
}

/**
 * Goes to `done` if the task is not recorded. Leaves the task in r8. With `starting`, r9 is the call's number, and the
 * command's own execve begins its record.
 */
export function member(
  layout: Layout,
  maps: Maps,
  membership: Membership,
  starting: boolean,
  /** The label for recorded tasks without a filter. */
  unfiltered = 'done',
): readonly AssemblyLine[] {
  const { who, underFilter } = membership
  const joined = underFilter ? maps.joined : undefined
  const outside = joined === undefined ? 'done' : 'outside'
  const filtered: readonly AssemblyLine[] = underFilter
    ? [...ofTask(layout, layout.task.seccompMode, 1), bpf.jumpIf(1, 'notEqual', seccompFilter, unfiltered)]
    : []
  // Most threads of the machine have no filter, and the cgroup costs a helper.
  const isFilterFirst = who !== 'tree' && unfiltered === 'done'
  return [
    ...currentTask(layout),
    ...(isFilterFirst ? filtered : []),
    ...(who === 'tree'
      ? [
          ...ofTask(layout, layout.task.tgid, 1),
          bpf.storeLower(frame, -8, 1),
          ...lookup(maps.states, -8),
          bpf.jumpIf(0, 'equal', 0, 'done'),
          bpf.loadLower(1, 0, 0),
          bpf.jumpIf(1, 'equal', memberStates.counted, 'member'),
          ...(starting
            ? [
                bpf.jumpIf(1, 'notEqual', memberStates.pending, outside),
                bpf.jumpIf(9, 'notEqual', execve[layout.machine], 'done'),
                bpf.storeValue(0, 0, memberStates.counted),
                bpf.jump('member'),
              ]
            : [bpf.jump(outside)]),
          ...(joined === undefined ? [] : inJoined(layout, joined)),
          bpf.label('member'),
        ]
      : [
          bpf.set(1, who.level),
          bpf.call('currentAncestorCgroup'),
          bpf.setWide(1, who.cgroup),
          bpf.jumpUnlessSame(0, 1, 'done'),
        ]),
    ...(isFilterFirst ? [] : filtered),
  ]
}
