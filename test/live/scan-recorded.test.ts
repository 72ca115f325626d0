// Sound: what programs of Debian were recorded to call, on x86_64 and on aarch64, the scan of the same programs reaches,
// or a gap stands in its account. The recordings are beside the project; the arm64 programs lie unpacked where
// SECCOMP_GEN_ARM64 says (apt-get download NAME:arm64, dpkg-deb -x).
import { join } from 'node:path'
import { corpus } from '../corpus/corpus.ts'
import t from 'tap'
import { directoryTree } from '../../src/commands/scan-directory.ts'
import { locate, scanPrograms, type RecordCache, type Records } from '../../src/scan/index.ts'
import { recordedCalls } from './recorded-calls.ts'

/** Made by no line of a program: the kernel's, and what strace or a signal brings. */
const ofTheKernel = new Set(['restart_syscall', 'rt_sigreturn'])

/** Calls that stand behind a gap: Python's ctypes looks up any function (here: the C library's syscall) and calls it. */
const gaps: ReadonlyMap<
  string,
  { readonly calls: readonly string[]; readonly what: string; readonly from: string }
> = new Map([['/usr/bin/python3', { calls: ['seccomp'], what: 'dlsym', from: '_ctypes.' }]])

const kept = new Map<string, Records>()
const cache: RecordCache = {
  get: async (sha256) => kept.get(sha256),
  put: async (sha256, records) => void kept.set(sha256, records),
}

t.setTimeout(1_200_000)

for (const [architecture, root] of [
  ['x86_64', '/'],
  ['aarch64', process.env['SECCOMP_GEN_ARM64']],
] as const) {
  const recordings = join(corpus(), 'traces/recorded', architecture)
  const skip =
    root === undefined || (architecture === 'x86_64' && process.arch !== 'x64')
      ? `no programs of ${architecture} here`
      : false
  t.test(`recorded on ${architecture}`, { skip, timeout: 1_200_000 }, async (t) => {
    const tree = directoryTree(root as string)
    let programs = 0
    for (const [program, { calls, libraries }] of recordedCalls(recordings)) {
      // What /proc/self/exe was, nobody knows any more.
      const place = program.startsWith('/proc/') ? undefined : await locate(tree, program)
      if (place?.entry.kind !== 'file' || calls.size < 5) continue
      programs++
      let found = await scanPrograms(tree, [place.path], { cache })
      const missed = (): readonly string[] =>
        [...calls].filter(
          (call) => !Object.hasOwn(found.architectures[architecture] ?? {}, call) && !ofTheKernel.has(call),
        )
      if (missed().length > 0) {
        // Behind a gap: what it was seen to load stands for what the scan cannot know.
        const isGap = found.notFollowed.some(({ what, name }) => what === 'dlopen' && name === undefined)
        t.ok(isGap, `${program}: the account says that it loads libraries`)
        const others: string[] = []
        for (const each of libraries) if ((await locate(tree, each))?.entry.kind === 'file') others.push(each)
        found = await scanPrograms(tree, [place.path], { cache, with: others })
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
    t.ok(programs >= 8, `${programs} programs`)
  })
}
