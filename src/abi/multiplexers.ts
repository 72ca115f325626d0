// The two calls that stand for a family, on architectures that multiplex (i386, ppc64le, s390x). strace prints the
// member; the kernel and a filter see socketcall or ipc with the member's number as argument 0.
// Authority: linux/net.h (SYS_*) and linux/ipc.h (SEMOP … SHMCTL); libseccomp's src/syscalls.c (abi_rule_add) for
// what it makes of a rule for a member.

/** The call that a filter sees instead of a member of the family. */
export type Multiplexer = 'socketcall' | 'ipc'

/**
 * The members of each family and their numbers in argument 0. The upper half of ipc's argument is a version
 * (`call >> 16`), so a condition on it must mask 0xffff. A member's own arguments lie in memory, where no filter sees
 * them.
 */
export const multiplexers: Readonly<Record<Multiplexer, Readonly<Record<string, number>>>> = {
  socketcall: {
    socket: 1,
    bind: 2,
    connect: 3,
    listen: 4,
    accept: 5,
    getsockname: 6,
    getpeername: 7,
    socketpair: 8,
    send: 9,
    recv: 10,
    sendto: 11,
    recvfrom: 12,
    shutdown: 13,
    setsockopt: 14,
    getsockopt: 15,
    sendmsg: 16,
    recvmsg: 17,
    accept4: 18,
    recvmmsg: 19,
    sendmmsg: 20,
  },
  ipc: {
    semop: 1,
    semget: 2,
    semctl: 3,
    semtimedop: 4,
    msgsnd: 11,
    msgrcv: 12,
    msgget: 13,
    msgctl: 14,
    shmat: 21,
    shmdt: 22,
    shmget: 23,
    shmctl: 24,
  },
}

const families = new Map<string, Multiplexer>(
  (Object.keys(multiplexers) as Multiplexer[]).flatMap((family) =>
    Object.keys(multiplexers[family]).map((member) => [member, family] as const),
  ),
)

/** The value of argument 0 that selects a member of a family; undefined if the call is not a member. */
export function memberNumber(family: string, member: string): number | undefined {
  return multiplexerOf(member) === family ? multiplexers[family as Multiplexer][member] : undefined
}

/** The member that argument 0 of a family selects; undefined for a number without one. */
export function memberName(family: Multiplexer, argument: bigint): string | undefined {
  const number = Number(family === 'ipc' ? argument & 0xffffn : argument & 0xffff_ffffn)
  return Object.entries(multiplexers[family]).find(([, each]) => each === number)?.[0]
}

/** The family of a printed name; undefined for a call without one. */
export function multiplexerOf(member: string): Multiplexer | undefined {
  return families.get(member)
}
