// Finds the call in a key of a bpftrace map: a number, a name, a tracepoint or a function of the kernel. Authority:
// bpftrace's builtins `probe` and `func`, include/linux/syscalls.h and the architectures' asm/syscall_wrapper.h.
import { callOfKernelFunction } from '../../abi/kernel-functions.ts'
import { isKnownAnywhere } from '../../abi/tables.ts'
import type { LoggedCall } from '../grammar.ts'

export interface KeyedCall extends Pick<LoggedCall, 'call' | 'architecture' | 'isNarrow'> {
  /** The key shows the end of the call: calls that never return are missing. */
  readonly isExit?: boolean
}

const tracepoint = /^(?:(?:tracepoint:)?syscalls:)?sys_(enter|exit)_(\w+)$/
const probe = /^(?:(?:kprobe|kretprobe|kfunc|fentry|fexit):)?(?:vmlinux:)?(\w+)$/

/** Calls whose name is also that of a program, and so of a task. */
const programs: ReadonlySet<string> = new Set([
  'chmod', 'chown', 'chroot', 'fallocate', 'flock', 'keyctl', 'kill', 'link', 'mkdir', 'mknod', 'mount', 'nice',
  'pivot_root', 'reboot', 'rename', 'rmdir', 'setsid', 'stat', 'swapoff', 'swapon', 'sync', 'time', 'truncate',
  'umount', 'uname', 'unlink', 'unshare',
]) // prettier-ignore

export function callOfKey(key: string): KeyedCall | undefined {
  if (/^-?\d{1,11}$/.test(key)) return { call: Number(key) }
  const [, side, traced] = tracepoint.exec(key) ?? []
  if (traced !== undefined) return { call: traced, ...(side === 'exit' && { isExit: true }) }
  const [, name = ''] = probe.exec(key) ?? []
  return callOfKernelFunction(name) ?? (isKnownAnywhere(key) ? { call: key } : undefined)
}

/** Whether the key can only be a call, in a map of any name. */
export function isCallAlone(key: string): boolean {
  return callOfKey(key) !== undefined && !programs.has(key)
}
