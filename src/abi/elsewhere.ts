// Names of calls that none of the five tables has and another architecture does, so that a profile for all of them
// (the engines' own defaults are) is not told that they are unknown. Authority: libseccomp 2.5.4 resolves them to a
// pseudo number, which it does for a name it knows on some architecture; riscv_hwprobe came with 2.6.

const names: ReadonlySet<string> = new Set([
  'atomic_barrier', // m68k
  'atomic_cmpxchg_32', // m68k
  'cachectl', // mips
  'getpagesize', // m68k
  'multiplexer', // ppc
  'riscv_flush_icache',
  'riscv_hwprobe',
  'rtas', // ppc
  's390_guarded_storage',
  's390_pci_mmio_read',
  's390_pci_mmio_write',
  's390_runtime_instr',
  's390_sthyi',
  'spu_create', // ppc
  'spu_run', // ppc
  'subpage_prot', // ppc
  'swapcontext', // ppc
  'switch_endian', // ppc
  'sync_file_range2', // ppc; arm has the same call as arm_sync_file_range
  'sys_debug_setcontext', // ppc
  'syscall', // mips
  'sysmips', // mips
  'timerfd', // mips
])

/** Whether a call of this name exists, though on none of the architectures that have a table here. */
export function isKnownElsewhere(name: string): boolean {
  return names.has(name)
}
