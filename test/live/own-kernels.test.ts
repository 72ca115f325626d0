// The recorder of `deploy/` under its own profile on other kernels, each in a qemu machine: the profile was recorded on
// one kernel, and on none may it lack a call. SECCOMP_GEN_QEMU=DIRECTORY enables the test, as it does kernels.test.ts;
// SECCOMP_GEN_KERNEL=6.1 selects one kernel. Needs python3-seccomp.
import { execa } from 'execa'
import { resolve } from 'node:path'
import t from 'tap'
import { recorderProfile } from '../../src/print/cluster/data/recorder-profile.ts'
import { confinedBy } from './kernels/confined.ts'
import { kernelOf, machines, makeImage } from './kernels/machines.ts'
import { skipFile } from './skip.ts'

const asked = process.env['SECCOMP_GEN_QEMU'] ?? ''
const only = process.env['SECCOMP_GEN_KERNEL']
skipFile(
  asked === ''
    ? 'SECCOMP_GEN_QEMU=DIRECTORY asks for machines that are emulated'
    : process.arch === 'x64'
      ? undefined
      : 'the machines are made on x86_64',
)
t.setTimeout(7_200_000)

const [machine] = machines
t.test('the profile of the recorder lacks nothing', async (t) => {
  const work = t.testdir()
  const cache = resolve(asked)
  const guest = { 'own-guest': 'test/live/kernels/own-guest.ts', cli: 'src/cli.ts' }
  const programs = { confined: await confinedBy(recorderProfile) }
  const { image } = await makeImage(machine as (typeof machines)[number], work, cache, { guest, programs })
  for (const [version, suite] of [
    ['6.1', 'bookworm'],
    ['6.12', 'trixie'],
    ['newest', 'sid'],
  ] as const) {
    if (only !== undefined && only !== version) continue
    const { qemu, words, console } = machine as (typeof machines)[number]
    const kernel = kernelOf(machine as (typeof machines)[number], suite, cache)
    const booted = ['-kernel', kernel, '-initrd', image, '-append', `console=${console} panic=-1 quiet`]
    const ran = await execa(qemu, [...words, ...booted], {
      reject: false,
      stdin: 'ignore',
      timeout: 1_800_000,
    })
    const line = /found (\{.*\})/.exec(ran.stdout.replaceAll('\r', ''))?.[1]
    if (line === undefined) {
      t.fail(`${version}: ${ran.stdout.slice(-3000)}`)
      continue
    }
    const found = JSON.parse(line) as {
      readonly release: string
      readonly told: readonly { readonly status: number; readonly err: string; readonly lines: number }[]
      readonly beyond: readonly string[]
    }
    t.comment(found.release)
    t.strictSame(found.beyond, [], `${version}: no call beyond the profile`)
    for (const { status, err } of found.told) {
      t.equal(status, 0, `${version}: ${err}`)
      t.match(err, /2 containers recorded/, version)
    }
    t.equal(found.told[0]?.lines, 2, `${version}: both on stdout`)
  }
})
