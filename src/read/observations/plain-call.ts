// The calls whose evidence is about ids, and the names of calls in all evidence. A 32-bit architecture has some calls
// twice: with wider ids (setuid32), sizes (truncate64) or times (utimensat_time64), and mmap2 with an offset in pages.
// Evidence shows what was done, so its names have no such suffix. Authority: syscalls(2), setuid(2), mmap2(2).
import { firstPaths } from './path-calls.ts'

/** The calls that change the ids or the groups of a thread. */
export const identityCalls = [
  'setuid',
  'setgid',
  'setreuid',
  'setregid',
  'setresuid',
  'setresgid',
  'setgroups',
] as const

const plain: ReadonlySet<string> = new Set([
  ...firstPaths.map(({ call }) => call),
  ...identityCalls,
  'setfsuid',
  'setfsgid',
])

/** The name of the call in evidence. */
export function plainCall(name: string): string {
  if (name === 'mmap2') return 'mmap'
  const without = name.replace(/(?:32|_time64|64)$/, '')
  return plain.has(without) ? without : name
}
