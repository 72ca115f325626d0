// The specification: every strace recording gives the names and counts of its truth file. The table below explains each
// exception and gives the expected result.
import t from 'tap'
import type { Architecture } from '../../src/abi/architectures.ts'
import {
  differences,
  flat,
  mapped,
  observed,
  recordings,
  withoutCollected,
  type Recording,
} from '../recordings.ts'

/** Truth files by name only: strace -o does not mark 32-bit calls. The kernel's own counts apply instead. */
const byKernel: Readonly<Record<string, string>> = {
  'recorded/x86_64/hello32.strace': 'a 32-bit program under -o: told by the names that exist on x86 only',
  'recorded/x86_64/hello32-exec64.strace': 'the same, and a 64-bit one after it',
  'recorded/aarch64/hello-arm.strace': 'a 32-bit program under -o: told by the names that exist on arm only',
}

/** All differences from the truth, and why they are right. */
const explained: Readonly<Record<string, { readonly why: string; readonly differences: readonly string[] }>> =
  {
    ...Object.fromEntries(
      ['recorded/x86_64/v-thr-z.strace', 'recorded/x86_64/v-thr-z-err.stderr.strace'].map((name) => [
        name,
        {
          why: '-z shows the execve of a thread only as it comes back; the kernel counted it (5 beside the first)',
          differences: ['x86_64 execve: expected 5, seen 6'],
        },
      ]),
    ),
    ...Object.fromEntries(
      ['recorded/x86_64/int80.strace', 'recorded/x86_64/int80.ff.d'].map((name) => [
        name,
        {
          why: 'one process makes 64- and 32-bit calls: those with an i386 name are told, the others are reported',
          differences: [
            'x86 getuid32: expected 0, seen 1',
            'x86 socketcall: expected 0, seen 1',
            'x86 stat64: expected 0, seen 1',
            'x86_64 ?getuid32: expected 1, seen 0',
            'x86_64 ?socketcall: expected 1, seen 0',
            'x86_64 ?stat64: expected 1, seen 0',
          ],
        },
      ]),
    ),
  }

Object.assign(explained, {
  'recorded/x86_64/badcalls-n.strace': {
    why: 'the numbers that -n prints have bit 30: calls of x32, which the truth counts as x86_64',
    differences: [
      'x32 ?1073751823: expected 0, seen 1',
      'x32 getpid: expected 0, seen 1',
      'x32 ioctl: expected 0, seen 1',
      'x86_64 ?1073751823: expected 1, seen 0',
      'x86_64 getpid: expected 2, seen 1',
      'x86_64 ioctl: expected 1, seen 0',
    ],
  },
})

/** Recordings of two programs, compared with the sum over both architectures. */
const bySum: Readonly<Record<string, string>> = {
  'recorded/aarch64/hello-arm-exec64.strace':
    'a 32-bit and a 64-bit program under -o, without a kernel count that tells them apart',
}

function mainArchitecture(flatCounts: ReadonlyMap<string, number>): Architecture {
  const sizes = new Map<string, number>()
  for (const key of flatCounts.keys()) {
    const architecture = key.slice(0, key.indexOf(' '))
    sizes.set(architecture, (sizes.get(architecture) ?? 0) + 1)
  }
  return ([...sizes].sort((a, b) => b[1] - a[1])[0]?.[0] ?? 'x86_64') as Architecture
}

/** The kernel's counts begin after the first execve and have multiplexed calls under their multiplexer only. */
function kernelDifferences(recording: Recording, seen: ReadonlyMap<string, number>): string[] {
  const multiplexed = /^x86 (?:socket|bind|listen|send|recv|accept|socketpair|sem|shm|msg)/
  // The truth has negative numbers as 64-bit ones.
  const kernel = mapped(recording.kernel ?? {}, 'x86_64')
  return differences(kernel, seen).filter((each) => !/ execve: | \?/.test(each) && !multiplexed.test(each))
}

const bare = (counts: ReadonlyMap<string, number>): Map<string, number> => {
  const sum = new Map<string, number>()
  for (const [key, count] of counts) {
    const name = key.slice(key.indexOf(' ') + 1).replace(/^\?/, '')
    sum.set(name, (sum.get(name) ?? 0) + count)
  }
  return sum
}

for (const folder of ['recorded/x86_64', 'recorded/aarch64', 'collected/strace']) {
  t.test(
    `every recording of ${folder} gives the names and counts of its truth`,
    { skip: folder.startsWith('collected') && withoutCollected },
    async (t) => {
      const all = recordings(folder)
      t.ok(all.length > 30, `${all.length} recordings`)
      for (const recording of all) {
        const observations = await observed(recording)
        const seen = flat(observations)
        const found = differences(mapped(recording.truth, mainArchitecture(seen)), seen)
        const { name } = recording
        if (name in byKernel) {
          t.ok(found.length > 0, `${name} still needs its row: ${byKernel[name]}`)
          t.same(kernelDifferences(recording, seen), [], `${name} agrees with the kernel: ${byKernel[name]}`)
        } else if (name in bySum) {
          t.ok(found.length > 0, `${name} still needs its row`)
          t.same(
            differences(bare(mapped(recording.truth, 'arm')), bare(seen)),
            [],
            `${name} in sum: ${bySum[name]}`,
          )
        } else {
          t.same(found, explained[name]?.differences ?? [], name)
        }
      }
    },
  )
}
