// The numbers that the real runc answers with ENOSYS before the filter, compared with `runtime: 'runc'`; and crun,
// which answers no number so.
import { spawnSync } from 'node:child_process'
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { runtimeWords, version, whyNotRun, writeBundle, type Runtime } from '../../scripts/bundle.ts'
import { syscallTable } from '../../src/abi/tables.ts'
import { contextOf, makeMeaning } from '../../src/meaning/index.ts'
import { parseProfile } from '../../src/profile/index.ts'

/** Calls each number on its command line without arguments and prints the result. */
const source = `#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
int main(int count, char **words) {
  for (int at = 1; at < count; at++) {
    errno = 0;
    syscall(strtol(words[at], 0, 0), -1, 0, 0, 0, 0, 0);
    printf("%d ", errno);
  }
  return 0;
}
`
const directory = mkdtempSync(join(tmpdir(), 'stub-test-'))
const program = join(directory, 'probe')
t.teardown(() => rmSync(directory, { recursive: true, force: true }))
writeFileSync(join(directory, 'probe.c'), source)
const compiled = spawnSync('cc', ['-static', '-o', program, join(directory, 'probe.c')])

function whyNot(runtime: Runtime): string | false {
  if (process.arch !== 'x64') return 'the numbers of this test are those of x86_64'
  if (compiled.status !== 0) return 'there is no C compiler that links statically'
  return whyNotRun(runtime) ?? false
}

/** Every call of Linux 5.0: more than a runtime and the program need. */
const old = syscallTable('x86_64').entries.flatMap(({ name, number }) => (number <= 334 ? name : []))
// Not 335 and 336: newer kernels exempt uretprobe and uprobe from filters.
const numbers = [424, 434, 435, 438, 439, 440, 2000]
const x32 = 0x40000000
const unnamed = 'without architectures'
const refusing = { defaultAction: 'SCMP_ACT_ERRNO', defaultErrnoRet: 77 }
const profiles: Readonly<Record<string, { readonly profile: object; readonly numbers: readonly number[] }>> =
  {
    'up to rseq': { profile: { ...refusing, names: old }, numbers },
    'up to faccessat2, with a gap': {
      profile: { ...refusing, names: [...old, 'faccessat2'] },
      numbers,
    },
    'a number that only a rule for nothing names': {
      profile: { ...refusing, names: old, refused: ['faccessat2'] },
      numbers,
    },
    'default kill': {
      profile: { defaultAction: 'SCMP_ACT_KILL_PROCESS', names: old },
      numbers: [424, 440, 2000],
    },
    'default ENOSYS': {
      profile: { ...refusing, defaultErrnoRet: 38, names: old },
      numbers,
    },
    [unnamed]: {
      profile: { ...refusing, names: old, architectures: [] },
      numbers,
    },
    'with x32': {
      profile: {
        ...refusing,
        names: [...old, 'faccessat2'],
        architectures: ['SCMP_ARCH_X86_64', 'SCMP_ARCH_X32'],
      },
      numbers: [...numbers, x32 + 435, x32 + 439, x32 + 440, x32 + 512, x32 + 600, 0xffffffff],
    },
  }

/** opencontainers/runc pull requests 4219 and 4391. */
function hasNativeStub(version: string): boolean {
  const [major = 0, minor = 0, patch = 0] = version.split('.').map(Number)
  return major > 1 || minor > 1 || (minor === 1 && patch >= 15)
}

function textOf(profile: object): string {
  const { names, refused, ...rest } = {
    architectures: ['SCMP_ARCH_X86_64'],
    refused: [] as readonly string[],
    names: [] as readonly string[],
    ...profile,
  }
  const syscalls = [
    { names, action: 'SCMP_ACT_ALLOW' },
    { names: refused, action: 'SCMP_ACT_ERRNO', errnoRet: 77 },
  ].filter((rule) => rule.names.length > 0)
  return JSON.stringify({ ...rest, syscalls })
}

for (const runtime of ['runc', 'crun'] as const) {
  t.test(`${runtime} ${version(runtime) ?? ''}`, { skip: whyNot(runtime) }, (t) => {
    for (const [what, { profile, numbers: all }] of Object.entries(profiles)) {
      if (what === unnamed && runtime === 'runc' && !hasNativeStub(version('runc') ?? '')) {
        t.comment(`${what}: runc has a stub there since 1.1.15`)
        continue
      }
      const text = textOf(profile)
      const meaning = makeMeaning(parseProfile(text), contextOf({ runtime }))
      // Calls that the kernel would carry out, or kill for, are not made.
      const asked = all.filter((each) => meaning.answer('x86_64', each, []).action === 'SCMP_ACT_ERRNO')
      const bundle = mkdtempSync(join(directory, 'bundle-'))
      const args = ['/bin/probe', ...asked.map(String)]
      writeBundle(bundle, { args, noNewPrivileges: true }, JSON.parse(text))
      copyFileSync(program, join(bundle, 'rootfs/bin/probe'))
      const words = [
        runtime,
        '--root',
        join(bundle, 'state'),
        'run',
        '--bundle',
        bundle,
        `stub-${process.pid}`,
      ]
      const [command, ...rest] = runtimeWords(runtime, words)
      const { status, stdout, stderr } = spawnSync(command, rest, { encoding: 'utf8', timeout: 30_000 })
      t.equal(status, 0, `${what}: ${status === 0 ? 'runs' : stderr}`)
      const expected = asked.map((each) => [each, meaning.answer('x86_64', each, []).errno])
      const got = stdout.trim().split(' ')
      t.strictSame(
        asked.map((each, at) => [each, Number(got[at])]),
        expected,
        what,
      )
    }
    t.end()
  })
}
