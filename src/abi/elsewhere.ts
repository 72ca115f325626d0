// Names of calls that exist only on architectures without a table here. They are not unknown names: profiles for all
// architectures, such as the engines' own defaults, have them. A trace that shows one comes from an unsupported
// machine.
// Authority: libseccomp's src/syscalls.csv, which resolves `names` to a pseudo number (m68k's came with 2.6);
// syscalls(2); the kernel's arch/*/kernel/syscalls/syscall.tbl.

/** By machine, calls that it alone has. */
const machines = {
  alpha: ['getdtablesize', 'getxgid', 'getxpid', 'getxuid', 'sethae'],
  arc: ['arc_gettls', 'arc_settls', 'arc_usr_cmpxchg'],
  hppa: ['lws_entry'],
  ia64: ['getunwind', 'perfmonctl'],
  m68k: ['atomic_barrier', 'atomic_cmpxchg_32'],
  mips: ['cachectl', 'sysmips'],
  or1k: ['or1k_atomic'],
  sparc: ['getdomainname', 'kern_features', 'memory_ordering', 'utrap_install'],
  xtensa: ['xtensa'],
} as const satisfies Readonly<Record<string, readonly string[]>>

/** Several machines have the last two. */
const names: ReadonlySet<string> = new Set([...machines.m68k, ...machines.mips, 'getpagesize', 'syscall'])

/** Whether a call of this name exists, but only on architectures without a table here. */
export function isKnownElsewhere(name: string): boolean {
  return names.has(name)
}

/** The unsupported machine that alone has a call of this name; undefined if no machine or several have one. */
export function machineElsewhere(name: string): string | undefined {
  if (name.startsWith('osf_')) return 'alpha'
  return Object.entries<readonly string[]>(machines).find(([, calls]) => calls.includes(name))?.[0]
}
