// Which architecture the calls of a source are of. strace says it only sometimes ("runs in 32 bit mode", -n), so it
// is inferred from what can be true on some architectures only: names that exist there, numbers that mean them there,
// libraries and addresses that a process can have there. What nothing tells is assumed, and said.
// Authority: the tables and rows of abi/.
import {
  architectureNames,
  architectures,
  assumedHost,
  familyOf,
  hostNames,
  type Architecture,
  type Host,
} from '../../abi/architectures.ts'
import { existsOnlyOn, resolvePrinted } from '../../abi/spellings.ts'
import type { MachineEvidence } from './machine-evidence.ts'

/** A set of architectures, one bit each in the order of architectureNames: those a call can be of. */
export type Candidates = number

const bits = new Map(architectureNames.map((name, index) => [name, 1 << index]))

export function candidates(names: readonly Architecture[]): Candidates {
  let set = 0
  for (const name of names) set |= bits.get(name) as number
  return set
}

export const anyArchitecture: Candidates = candidates(architectureNames)
const families = new Map(hostNames.map((host) => [host, candidates(familyOf(host))]))

const ofMode = (mode: '64 bit' | '32 bit' | 'x32'): Candidates =>
  candidates(architectureNames.filter((each) => architectures[each].strace === mode))

/** What `[ Process PID=N runs in … mode. ]` leaves open. */
export const modes: Readonly<Record<'64 bit' | '32 bit' | 'x32', Candidates>> = {
  '64 bit': ofMode('64 bit'),
  '32 bit': ofMode('32 bit'),
  x32: ofMode('x32'),
}
const sixtyFour = modes['64 bit']

/** The 64-bit or the 32-bit ones of a set that has only those; undefined for one that leaves both open. */
export function widthOf(set: Candidates): Candidates | undefined {
  const wide = set & sixtyFour
  const narrow = set & modes['32 bit']
  if (wide !== 0 && narrow === 0) return wide
  // x32 stands apart: its own calls are told by a suffix or a number, the others look like x86_64's.
  return wide === 0 && narrow !== 0 ? narrow : undefined
}

/** Where a call of this printed name, and of this number where -n printed it, exists. 0: nowhere. */
export function candidatesOf(name: string, number: number | undefined): Candidates {
  const known = candidates(existsOnlyOn(name))
  if (number === undefined) return known
  let set = 0
  for (const architecture of architectureNames) {
    if ((known & (bits.get(architecture) as number)) !== 0 && carries(architecture, name, number)) {
      set |= bits.get(architecture) as number
    }
  }
  // A number that contradicts every table (a kernel or strace newer than they are) tells nothing.
  return set === 0 ? known : set
}

function carries(architecture: Architecture, name: string, number: number): boolean {
  const byNumber = resolvePrinted(architecture, `syscall_0x${number.toString(16)}`)?.names[0]
  if (byNumber === undefined) return false
  return resolvePrinted(architecture, name)?.names.includes(byNumber) ?? false
}

/** The one machine that has calls of such a set; undefined where several have, or none. */
export function onlyHost(set: Candidates): Host | undefined {
  if (set === 0) return undefined
  return hostNames.find((host) => (set & ~(families.get(host) as number)) === 0)
}

export interface ArchitectureEvidence {
  /** What libraries and addresses told. */
  readonly machine: Pick<MachineEvidence, 'host' | 'isWide'>
  /** The only machine that has a call of this name, for each name. */
  readonly named: Iterable<Host | undefined>
  /** What the calls of one kind can all be of, for each kind met. */
  readonly sets: Iterable<Candidates>
  /** Whether strace announced the mode of any process: then the host is a 64-bit one. */
  readonly announced: boolean
  /** Names seen in the whole source. */
  readonly saw: (name: string) => boolean
}

export interface TracedMachine {
  readonly native: Architecture
  /** Nothing told: assumed. */
  readonly assumed: boolean
}

/** The native architecture of the machine that the source was recorded on. */
export function nativeOf(evidence: ArchitectureEvidence): TracedMachine {
  const sets = [...evidence.sets].filter((set) => set !== 0)
  // One name that a single machine has tells more than a library; several together, which may be of two programs, less.
  const told = single(evidence.named) ?? evidence.machine.host ?? single(sets.map(onlyHost))
  const host = told ?? mostLikely(sets, evidence)
  // A 32-bit machine, or one 32-bit program traced without announcement: all there is, is 32-bit.
  const narrow = familyOf(host).find((each) => architectures[each].strace === '32 bit')
  const has = (name: Architecture): boolean =>
    sets.some((set) => (set & sixtyFour) === 0 && (set & candidates([name])) !== 0)
  const wide =
    evidence.announced ||
    evidence.machine.isWide ||
    sets.some(
      (set) => (set & sixtyFour) !== 0 && (narrow === undefined || (set & candidates([narrow])) === 0),
    )
  return { native: narrow !== undefined && !wide && has(narrow) ? narrow : host, assumed: told === undefined }
}

/** The only machine of some; undefined where they contradict each other. */
function single(hosts: Iterable<Host | undefined>): Host | undefined {
  const found = new Set([...hosts].filter((host) => host !== undefined))
  return found.size === 1 ? [...found][0] : undefined
}

/** Of the machines that have most of the calls the usual one; aarch64 where a program starts as none for x86_64 does. */
function mostLikely(sets: readonly Candidates[], evidence: ArchitectureEvidence): Host {
  const impossible = (host: Host): number =>
    sets.filter((set) => (set & (families.get(host) as number)) === 0).length
  const usual = startsWithoutThreadPointer(evidence) ? 'aarch64' : assumedHost
  const [best = usual] = [usual, ...hostNames].sort((one, other) => impossible(one) - impossible(other))
  return best as Host
}

/**
 * A program for x86_64 sets its thread pointer with arch_prctl before anything else, be it libc's or Go's; elsewhere it
 * writes a register. A whole start without that call, and without those that only older machines have, was not there.
 */
function startsWithoutThreadPointer({ saw }: ArchitectureEvidence): boolean {
  if (['arch_prctl', 'access', 'open', 'stat'].some(saw)) return false
  return saw('execve') && (saw('brk') || saw('mmap')) && (saw('mprotect') || saw('set_tid_address'))
}

/** The architecture of calls that could be of `set`, on that machine; undefined when their names contradict each other. */
export function pickAbi(set: Candidates, native: Architecture): Architecture | undefined {
  if ((set & (bits.get(native) as number)) !== 0) return native
  const left = set & (families.get(architectures[native].host) as number)
  return architectureNames.find((name) => (left & (bits.get(name) as number)) !== 0)
}

/** The architecture of an AUDIT_ARCH, as SIGSYS names it without the prefix; undefined for one that is none of ours. */
export function architectureOfAudit(name: string): Architecture | undefined {
  const lower = name.toLowerCase()
  return architectureNames.find(
    (each) => each === lower || architectures[each].auditNames.includes(lower) || auditNames[lower] === each,
  )
}

/** linux/audit.h spells two of them differently. */
const auditNames: Readonly<Record<string, Architecture>> = { i386: 'x86', ppc64le: 'ppc64le' }
