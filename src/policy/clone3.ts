// clone3 takes its flags in memory, where no filter can look: allowed, it lets a program make any namespace. glibc
// tries it first and goes on to clone, whose flags are in a register, when the kernel says it has no clone3.
// Authority: clone(2), seccomp(2) (a filter sees no memory), glibc sysdeps/unix/sysv/linux/clone-internal.c.
import type { Architecture } from '../abi/architectures.ts'
import { syscallTable } from '../abi/tables.ts'
import { allow, noSuchCall, type Proposal } from './answers.ts'

/**
 * The same answers with every allowed clone3 answered ENOSYS and `clone` allowed in its place. That clone3 is
 * answered so where only clone was seen is the business of fallback.ts: it is one chain among the others.
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
