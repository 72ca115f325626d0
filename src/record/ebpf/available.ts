// Decides whether the ebpf recorder works here, and if not, why. It starts a recording instead of asking for versions.
import { accessSync, constants, readlinkSync } from 'node:fs'
import { whyNotLinux } from '../linux.ts'
import { isFiltered, statusOf } from '../runner/processes.ts'
import { BpfError } from './kernel.ts'
import { btfFile, Session, thisMachine } from './session.ts'

/** PROC_PID_INIT_INO of include/linux/proc_ns.h: the namespace whose process ids are the kernel's own. */
const initialPidNamespace = 'pid:[4026531836]'

/**
 * Why the recorder does not work, as part of a sentence; undefined if it works. A cgroup can be recorded from any PID
 * namespace, because its recording needs no process id.
 */
export async function whyNoEbpf(what: 'processes' | 'cgroup' = 'processes'): Promise<string | undefined> {
  const notLinux = whyNotLinux()
  if (notLinux !== undefined) return notLinux
  if (thisMachine() === undefined) return `it knows no registers of ${process.arch}`
  if (!permitted(btfFile)) return `this kernel has no ${btfFile} (CONFIG_DEBUG_INFO_BTF)`
  if (!permitted('/proc/self/ns/pid')) return 'it needs /proc'
  if (what === 'processes' && readlinkSync('/proc/self/ns/pid') !== initialPidNamespace)
    return 'seccomp-gen runs in a container, where the kernel’s process ids are not known'
  try {
    const session = await Session.start({ who: 'tree', underFilter: false })
    session.close()
    return undefined
  } catch (error) {
    return reasonOf(error as Error)
  }
}

function reasonOf(error: Error): string {
  if (error instanceof BpfError) {
    if (error.errno !== 'EPERM' && error.errno !== 'EACCES') return error.message
    if (!holdsCapabilities())
      return process.getuid?.() === 0
        ? `bpf(2) is not permitted here (${error.message}): CAP_BPF and CAP_PERFMON, or CAP_SYS_ADMIN, are needed`
        : 'it needs root (or CAP_BPF and CAP_PERFMON)'
    return isFiltered('self')
      ? `bpf(2) is not permitted here (${error.message}), though the capabilities are held: the seccomp filter that seccomp-gen runs under refuses it; give its container a profile that allows bpf`
      : `bpf(2) is not permitted here (${error.message}), though the capabilities are held: a security module or kernel lockdown refuses it`
  }
  const { code } = error as NodeJS.ErrnoException
  if (code === 'ERR_MODULE_NOT_FOUND' || code === 'MODULE_NOT_FOUND')
    return 'the optional package koffi is not installed (npm install koffi)'
  return error.message.split('\n')[0] ?? ''
}

/** Whether seccomp-gen has CAP_SYS_ADMIN, or CAP_PERFMON with CAP_BPF (capabilities(7)). */
function holdsCapabilities(): boolean {
  const held = BigInt(`0x${statusOf('self', 'CapEff') ?? '0'}`)
  const has = (capability: number): boolean => ((held >> BigInt(capability)) & 1n) === 1n
  return has(21) || (has(38) && has(39))
}

function permitted(file: string): boolean {
  try {
    accessSync(file, constants.R_OK)
    return true
  } catch {
    return false
  }
}
