// The recorder on other kernels, each in a qemu machine: Debian's 5.10, 6.1, 6.12 and the newest, on x86_64 and
// aarch64. Counts, values, 32-bit calls, membership of a cgroup, refusals by a filter, the evidence of a context.
// SECCOMP_GEN_QEMU=DIRECTORY enables the test and keeps packages there (some 100 MB the first time). One kernel takes a
// minute or two, those of aarch64 five. SECCOMP_GEN_KERNEL=6.1,6.1-aarch64 selects some, and enables them alone
// (.ci/run). aarch64 needs qemu-system-arm, gcc-aarch64-linux-gnu and gcc-arm-linux-gnueabihf, which Debian does not
// install beside gcc-multilib.
import { execa } from 'execa'
import { resolve } from 'node:path'
import t, { type Test } from 'tap'
import { kernelOf, machines, makeImage, type Machine } from './kernels/machines.ts'
import { skipFile } from './skip.ts'

const asked = process.env['SECCOMP_GEN_QEMU'] ?? ''
const only = process.env['SECCOMP_GEN_KERNEL']?.split(',')
const missing = async (program: string): Promise<string | undefined> =>
  (await execa(program, ['--version'], { reject: false, stdin: 'ignore' })).failed
    ? `${program} is not installed`
    : undefined
skipFile(
  asked === '' && only === undefined
    ? 'SECCOMP_GEN_QEMU=DIRECTORY asks for machines that are emulated'
    : process.arch === 'x64'
      ? await missing('dpkg-deb')
      : 'the machines are made on x86_64',
)
t.setTimeout(7_200_000)

/** What the source of `steps` needs (capabilities(7)); what a kernel that shows no checks can tell of it. */
const needed = {
  checks: 'CHOWN DAC_OVERRIDE FOWNER NET_BIND_SERVICE SETGID SETUID',
  none: 'CHOWN DAC_OVERRIDE NET_BIND_SERVICE SETGID SETUID',
} as const

const kernels = [
  ['5.10', 'bullseye'],
  ['6.1', 'bookworm'],
  ['6.12', 'trixie'],
  ['newest', 'sid'],
] as const

/** What differs between the architectures in the expected results. */
const expected = {
  x86_64: {
    refused: 83,
    ended: 84,
    refusals: [
      ['mkdir', 5],
      ['rmdir', 1],
    ],
    chown: 'chown',
  },
  aarch64: {
    refused: 34,
    ended: 35,
    refusals: [
      ['mkdirat', 5],
      ['unlinkat', 1],
    ],
    chown: 'fchownat',
  },
} as const

const suffixOf = ({ name }: Machine): string => (name === 'x86_64' ? '' : `-${name}`)
const known = machines.flatMap((each) => kernels.map(([version]) => version + suffixOf(each)))
t.strictSame(only?.filter((each) => !known.includes(each)) ?? [], [], 'the kernels that are asked for exist')

for (const machine of machines) {
  const { name, qemu, compiler, words } = machine
  const suffix = suffixOf(machine)
  const chosen = kernels.filter(([version]) => only?.includes(version + suffix) ?? true)
  const why =
    chosen.length === 0
      ? 'another was asked for'
      : ((await missing(qemu)) ?? (await missing(compiler[0] ?? '')))
  t.test(name, { skip: why ?? false }, async (t) => {
    const work = t.testdir()
    const cache = asked === '' ? work : resolve(asked)
    const { image, has32 } = await makeImage(machine, work, cache)
    for (const [version, suite] of chosen)
      await t.test(version, async (t) => {
        let kernel = ''
        try {
          kernel = kernelOf(machine, suite, cache)
        } catch (error) {
          if (asked !== '') throw error
          return void t.pass('the kernel', { skip: 'Debian’s archive does not give it' })
        }
        const line = `console=${machine.console} panic=-1 quiet`
        const booted = ['-kernel', kernel, '-initrd', image, '-append', line]
        const ran = await execa(qemu, [...words, ...booted], {
          reject: false,
          stdin: 'ignore',
          timeout: asked === '' ? 240_000 : 1_800_000,
        })
        if (ran.timedOut && asked === '')
          return void t.pass('the machine', { skip: 'it is emulated too slowly here' })
        compare(t, machine, version, ran.stdout.replaceAll('\r', ''), has32)
      })
  })
}

/** Compares the evidence of the same source as an own, a 32-bit and an x32 program, and on all kernels of a machine. */
function compareSteps(
  t: Test,
  name: string,
  version: string,
  found: Readonly<Record<string, unknown>>,
): void {
  const wide = found['wide'] as Steps
  const isSeen = name === 'x86_64' || version !== '6.1'
  if (isSeen)
    t.strictSame(
      wide.needed,
      needed.checks.split(' ').map((each) => `CAP_${each}`),
      'the capabilities that the steps need',
    )
  for (const kind of ['narrow', 'x32'])
    if (typeof found[kind] === 'string') t.comment(`${kind}: ${found[kind].slice(0, 200)}`)
    else
      t.strictSame(
        name === 'aarch64' ? asOnArm64(found[kind]) : found[kind],
        wide,
        `${kind} leaves the same rows`,
      )
  // Checks by fexit lack those that the kernel makes without security_capable, of which harden needs none.
  const { checks: _, ...others } = wide
  const before = seenSteps.get(name)
  if (before === undefined) seenSteps.set(name, { version, others })
  else if (isSeen) t.strictSame(others, before.others, `the same as on ${before.version}`)
}
/** The calls of arm that arm64 lacks, and what its C library calls in their place (unistd.h of asm-generic). */
const onArm64: Readonly<Record<string, string>> = {
  access: 'faccessat',
  chmod: 'fchmodat',
  chown: 'fchownat',
  mkdir: 'mkdirat',
  rename: 'renameat',
}
function asOnArm64(rows: unknown): unknown {
  const text = JSON.stringify(rows).replaceAll(
    /(\\"call\\":\\")(\w+)/g,
    (all, before: string, call: string) => (call in onArm64 ? `${before}${onArm64[call]}` : all),
  )
  const renamed = JSON.parse(text) as Readonly<Record<string, readonly string[]>>
  return Object.fromEntries(Object.entries(renamed).map(([list, its]) => [list, [...its].sort()]))
}
interface Steps {
  readonly needed: readonly string[]
  readonly checks: readonly string[]
}
const seenSteps = new Map<string, { readonly version: string; readonly others: unknown }>()

/** Compares the line that the guest printed with what its programs did. */
function compare(t: Test, { name }: Machine, version: string, output: string, has32: boolean): void {
  const own = expected[name]
  const line = /found (\{.*\})/.exec(output)?.[1]
  if (line === undefined) return void t.fail(output.slice(-3000))
  const found = JSON.parse(line) as Record<string, unknown>
  t.comment(String(found['release']))
  if (version !== 'newest') t.match(found['release'], new RegExp(`^${version.replace('.', '\\.')}\\.`))
  t.equal(found['ebpf'], 'works')
  // clone3 with SIGCHLD (17) and nothing shared: its flags and the signal.
  const seen = {
    getppid: [10, null],
    socket: [2, ['1', '10']],
    socketpair: [1, ['1']],
    personality: [1, ['4294967295']],
    clone3: [1, ['17']],
  }
  // A slow 7.2 has once skipped a program of the recorder; it counts that, and the recording says so.
  const wholeBut = (part: unknown) => {
    const { diagnostics = [] } = part as { readonly diagnostics?: readonly string[] }
    const lost = version === 'newest' && diagnostics.includes('calls-lost') ? ['calls-lost'] : []
    return { calls: { [name]: seen }, unknown: { [name]: ['900'] }, diagnostics: [...lost, 'unknown-call'] }
  }
  t.match(found['native'], wholeBut(found['native']), 'a command')
  // Since Linux 7.2 the kernel skips the recorder's programs for some calls on a busy processor.
  const { count, lost } = found['busy'] as { readonly count: number; readonly lost: number }
  t.comment(`busy: ${count} counted, at most ${lost} lost`)
  t.ok(count <= 200_000 && count + lost >= 200_000, `${count} calls of 200,000, at most ${lost} lost`)
  if (version !== 'newest') t.strictSame([count, lost], [200_000, 0])
  // Tracepoints have bpf_get_current_ancestor_cgroup_id since 5.11; on older kernels ebpf records no container.
  if (version === '5.10')
    t.match(found['cgroup'], /does not take the BPF program \w+: .*\bbpf_get_current_ancestor_cgroup_id\b/s)
  else t.match(found['cgroup'], wholeBut(found['cgroup']), 'a cgroup that was empty')
  if (version !== '5.10') t.strictSame(found['own'], own.refusals, 'what the own filter of a cgroup refuses')
  const none = String(found['compat'])
  if (!has32 || /ENOEXEC|ENOENT|EACCES/.test(none)) t.comment(`32-bit programs do not run there: ${none}`)
  else
    t.match(found['compat'], {
      calls: {
        ...(name === 'aarch64' && { arm: seen }),
        ...(name === 'x86_64' && {
          x86: {
            getppid: [10, null],
            getuid32: [1, null],
            socket: [1, ['16']],
            socketpair: [1, ['1']],
            socketcall: [2, ['1', '8']],
            shmget: [2, null],
            ipc: [2, ['23']],
          },
        }),
      },
    })
  const suspects = found['refused'] as {
    suspects: readonly (readonly unknown[])[]
    lost: number
    programs: number
  }
  t.match(suspects, { lost: 0, programs: 1 }, 'refusals')
  // Before Linux 5.15 the exit does not give the number of the call that ended the process.
  t.strictSame(
    suspects.suspects.filter(([, result]) => result === -1),
    [[own.refused, -1, 5]],
  )
  const [ended] = suspects.suspects.filter(([, result]) => result === 'ended')
  t.ok(ended?.[0] === own.ended || ended?.[0] === null, `ended: ${JSON.stringify(ended)}`)
  const evidence = found['context']
  if (version !== '5.10') compareSteps(t, name, version, found)
  // bpf_get_current_task_btf exists since 5.11, bpf_task_pt_regs since 5.15; without them the evidence says so.
  if (version === '5.10') t.match(evidence, { blind: ['checks', 'files'] })
  else {
    // Programs attach to functions on arm64 since 6.4. Before, the kernel shows no check there, and the evidence says
    // so.
    const isSeen = name === 'x86_64' || version !== '6.1'
    const fexit = version === '6.12' || (name === 'x86_64' && version === '6.1')
    t.match(evidence, {
      recorder: [!isSeen ? 'calls' : fexit ? 'fexit' : 'tracepoint'],
      binds: [[80, 'inet']],
      reads: ['open /bin/busybox /'],
      executions: [['/t/context', 'context', false]],
      identities: [
        ['setgid', 0, 33, 33],
        ['setgroups', 0, 0, 33],
        ['setuid', 33, 33, 33],
      ],
      changes: [
        'chmod /tmp/d /tmp done ',
        'mkdir /tmp/d /tmp done ',
        `chown /tmp/d/f /tmp done ${isSeen ? ' CAP_CHOWN' : ''}`,
        'open /tmp/d/f /tmp done 0640',
        'rename-from /tmp/d/f /tmp done ',
        'open /tmp/d/refused /tmp EACCES ',
        'rename-to /tmp/g /tmp done ',
      ],
    })
    // On a slow machine the program can end before its file is looked at, and programs of the recorder can be skipped.
    // Then that is said.
    const { blind, lost } = evidence as { readonly blind: readonly string[]; readonly lost: unknown }
    t.strictSame(
      [blind.filter((each) => each !== 'file-capabilities' && each !== 'skipped'), lost],
      [!isSeen ? ['checks'] : fexit ? ['direct-checks'] : [], []],
      JSON.stringify(evidence),
    )
    const checks = (evidence as { readonly checks: readonly string[] }).checks.join('\n')
    for (const check of isSeen
      ? [
          new RegExp(`^had CAP_CHOWN ${own.chown} .*(?:setattr_prepare|chown_ok)`, 'm'),
          /^had CAP_NET_BIND_SERVICE bind .*inet_bind/m,
          /^had CAP_SETGID setgid 33 /m,
          // may_setgroups of kernel/groups.c, or the call that a compiler has put it into: not the recorder's trampoline.
          /^had CAP_SETGID setgroups 1 (?:may_setgroups|\w*_sys_setgroups)/m,
          /^had CAP_SETUID setuid 33 /m,
        ]
      : [])
      t.match(checks, check)
  }
}
