// Names of calls that exist only on architectures without a table here. They are not unknown names: profiles for all
// architectures, such as the engines' own defaults, have them. A trace that shows one comes from an unsupported
// machine.
// Authority: libseccomp's src/syscalls.csv, which resolves `names` to a pseudo number (m68k's came with 2.6);
// syscalls(2); the kernel's arch/*/kernel/syscalls/syscall.tbl.

const names: ReadonlySet<string> = new Set([
  'atomic_barrier', // m68k
  'atomic_cmpxchg_32', // m68k
  'cachectl', // mips
  'getpagesize', // m68k
  'syscall', // mips
  'sysmips', // mips
])

/** Whether a call of this name exists, but only on architectures without a table here. */
export function isKnownElsewhere(name: string): boolean {
  return names.has(name)
}

const machines: Readonly<Record<string, readonly string[]>> = {
  alpha: ['getdtablesize', 'getxgid', 'getxpid', 'getxuid', 'sethae'],
  arc: ['arc_gettls', 'arc_settls', 'arc_usr_cmpxchg'],
  hppa: ['lws_entry'],
  ia64: ['getunwind', 'perfmonctl'],
  m68k: ['atomic_barrier', 'atomic_cmpxchg_32'],
  mips: ['cachectl', 'sysmips'],
  or1k: ['or1k_atomic'],
  sparc: ['getdomainname', 'kern_features', 'memory_ordering', 'utrap_install'],
  xtensa: ['xtensa'],
}

/** The unsupported machine that alone has a call of this name; undefined if no machine or several have one. */
export function machineElsewhere(name: string): string | undefined {
  if (name.startsWith('osf_')) return 'alpha'
  return Object.keys(machines).find((machine) => machines[machine]?.includes(name))
}
