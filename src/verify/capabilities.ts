// The capabilities this process has, by name. Authority: proc_pid_status(5), include/uapi/linux/capability.h.
import { readFileSync } from 'node:fs'
import { capabilities } from '../profile/words.ts'

export function capabilitiesIn(
  member: 'CapBnd' | 'CapPrm' | 'CapEff' | 'CapInh' | 'CapAmb',
): readonly string[] {
  const status = readFileSync('/proc/self/status', 'latin1')
  const bits = BigInt(`0x${new RegExp(`^${member}:\\t([0-9a-f]+)$`, 'm').exec(status)?.[1] ?? '0'}`)
  return [...capabilities].filter((_, number) => (bits >> BigInt(number)) & 1n)
}
