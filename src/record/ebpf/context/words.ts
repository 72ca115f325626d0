// Translates the kernel's numbers to the names in observations: capabilities, modes, errors, types of files.
// Authority: include/uapi/linux/capability.h, include/uapi/linux/stat.h, errno(3), include/uapi/linux/prctl.h.
import { capabilities } from '../../../profile/words.ts'
import { identityCalls } from '../../../read/observations/plain-call.ts'
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

/** Calls with the index of the argument that is kept with a check: an id, a mode or the member of a family. */
export const aboutCalls: ReadonlyMap<string, number> = new Map([
  ...[...identityCalls, 'setfsuid', 'setfsgid', 'socketcall', 'ipc'].map((name) => [name, 0] as const),
  ['chmod', 1],
  ['fchmod', 1],
  ['fchmodat', 2],
  ['fchmodat2', 2],
])

/** A mode has the bits that chmod(2) uses, an id 32 bits or, in the oldest 32-bit calls, 16. */
export function argumentOf(call: string, value: bigint, hasShortIds: boolean): string {
  return String(value & (call.includes('chmod') ? 0o7777n : hasShortIds ? 0xffffn : 0xffff_ffffn))
}
