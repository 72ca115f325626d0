// Which values the arguments of a call had, as far as they are known for everybody who makes it: the program, as it was
// seen here or on another architecture, and for a libc's next call, a runtime or the kernel nothing.
import type { Architecture } from '../abi/architectures.ts'
import type { Observations } from '../observe/index.ts'
import type { Reason } from './policy.ts'

/** By argument index; an argument that is not here is not known at all. */
export type Values = ReadonlyMap<number, { readonly seen: readonly bigint[]; readonly all: boolean }>

/** `all`: no call that has one of these reasons had another value. */
export function valuesOf(observations: Observations, syscall: string, because: readonly Reason[]): Values {
  const sources = because.map((reason) => {
    switch (reason.kind) {
      case 'seen':
        return argumentsOn(observations, reason.architecture, syscall)
      case 'equivalent':
        // Another call's arguments say nothing of this one's.
        return reason.of === syscall ? argumentsOn(observations, reason.architecture, syscall) : {}
      default:
        return {}
    }
  })
  const values = new Map<number, { seen: readonly bigint[]; all: boolean }>()
  for (const index of [0, 1, 2, 3, 4, 5]) {
    const known = sources.flatMap((each) => each[index] ?? [])
    const isAll = sources.every((each) => (each[index] ?? []).length > 0)
    if (known.length > 0) values.set(index, { seen: [...new Set(known)].map(BigInt), all: isAll })
  }
  return values
}

function argumentsOn(
  { architectures }: Observations,
  architecture: Architecture,
  syscall: string,
): Readonly<Record<string, readonly string[] | null>> {
  return architectures[architecture]?.[syscall]?.args ?? {}
}
