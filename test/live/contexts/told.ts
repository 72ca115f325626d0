// The rows of a context as texts that can be compared: without places, and without the names of kernel functions, which
// differ between kernels and architectures.
import type { ObservedContext } from '../../../src/read/observations/context.ts'

const lists = [
  'changes',
  'reads',
  'identities',
  'raises',
  'userNamespaces',
  'binds',
  'executions',
  'checks',
  'lost',
] as const
const left = new Set(['first', 'functions', 'count', 'fileCapabilities', 'fileEffective', 'noAudit'])

/** CAP_SYS_ADMIN is asked for by mmap, brk and execve, which a libc makes as it likes. */
export function told(context: ObservedContext): Readonly<Record<string, readonly string[]>> {
  return Object.fromEntries(
    lists.map((list) => [
      list,
      [
        ...new Set(
          (context[list] as readonly object[])
            .filter((row) => !('capability' in row && row.capability === 'CAP_SYS_ADMIN'))
            .map((row) => JSON.stringify(row, (key, value: unknown) => (left.has(key) ? undefined : value))),
        ),
      ].sort(),
    ]),
  )
}
