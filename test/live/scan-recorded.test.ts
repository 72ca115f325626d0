// The scan is sound: it reaches the calls that Debian's programs were recorded to make, on x86_64 and on aarch64, or
// its account names a gap. The recordings are beside the project; SECCOMP_GEN_ARM64 names the folder of the unpacked
// arm64 programs (apt-get download NAME:arm64, dpkg-deb -x).
import { join } from 'node:path'
import { corpus } from '../corpus/corpus.ts'
import t from 'tap'
import { directoryTree } from '../../src/commands/scan-directory.ts'
import { locate, scanPrograms, type RecordCache, type Records } from '../../src/scan/index.ts'
import { recordedCalls } from './recorded-calls.ts'

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
      // The program behind /proc/self/exe is unknown.
      const place = program.startsWith('/proc/') ? undefined : await locate(tree, program)
      if (place?.entry.kind !== 'file' || calls.size < 5) continue
      programs++
      let found = await scanPrograms(tree, [place.path], { cache })
      const missed = (): readonly string[] =>
        [...calls].filter(
          (call) => !Object.hasOwn(found.architectures[architecture] ?? {}, call) && !ofTheKernel.has(call),
        )
      if (missed().length > 0) {
        // Behind a gap, the recorded libraries stand for those that the scan cannot know.
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
