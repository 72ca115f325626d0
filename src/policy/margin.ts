// The margin: calls allowed beside those that were seen, for paths that runs take rarely. It is never wider than the
// ceiling: derive.ts leaves out what the ceiling does not carry out. Which calls are companions of which is a function
// from what was seen, so that whoever knows the code of the program can give a better one.
import type { Architecture } from '../abi/architectures.ts'
import type { CompanionWhy } from '../abi/companion-why.ts'
import { companionRows, type Sign } from '../abi/companions.ts'
import { syscallTable } from '../abi/tables.ts'
import { allow, type Proposal } from './answers.ts'

/** What was seen on an architecture. */
export interface SeenCalls {
  readonly architecture: Architecture
  has(call: string): boolean
  /** The values of an argument; undefined where not all of them are known. */
  values(call: string, argument: number): readonly bigint[] | undefined
}

export interface Companion {
  /** A call of the same architecture; one that it does not have is passed over. */
  readonly syscall: string
  readonly why: CompanionWhy
  /** The call that was seen; absent where any program may make it. */
  readonly of?: string
}

/** Calls to allow beside those that were seen. */
export type Companions = (seen: SeenCalls) => readonly Companion[]

/** 'libc': what libc and run-times of languages call; or a function that knows better. */
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

/** The call that is the sign; undefined where it was not seen. */
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
