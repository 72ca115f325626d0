// Names of calls that no table here has and another architecture does, so that a profile for all of them (the engines'
// own defaults are) is not told that they are unknown. Authority: libseccomp's src/syscalls.csv, which resolves them to a
// pseudo number; m68k's came with 2.6.

const names: ReadonlySet<string> = new Set([
  'atomic_barrier', // m68k
  'atomic_cmpxchg_32', // m68k
  'cachectl', // mips
  'getpagesize', // m68k
  'syscall', // mips
  'sysmips', // mips
])

/** Whether a call of this name exists, though on none of the architectures that have a table here. */
export function isKnownElsewhere(name: string): boolean {
  return names.has(name)
}
