// Replaces clone3 by clone. clone3 takes its flags in memory, which no filter sees, so an allowed clone3 can make any
// namespace. glibc tries clone3 first; if the kernel answers ENOSYS, glibc calls clone, whose flags are in a register.
// Authority: clone(2), seccomp(2) (a filter sees no memory), glibc sysdeps/unix/sysv/linux/clone-internal.c.
import type { Architecture } from '../abi/architectures.ts'
import { syscallTable } from '../abi/tables.ts'
import { allow, noSuchCall, type Proposal } from './answers.ts'

/**
 * The same answers, but an allowed clone3 is answered ENOSYS and clone is allowed instead. If only clone was seen,
 * fallback.ts answers clone3: that is one of its chains.
 */
export function withoutClone3(answers: readonly Proposal[], architecture: Architecture): readonly Proposal[] {
  return answers.flatMap((answer): readonly Proposal[] => {
    if (answer.syscall !== 'clone3' || answer.action.type !== 'allow') return [answer]
    if (syscallTable(architecture).byName('clone') === undefined) return [answer]
    const because = { kind: 'fallback', from: 'clone3', to: 'clone' } as const
    return [
      { ...answer, action: noSuchCall },
      { syscall: 'clone', action: allow, because },
    ]
  })
}
