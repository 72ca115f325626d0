// What a program that was seen on x86_64 does on aarch64, where nobody recorded it: the calls that both have, under
// their name, and for those that only x86_64 has, what libc makes of them there. Inferred, and every reason says so.
// Authority: the tables of abi/, abi/equivalents.ts (glibc and musl, function by function).
//
// There is no way back: libc on x86_64 may make `open` or `openat` for the same function, and which of the two an
// `openat` on aarch64 stands for depends on libc, version and static linking. Nor is there one to 32-bit calls.
import { equivalentOnAarch64 } from '../abi/equivalents.ts'
import { architectures, type Host } from '../abi/architectures.ts'
import { syscallTable } from '../abi/tables.ts'
import type { Observations } from '../observe/index.ts'
import { allow, noSuchCall, type Proposal } from './answers.ts'
import type { LeftOut } from './policy.ts'
import { callsSeen, isImplemented, refusedWith } from './seen.ts'

export interface Translation {
  readonly answers: readonly Proposal[]
  /** Calls of x86_64 that nothing on aarch64 stands for. */
  readonly left: readonly LeftOut[]
}

/**
 * What no x86_64 trace can show: a library that wants to know what the processor can do asks it there (cpuid), and on
 * aarch64 tries an instruction with every signal blocked and a handler for SIGILL. Authority: OpenSSL crypto/armcap.c,
 * OPENSSL_cpuid_setup, which runs in every program that loads libcrypto, whether it uses it or not.
 */
const processorProbe = ['rt_sigaction', 'rt_sigprocmask'] as const

/**
 * The calls of a host that stand for one x86_64 call; empty where there is none. What aarch64 does without the older
 * calls, the other hosts with the generic table (include/uapi/asm-generic/unistd.h) do as well.
 */
export function callsOn(host: Host, name: string): readonly string[] {
  const table = syscallTable(host)
  const present = (each: string): boolean => table.byName(each)?.implemented === true
  const reserved = table.byName(name)?.implemented === false ? (renamed[name] ?? name) : name
  const calls = present(reserved) ? [reserved] : (equivalentOnAarch64(name)?.aarch64.filter(present) ?? [])
  const all = calls.length === 0 && table.byName(name) !== undefined ? [name] : calls
  return architectures[host].statxForStat && all.some((each) => statCalls.has(each)) ? [...all, 'statx'] : all
}

/** Where the number of the older call is reserved and libc makes the newer one (powerpc: syscall.tbl). */
const renamed: Readonly<Record<string, string>> = { getrlimit: 'ugetrlimit', select: '_newselect' }

const statCalls: ReadonlySet<string> = new Set(['stat', 'lstat', 'fstat', 'newfstatat'])

/** What the program of one architecture does on a host that is inferred from it. */
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
      // The kernel that was traced had it not: it stays so here.
      answers.push({ syscall: name, action: noSuchCall, because })
    } else {
      const { count, first } = call
      left.push({ syscall: name, architecture: from, why: 'not-on-target', count, first })
    }
  }
  return { answers, left }
}
