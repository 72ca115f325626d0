// The kernel's functions that carry out calls: which call, on which architecture. Authority: the architectures'
// asm/syscall_wrapper.h.
import type { Architecture } from './architectures.ts'

const pattern = /^__(x64|ia32|arm64|riscv|s390x)_sys_(\w+)$/
const machines: Readonly<Record<string, Architecture>> = {
  x64: 'x86_64',
  ia32: 'x86',
  arm64: 'aarch64',
  riscv: 'riscv64',
  s390x: 's390x',
}

/** Undefined if the function is none that a call enters the kernel by. */
export function callOfKernelFunction(
  name: string,
): { readonly call: string; readonly architecture: Architecture } | undefined {
  const [, machine = '', call] = pattern.exec(name) ?? []
  const architecture = machines[machine]
  return call === undefined || architecture === undefined ? undefined : { call, architecture }
}
