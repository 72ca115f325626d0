// Translates the kernel's numbers to the names in observations: capabilities, modes, errors, types of files.
// Authority: include/uapi/linux/capability.h, include/uapi/linux/stat.h, errno(3), include/uapi/linux/prctl.h.
import { capabilities } from '../../../profile/words.ts'
import type { CapabilityName, fileTypes, refusedResults } from '../../../read/observations/context.ts'
import { options } from './privileges.ts'

const names = [...capabilities]
const errnos: Readonly<Record<number, (typeof refusedResults)[number]>> = {
  1: 'EPERM',
  13: 'EACCES',
  30: 'EROFS',
}
export const types: Readonly<Record<number, (typeof fileTypes)[number]>> = {
  1: 'fifo',
  2: 'character',
  4: 'directory',
  6: 'block',
  8: 'regular',
  10: 'symlink',
  12: 'socket',
}

export function capabilitiesIn(set: bigint): readonly CapabilityName[] {
  const found: CapabilityName[] = []
  for (let bit = 0; bit < 64; bit++) if ((set >> BigInt(bit)) & 1n) found.push(capabilityOf(bit))
  return found
}

export function capabilityOf(bit: number): CapabilityName {
  return (names[bit] as CapabilityName | undefined) ?? `CAP_${bit}`
}

export const modeOf = (mode: number, mask = 0o7777): string => (mode & mask).toString(8).padStart(4, '0')
export const refusedOf = (errno: number): { readonly refused?: (typeof refusedResults)[number] } => {
  const refused = errnos[errno]
  return refused === undefined ? {} : { refused }
}

export const optionNames: Readonly<Record<number, 'ambient' | 'securebits' | 'drop-bounding'>> = {
  [options.ambient]: 'ambient',
  [options.securebits]: 'securebits',
  [options.dropBounding]: 'drop-bounding',
}

export const aboutCalls = new Set(
  'setuid setgid setreuid setregid setresuid setresgid setgroups setfsuid setfsgid chmod fchmod fchmodat fchmodat2'.split(
    ' ',
  ),
)

/** An id has 32 bits; a mode has the bits that chmod(2) uses. */
export function argumentOf(call: string, value: bigint): string {
  return String(value & (call.includes('chmod') ? 0o7777n : 0xffff_ffffn))
}
