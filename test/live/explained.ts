// Compares what a program was recorded to call with the scan of its file: every recorded call is reachable, or the
// account of the scan names the gap behind which it stands.
import type { Test } from 'tap'
import { locate, scanPrograms, type RecordCache, type Records, type Tree } from '../../src/scan/index.ts'
import type { Recorded } from './recorded-calls.ts'

/** Calls in no line of a program: the kernel, strace or a signal causes them. */
const ofTheKernel = new Set(['restart_syscall', 'rt_sigreturn'])

/** Calls behind a gap: Python's ctypes looks up any function (here the C library's syscall) and calls it. */
const gaps: ReadonlyMap<
  string,
  { readonly calls: readonly string[]; readonly what: string; readonly from: string }
> = new Map([['/usr/bin/python3', { calls: ['seccomp'], what: 'dlsym', from: '_ctypes.' }]])

const kept = new Map<string, Records>()
const cache: RecordCache = {
  get: async (sha256) => kept.get(sha256),
  put: async (sha256, records) => void kept.set(sha256, records),
}

export async function explained(
  t: Test,
  tree: Tree,
  architecture: 'x86_64' | 'aarch64',
  program: string,
  { calls, libraries }: Recorded,
): Promise<void> {
  let found = await scanPrograms(tree, [program], { cache })
  const missed = (): readonly string[] =>
    [...calls].filter(
      (call) => !Object.hasOwn(found.architectures[architecture] ?? {}, call) && !ofTheKernel.has(call),
    )
  if (missed().length > 0) {
    // Behind a gap, the recorded libraries stand for those that the scan cannot know.
    const isGap = found.notFollowed.some(({ what, name }) => what === 'dlopen' && name === undefined)
    t.ok(isGap, `${program}: the account says that it loads libraries (${missed().join(' ')})`)
    const others: string[] = []
    for (const each of libraries) if ((await locate(tree, each))?.entry.kind === 'file') others.push(each)
    found = await scanPrograms(tree, [program], { cache, with: others })
  }
  const gap = gaps.get(program)
  const isNamed = found.notFollowed.some(
    ({ what, from, name }) => what === gap?.what && from.startsWith(gap.from) && name === undefined,
  )
  t.same(
    missed().filter((call) => !(isNamed && gap?.calls.includes(call))),
    [],
    `${program}: ${calls.size} seen, ${Object.keys(found.architectures[architecture] ?? {}).length} reached`,
  )
}
