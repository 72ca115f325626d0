// Infers the architecture of the calls of a source. strace states it only sometimes ("runs in 32 bit mode", -n), so it
// is inferred from what exists on some architectures only: names of calls, the numbers of these names, libraries and
// addresses. Without evidence the architecture is assumed, and a message says so.
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

/** The set of architectures that a call can belong to: one bit each, in the order of architectureNames. */
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

/** The architectures that `[ Process PID=N runs in … mode. ]` can mean. */
export const modes: Readonly<Record<'64 bit' | '32 bit' | 'x32', Candidates>> = {
  '64 bit': ofMode('64 bit'),
  '32 bit': ofMode('32 bit'),
  x32: ofMode('x32'),
}
const sixtyFour = modes['64 bit']

/** The 64-bit architectures of a set without 32-bit ones, or the reverse; undefined if the width is open. */
export function widthOf(set: Candidates): Candidates | undefined {
  const wide = set & sixtyFour
  const narrow = set & modes['32 bit']
  if (wide !== 0 && narrow === 0) return wide
  // x32 has no width here: a suffix or a number marks its own calls, and its other calls look like x86_64's.
  return wide === 0 && narrow !== 0 ? narrow : undefined
}

/** The architectures that have a call of this printed name and, if -n printed one, this number. 0: none. */
export function candidatesOf(name: string, number: number | undefined): Candidates {
  const known = candidates(existsOnlyOn(name))
  if (number === undefined) return known
  let set = 0
  for (const architecture of architectureNames) {
    if ((known & (bits.get(architecture) as number)) !== 0 && carries(architecture, name, number)) {
      set |= bits.get(architecture) as number
    }
  }
  // A number that contradicts every table (a newer kernel or strace) is ignored.
  return set === 0 ? known : set
}

function carries(architecture: Architecture, name: string, number: number): boolean {
  const byNumber = resolvePrinted(architecture, `syscall_0x${number.toString(16)}`)?.names[0]
  if (byNumber === undefined) return false
  return resolvePrinted(architecture, name)?.names.includes(byNumber) ?? false
}

/** The only host whose architectures contain the set; undefined if the set is empty or fits no single host. */
export function onlyHost(set: Candidates): Host | undefined {
  if (set === 0) return undefined
  return hostNames.find((host) => (set & ~(families.get(host) as number)) === 0)
}

export interface ArchitectureEvidence {
  /** The evidence of libraries and addresses. */
  readonly machine: Pick<MachineEvidence, 'host' | 'isWide' | 'library'>
  /** For each name, the only host that has such a call. */
  readonly named: Iterable<Host | undefined>
  /** For each group of calls, the architectures that all of them can belong to. */
  readonly sets: Iterable<Candidates>
  /** Whether strace announced the mode of any process: then the host is 64-bit. */
  readonly announced: boolean
  /** Names seen in the whole source. */
  readonly saw: (name: string) => boolean
}

export interface TracedMachine {
  readonly native: Architecture
  /** There was no evidence. */
  readonly assumed: boolean
}

/** The native architecture of the machine that the source was recorded on. */
export function nativeOf(evidence: ArchitectureEvidence): TracedMachine {
  const sets = [...evidence.sets].filter((set) => set !== 0)
  // A name that only one machine has is stronger than a library. Sets of names are weaker: they may mix two programs.
  const told = single(evidence.named) ?? evidence.machine.host ?? single(sets.map(onlyHost))
  const host = told ?? mostLikely(sets, evidence)
  // If everything is 32-bit, it is a 32-bit machine, or one 32-bit program whose mode strace did not announce. The names
  // of x32's calls are those of x86_64's: only a library tells it.
  const mode = evidence.machine.library === 'x32' ? 'x32' : '32 bit'
  const narrow = familyOf(host).find((each) => architectures[each].strace === mode)
  const has = (name: Architecture): boolean =>
    evidence.machine.library === name ||
    sets.some((set) => (set & sixtyFour) === 0 && (set & candidates([name])) !== 0)
  const wide =
    evidence.announced ||
    evidence.machine.isWide ||
    sets.some(
      (set) => (set & sixtyFour) !== 0 && (narrow === undefined || (set & candidates([narrow])) === 0),
    )
  return { native: narrow !== undefined && !wide && has(narrow) ? narrow : host, assumed: told === undefined }
}

/** The only host among `hosts`; undefined if there is none or they contradict each other. */
function single(hosts: Iterable<Host | undefined>): Host | undefined {
  const found = new Set([...hosts].filter((host) => host !== undefined))
  return found.size === 1 ? [...found][0] : undefined
}

/** The host that contradicts the fewest sets; in a tie x86_64, or aarch64 if startsWithoutThreadPointer(). */
function mostLikely(sets: readonly Candidates[], evidence: ArchitectureEvidence): Host {
  const impossible = (host: Host): number =>
    sets.filter((set) => (set & (families.get(host) as number)) === 0).length
  const usual = startsWithoutThreadPointer(evidence) ? 'aarch64' : assumedHost
  const [best = usual] = [usual, ...hostNames].sort((one, other) => impossible(one) - impossible(other))
  return best as Host
}

/**
 * On x86_64 a program, of libc or Go, first sets its thread pointer with arch_prctl; elsewhere it writes a register.
 * A whole start without that call, and without the calls that only older architectures have, was not on x86_64.
 */
function startsWithoutThreadPointer({ saw }: ArchitectureEvidence): boolean {
  if (['arch_prctl', 'access', 'open', 'stat'].some(saw)) return false
  return saw('execve') && (saw('brk') || saw('mmap')) && (saw('mprotect') || saw('set_tid_address'))
}

/** The architecture of calls with these candidates on the machine of `native`; undefined if it has none of them. */
export function pickAbi(set: Candidates, native: Architecture): Architecture | undefined {
  if ((set & (bits.get(native) as number)) !== 0) return native
  const left = set & (families.get(architectures[native].host) as number)
  return architectureNames.find((name) => (left & (bits.get(name) as number)) !== 0)
}
