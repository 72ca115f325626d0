// Names the kernel functions at given addresses. Authority: proc_kallsyms(5); include/asm-generic/sections.h: the kernel's
// own code lies between _stext and _etext. Beyond it are modules and BPF trampolines, which get no name: the table has
// some of their functions at most, so the nearest one below would be a guess. kernel.kptr_restrict may hide addresses.
import { readFileSync } from 'node:fs'
import { ascending } from '../../../order.ts'

/** Functions that take part in every capability check. Their callers tell the reason. */
const common =
  /^(?:cap_capable(?:_helper)?|security_capable|capable|ns_capable(?:_setid|_common)?|capable_wrt_inode_uidgid|file_ns_capable|sk_(?:ns_|net_)?capable)$/
/** The BPF program that observes the check, and the functions that run it. */
const ours = /^(?:bpf_|__bpf_|__traceiter_|perf_trace_|trace_|fexit_)/
/** The functions in which a call enters the kernel. */
const entry =
  /^(?:__|_)*(?:x64_sys|ia32_sys|ia32_compat_sys|arm64_sys|arm64_compat_sys|se_sys|do_sys_\w+$)|^do_syscall|^invoke_syscall|^el0_/
/** The number of kept names. More add no information. */
const limit = 8

export type FunctionsOf = (stack: readonly bigint[]) => readonly string[]

/** Undefined if the kernel hides addresses. */
export function readSymbols(): FunctionsOf | undefined {
  return functionsIn(readFileSync('/proc/kallsyms', 'latin1'))
}

/** The same for the text of the table. */
export function functionsIn(text: string): FunctionsOf | undefined {
  const addresses: bigint[] = []
  const names: string[] = []
  const lines: (readonly [bigint, string])[] = []
  for (const line of text.split('\n')) {
    const [, address, name] = /^([0-9a-f]+) [tTwW] (\S+)$/.exec(line) ?? []
    if (address !== undefined && name !== undefined) lines.push([BigInt(`0x${address}`), name])
  }
  lines.sort(([a], [b]) => ascending(a, b))
  for (const [address, name] of lines) {
    addresses.push(address)
    // A compiler's variant of a function gets the function's own name.
    names.push(name.replace(/\.(?:isra|constprop|part|cold|llvm)\b.*$/, ''))
  }
  if ((addresses.at(-1) ?? 0n) === 0n) return undefined
  const [begin, end] = ['_stext', '_etext'].map((edge) => lines.find(([, name]) => name === edge)?.[0])
  const nameOf = (address: bigint): string => {
    if (address < (begin ?? 0n) || address >= (end ?? addresses.at(-1) ?? 0n)) return ''
    let [low, high] = [0, addresses.length]
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((addresses[middle] ?? 0n) <= address) low = middle + 1
      else high = middle
    }
    return names[low - 1] ?? ''
  }
  return (stack) => {
    const called = stack.filter((address) => address !== 0n).map(nameOf)
    const asked = called.filter((name) => name !== '' && !ours.test(name) && !common.test(name))
    const entered = asked.findIndex((name) => entry.test(name))
    // The entry function itself may have asked.
    return (entered < 0 ? asked : asked.slice(0, Math.max(1, entered))).slice(0, limit)
  }
}
