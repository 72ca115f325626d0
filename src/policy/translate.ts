// Infers what a program that was seen on x86_64 calls on aarch64. Calls that both architectures have keep their name.
// For calls that only x86_64 has, the result is what libc calls on aarch64. Every reason states that the call is
// inferred.
// Authority: the tables of abi/, abi/equivalents.ts (glibc and musl, function by function).
//
// The other direction is impossible: for one function libc on x86_64 can call `open` or `openat`, depending on libc,
// version and static linking, so an `openat` on aarch64 does not show which. Nor can 32-bit calls be inferred.
import { equivalentOnAarch64 } from '../abi/equivalents.ts'
import { architectures, type Host } from '../abi/architectures.ts'
import { syscallTable } from '../abi/tables.ts'
import type { Observations } from '../observe/index.ts'
import { allow, noSuchCall, type Proposal } from './answers.ts'
import type { LeftOut } from './policy.ts'
import { callsSeen, isImplemented, refusedWith } from './seen.ts'

export interface Translation {
  readonly answers: readonly Proposal[]
  /** Calls of x86_64 without a counterpart on aarch64. */
  readonly left: readonly LeftOut[]
}

/**
 * Calls that no x86_64 trace can show. To learn what the processor can do, a library uses cpuid on x86_64. On aarch64
 * it blocks signals, installs a handler for SIGILL and tries an instruction. Authority: OpenSSL crypto/armcap.c,
 * OPENSSL_cpuid_setup, which runs in every program that loads libcrypto.
 */
const processorProbe = ['rt_sigaction', 'rt_sigprocmask'] as const

/**
 * The calls of a host that correspond to one x86_64 call; empty if there is none. Hosts with the generic table
 * (include/uapi/asm-generic/unistd.h) lack the same older calls as aarch64 and use the same ones instead.
 */
export function callsOn(host: Host, name: string): readonly string[] {
  const table = syscallTable(host)
  const present = (each: string): boolean => table.byName(each)?.implemented === true
  const reserved = table.byName(name)?.implemented === false ? (renamed[name] ?? name) : name
  const calls = present(reserved) ? [reserved] : (equivalentOnAarch64(name)?.aarch64.filter(present) ?? [])
  const all = calls.length === 0 && table.byName(name) !== undefined ? [name] : calls
  return architectures[host].statxForStat && all.some((each) => statCalls.has(each)) ? [...all, 'statx'] : all
}

/** Calls whose older number is only reserved, and the newer call that libc makes (powerpc: syscall.tbl). */
const renamed: Readonly<Record<string, string>> = { getrlimit: 'ugetrlimit', select: '_newselect' }

const statCalls: ReadonlySet<string> = new Set(['stat', 'lstat', 'fstat', 'newfstatat'])

/** What a program seen on one architecture calls on a host that is inferred from it. */
export function translate(observations: Observations, from: Host, to: Host): Translation {
  const answers: Proposal[] = processorProbe.map((syscall) => {
    return { syscall, action: allow, because: { kind: 'kernel', why: 'processor' } }
  })
  const left: LeftOut[] = []
  for (const [name, call] of callsSeen(observations, from)) {
    const names = callsOn(to, name)
    const because = { kind: 'equivalent', architecture: from, of: name } as const
    if (isImplemented(call) && names.length > 0) {
      const refused = refusedWith(call)
      answers.push(...names.map((syscall) => ({ syscall, action: allow, because, refused })))
    } else if (names.includes(name)) {
      // The traced kernel answered ENOSYS; keep answering ENOSYS on this host.
      answers.push({ syscall: name, action: noSuchCall, because })
    } else {
      const { count, first } = call
      left.push({ syscall: name, architecture: from, why: 'not-on-target', count, first })
    }
  }
  return { answers, left }
}
