// Finds the calls that a seccomp filter sees in a `strace -f -o FILE` of a container runtime, up to the execve of the
// container's program. Authority: src/read/strace/after-filter.ts.
import { observe } from '../src/observe/index.ts'

/**
 * The calls made under a filter up to the execve of `program` (an absolute path), that execve included. Undefined if no
 * filter was loaded or the program was not started under it.
 */
export async function callsAfterFilter(
  trace: string,
  program: string,
): Promise<ReadonlySet<string> | undefined> {
  const start = trace.split('\n').findIndex((line) => /^\d+ +execve\("([^"]*)"/.exec(line)?.[1] === program)
  const upTo = trace.split('\n').slice(0, start + 1)
  const bytes = [Buffer.from(upTo.map((line) => `${line}\n`).join(''), 'latin1')]
  const seen = await observe([{ name: 'trace', bytes }], { format: 'strace', afterFilter: true })
  const calls = new Set(Object.values(seen.architectures).flatMap((each) => Object.keys(each)))
  return calls.has('execve') ? calls : undefined
}
