// Which architecture the calls of a source are of. strace says it only sometimes ("runs in 32 bit mode", -n), so it
// is inferred from what can be true on some architectures only: names that exist there, numbers that mean them
// there, addresses that a process can have there. What nothing tells is assumed, and said.
// Authority: the kernel's Documentation/arch/x86/x86_64/mm.rst and arch/arm64/memory.rst (address ranges), the tables of abi/.
import { architectureNames, architectures, familyOf, type Architecture } from '../../abi/architectures.ts'
import { existsOnlyOn, resolvePrinted } from '../../abi/spellings.ts'

/** A set of architectures, one bit each in the order of architectureNames: those a call can be of. */
export type Candidates = number

const bits = new Map(architectureNames.map((name, index) => [name, 1 << index]))

export function candidates(names: readonly Architecture[]): Candidates {
  let set = 0
  for (const name of names) set |= bits.get(name) as number
  return set
}

/** Those between which lines can decide; the machine of others has to be said: nothing tells ppc64le from x86_64. */
const inferred: Candidates = candidates(
  architectureNames.filter((each) => familyOf(architectures[each].host).length > 1),
)
export const anyArchitecture: Candidates = inferred
const x86Family: Candidates = candidates(['x86_64', 'x86', 'x32'])
const armFamily: Candidates = candidates(['aarch64', 'arm'])
const sixtyFour: Candidates = candidates(['x86_64', 'aarch64'])

/** What `[ Process PID=N runs in … mode. ]` leaves open. */
export const modes: Readonly<Record<'64 bit' | '32 bit' | 'x32', Candidates>> = {
  '64 bit': sixtyFour,
  '32 bit': candidates(['x86', 'arm']),
  x32: candidates(['x32']),
}

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
  const known = candidates(existsOnlyOn(name)) & inferred
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

/**
 * Addresses that user space of one architecture only can have: aarch64 maps from 0xffff……… down and 0xaaaa……… up
 * (48-bit), x86_64 from 0x7f………. down and 0x55………. up (47-bit); and the loader that a program names.
 */
const addresses = /\b0x(?:(ffff[0-9a-f]{8}|aaaa[0-9a-f]{8})|(?:7f[0-9a-f]{10}|5[56][0-9a-f]{10}))\b/
const loaders =
  /aarch64-linux-gnu\/|ld-(?:linux|musl)-aarch64|(x86_64-linux-gnu\/|ld-linux-x86-64|ld-musl-x86_64)/

/** What the text of a line tells of the machine it was recorded on. */
export function machineOf(text: string): 'x86_64' | 'aarch64' | undefined {
  const address = addresses.exec(text)
  if (address !== null) return address[1] === undefined ? 'x86_64' : 'aarch64'
  const loader = loaders.exec(text)
  if (loader !== null) return loader[1] === undefined ? 'aarch64' : 'x86_64'
  return undefined
}

export interface Evidence {
  /** What lines told directly. */
  readonly machine: 'x86_64' | 'aarch64' | undefined
  /** What the calls of one kind can all be of, for each kind met. */
  readonly sets: Iterable<Candidates>
  /** Whether strace announced the mode of any process: then the host is a 64-bit one. */
  readonly announced: boolean
  /** Names seen in the whole source. */
  readonly saw: (name: string) => boolean
}

export interface Machine {
  readonly native: Architecture
  /** Nothing told: assumed. */
  readonly assumed: boolean
}

/** The native architecture of the machine that the source was recorded on. */
export function nativeOf(evidence: Evidence): Machine {
  const sets = [...evidence.sets].filter((set) => set !== 0)
  const only = (family: Candidates): boolean => sets.some((set) => (set & ~family) === 0)
  const x86 = only(x86Family)
  const arm = only(armFamily)
  const host =
    evidence.machine ??
    (x86 === arm ? (arm ? undefined : startWithoutThreadPointer(evidence)) : x86 ? 'x86_64' : 'aarch64')
  if (host === undefined) return { native: 'x86_64', assumed: true }
  // A 32-bit machine, or one 32-bit program traced without announcement: all there is, is 32-bit.
  const compat = host === 'x86_64' ? 'x86' : 'arm'
  const has = (name: Architecture): boolean =>
    sets.some((set) => (set & sixtyFour) === 0 && (set & candidates([name])) !== 0)
  const wide =
    evidence.announced ||
    evidence.machine !== undefined ||
    sets.some((set) => (set & sixtyFour) !== 0 && (set & candidates([compat])) === 0)
  return { native: !wide && has(compat) ? compat : host, assumed: false }
}

/**
 * A program for x86_64 sets its thread pointer with arch_prctl before anything else, be it libc's or Go's; on
 * aarch64 it writes a register. A start without that call was not on x86_64. Likewise `access`, which no loader
 * for x86_64 does without and which aarch64 does not have.
 */
function startWithoutThreadPointer(evidence: Evidence): 'aarch64' | undefined {
  const { saw } = evidence
  if (saw('arch_prctl') || saw('access') || saw('open') || saw('stat')) return undefined
  const started = saw('execve') && (saw('brk') || saw('mmap')) && (saw('mprotect') || saw('set_tid_address'))
  return started || saw('faccessat') || saw('readlinkat') ? 'aarch64' : undefined
}

/** The architecture of calls that could be of `set`, on that machine; undefined when their names contradict each other. */
export function pickAbi(set: Candidates, native: Architecture): Architecture | undefined {
  if ((set & (bits.get(native) as number)) !== 0) return native
  const family = native === 'aarch64' || native === 'arm' ? armFamily : x86Family
  const left = set & family
  return architectureNames.find((name) => (left & (bits.get(name) as number)) !== 0)
}

const auditNames: Readonly<Record<string, Architecture>> = {
  X86_64: 'x86_64',
  AARCH64: 'aarch64',
  I386: 'x86',
  ARM: 'arm',
}

/** The architecture of an AUDIT_ARCH, as SIGSYS names it without the prefix. */
export function architectureOfAudit(name: string): Architecture | undefined {
  return auditNames[name]
}
