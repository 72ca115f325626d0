// The scan is sound: it reaches the calls that Debian's programs were recorded to make, on x86_64 and on aarch64, or
// its account names a gap. The recordings are beside the project; SECCOMP_GEN_ARM64 names the folder of the unpacked
// arm64 programs (apt-get download NAME:arm64, dpkg-deb -x).
import { join } from 'node:path'
import { corpus } from '../corpus/corpus.ts'
import t from 'tap'
import { directoryTree } from '../../src/commands/scan-directory.ts'
import { locate } from '../../src/scan/index.ts'
import { explained } from './explained.ts'
import { recordedCalls } from './recorded-calls.ts'

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
    for (const [program, recorded] of recordedCalls(recordings)) {
      // The program behind /proc/self/exe is unknown.
      const place = program.startsWith('/proc/') ? undefined : await locate(tree, program)
      if (place?.entry.kind !== 'file' || recorded.calls.size < 5) continue
      programs++
      await explained(t, tree, architecture, place.path, recorded)
    }
    t.ok(programs >= 8, `${programs} programs`)
  })
}
