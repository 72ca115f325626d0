// The margin: calls allowed beside those that were seen, for rarely taken paths. It never exceeds the ceiling:
// derive.ts leaves out calls that the ceiling never allows. A function maps the seen calls to their companions, so a
// caller who knows the program's code can pass a better function.
import type { Architecture } from '../abi/architectures.ts'
import type { CompanionWhy } from '../abi/companion-why.ts'
import { companionRows, type Sign } from '../abi/companions.ts'
import { syscallTable } from '../abi/tables.ts'
import { allow, type Proposal } from './answers.ts'

/** The calls that were seen on one architecture. */
export interface SeenCalls {
  readonly architecture: Architecture
  has(call: string): boolean
  /** The values of an argument; undefined if not all of them are known. */
  values(call: string, argument: number): readonly bigint[] | undefined
}

export interface Companion {
  /** A call of the same architecture; ignored if the architecture lacks it. */
  readonly syscall: string
  readonly why: CompanionWhy
  /** The seen call that it accompanies; absent if any program may make the companion. */
  readonly of?: string
}

/** Calls to allow beside those that were seen. */
export type Companions = (seen: SeenCalls) => readonly Companion[]

/** 'libc': the calls of libc and of language run-times. A function: the companions that it returns. */
export type MarginChoice = 'none' | 'libc' | Companions

export function answersInMargin(choice: MarginChoice, seen: SeenCalls): readonly Proposal[] {
  if (choice === 'none') return []
  const table = syscallTable(seen.architecture)
  const companions = choice === 'libc' ? companionsOfLibc(seen) : choice(seen)
  return companions
    .filter(({ syscall }) => table.byName(syscall) !== undefined && !seen.has(syscall))
    .map(({ syscall, why, of }) => ({
      syscall,
      action: allow,
      because: { kind: 'margin', why, ...(of === undefined ? {} : { of }) },
    }))
}

const companionsOfLibc: Companions = (seen) =>
  companionRows.flatMap(({ why, beside, calls }) => {
    const of = typeof beside === 'string' ? signs[beside](seen) : beside.find((each) => seen.has(each))
    if (of === undefined) return []
    return calls.map((syscall) => ({ syscall, why, ...(of === anyCall ? {} : { of }) }))
  })

const anyCall = ''
/** CLONE_THREAD of include/uapi/linux/sched.h. */
const cloneThread = 0x10000n

/** The seen call that is the sign; undefined if there is none. */
const signs: Readonly<Record<Sign, (seen: SeenCalls) => string | undefined>> = {
  program: () => anyCall,
  thread: (seen) => cloned(seen, (flags) => (flags & cloneThread) !== 0n),
  child: (seen) =>
    ['fork', 'vfork'].find((each) => seen.has(each)) ?? cloned(seen, (flags) => (flags & cloneThread) === 0n),
  datagrams: (seen) =>
    seen.has('connect') ? ['sendmmsg', 'sendto', 'recvfrom'].find((each) => seen.has(each)) : undefined,
}

function cloned(seen: SeenCalls, isSo: (flags: bigint) => boolean): string | undefined {
  return ['clone3', 'clone'].find((each) => seen.has(each) && (seen.values(each, 0)?.some(isSo) ?? true))
}
