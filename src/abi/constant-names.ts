// The header names of argument values: the reverse of constants.ts, for arguments whose names people know. Authority:
// the manual pages of the calls (clone(2), unshare(2), setns(2), socket(2), personality(2), prctl(2), seccomp(2),
// fcntl(2), ioctl(2)). A value without a name stays a number.
import type { Architecture } from './architectures.ts'
import { architectures } from './rows.ts'
import { namedConstants } from './constants.ts'
import { indexOn } from './scalars.ts'

interface NamedArgument {
  /** Prefixes of the names, the preferred one first: PF_ names mean the same as AF_ names. */
  readonly prefixes: readonly string[]
  /** `flags`: one-bit names joined with `|`. `signal and flags`: the low byte is a signal (clone). */
  readonly kind: 'value' | 'flags' | 'signal and flags'
}

const namespaces: NamedArgument = { prefixes: ['CLONE_'], kind: 'flags' }
const family: NamedArgument = { prefixes: ['AF_'], kind: 'value' }
const type: NamedArgument = { prefixes: ['SOCK_'], kind: 'flags' }

/** Keyed by call, then by the kernel's index. */
const named: Readonly<Record<string, Readonly<Record<number, NamedArgument>>>> = {
  clone: { 0: { prefixes: ['CLONE_'], kind: 'signal and flags' } },
  unshare: { 0: namespaces },
  setns: { 1: namespaces },
  socket: { 0: family, 1: type },
  socketpair: { 0: family, 1: type },
  personality: { 0: { prefixes: ['ADDR_NO_RANDOMIZE', 'PER_', 'UNAME26'], kind: 'value' } },
  prctl: { 0: { prefixes: ['PR_'], kind: 'value' } },
  seccomp: { 0: { prefixes: ['SECCOMP_SET_', 'SECCOMP_GET_'], kind: 'value' } },
  fcntl: { 1: { prefixes: ['F_'], kind: 'value' } },
  fcntl64: { 1: { prefixes: ['F_'], kind: 'value' } },
  ioctl: { 1: { prefixes: ['TIOC', 'TC', 'FIO', 'SIOC'], kind: 'value' } },
}

/** Old names of values that have a current name. */
const retired: ReadonlySet<string> = new Set(['AF_FILE', 'AF_LOCAL', 'AF_ROUTE', 'CLONE_STOPPED'])

/** Such as `CLONE_NEWUSER|SIGCHLD` or `AF_ALG`, else hexadecimal. `index`: as in a filter, 0 to 5. */
export function argumentText(architecture: Architecture, call: string, index: number, value: bigint): string {
  const row = Object.entries(named[call] ?? {}).find(
    ([kernels]) => indexOn(architecture, call, Number(kernels)) === index,
  )?.[1]
  const number = value === 0n ? '0' : `0x${value.toString(16)}`
  // Architectures with their own requests of terminals and files have other numbers.
  if (row === undefined || (call === 'ioctl' && architectures[architecture].ownRequests)) return number
  const found = row.kind === 'value' ? nameOf(row.prefixes, value) : flagNames(row, value)
  return found ?? number
}

function nameOf(prefixes: readonly string[], value: bigint): string | undefined {
  const names = namedConstants(value).filter((each) => !retired.has(each))
  return prefixes.flatMap((prefix) => names.filter((each) => each.startsWith(prefix)))[0]
}

/** Undefined if a bit has no name. */
function flagNames({ prefixes, kind }: NamedArgument, value: bigint): string | undefined {
  const signals = kind === 'signal and flags' ? 0xffn : 0n
  // A socket's type is a number in the low byte.
  const low = prefixes.includes('SOCK_') ? 0xffn : signals
  const names: string[] = []
  for (let rest = value & ~low; rest > 0n; rest &= rest - 1n) {
    const name = nameOf(prefixes, rest & -rest)
    if (name === undefined) return undefined
    names.push(name)
  }
  if ((value & low) !== 0n) {
    const name = nameOf(signals === 0n ? prefixes : ['SIG'], value & low)
    if (name === undefined) return undefined
    names.push(name)
  }
  return names.length === 0 ? undefined : names.join('|')
}
