// Refusals of runtimes, engines and libseccomp, by version, as findings: code, severity and place.
// test/meaning/libseccomp.long.test.ts and test/live/differential.test.ts hold the findings against the real programs.
import t from 'tap'
import { profileProblems, type Finding, type ProblemOptions } from '../../src/check/index.ts'

const one = { index: 0, value: 1, op: 'SCMP_CMP_EQ' }
const two = { index: 1, value: 2, op: 'SCMP_CMP_EQ' }
const allow = { action: 'SCMP_ACT_ALLOW' }
const refuse = { action: 'SCMP_ACT_ERRNO', errnoRet: 5 }
const x86 = ['SCMP_ARCH_X86_64', 'SCMP_ARCH_X86', 'SCMP_ARCH_X32']
const denying = { defaultAction: 'SCMP_ACT_ALLOW' }
const above = (index: number, value: number): object => ({ index, value, op: 'SCMP_CMP_GT' })

interface Row {
  readonly what: string
  readonly profile: object
  readonly options?: ProblemOptions
  /** `code severity pointer` of the findings that this file is about; empty: no finding. */
  readonly found: readonly string[]
}

const rows: readonly Row[] = [
  {
    what: 'one condition, two answers',
    profile: {
      syscalls: [
        { names: ['socket'], args: [one], ...allow },
        { names: ['socket'], args: [one], ...refuse },
      ],
    },
    found: ['rules-clash error /syscalls/1/names/0'],
  },
  {
    what: 'a rule that goes on where another has answered',
    profile: {
      syscalls: [
        { names: ['socket'], args: [one, two], ...refuse },
        { names: ['read', 'socket'], args: [one], ...allow },
      ],
    },
    found: ['rules-clash error /syscalls/1/names/1'],
  },
  {
    what: 'two answers without conditions, of a call that i386 multiplexes: the member is one',
    profile: {
      ...denying,
      architectures: x86,
      syscalls: [
        { names: ['semget'], ...refuse },
        { names: ['semget'], ...refuse, errnoRet: 6 },
      ],
    },
    found: ['rules-clash error /syscalls/1/names/0'],
  },
  {
    what: 'and the same is nothing where no architecture multiplexes',
    profile: {
      ...denying,
      architectures: ['SCMP_ARCH_X86_64'],
      syscalls: [
        { names: ['semget'], ...refuse },
        { names: ['semget'], ...refuse, errnoRet: 6 },
      ],
    },
    found: [],
  },
  ...(
    [
      ['SCMP_ARCH_MIPSEL', {}, ['rules-clash error /syscalls/1/names/0']],
      ['SCMP_ARCH_SH', { runtime: 'crun', libseccomp: '2.6.0' }, ['rules-clash error /syscalls/1/names/0']],
      ['SCMP_ARCH_MIPSEL', { libseccomp: '2.5.2' }, ['rules-clash error /syscalls/1/names/0']],
      ['SCMP_ARCH_MIPSEL', { libseccomp: '2.5.1' }, []],
      ['SCMP_ARCH_MIPSEL64', {}, []],
      ['SCMP_ARCH_MIPSEL64N32', {}, []],
      ['SCMP_ARCH_ARM', {}, []],
    ] as const
  ).map(([also, options, found]): Row => ({
    what: `two answers to send on x86_64 and ${also}, ${JSON.stringify(options)}`,
    profile: {
      ...denying,
      architectures: ['SCMP_ARCH_X86_64', also],
      syscalls: [
        { names: ['send'], ...refuse },
        { names: ['send'], ...refuse, errnoRet: 6 },
      ],
    },
    options,
    found,
  })),
  ...(
    [
      ['MIPS', ['rules-clash error /syscalls/1/names/0']],
      ['PPC', ['rules-clash error /syscalls/1/names/0']],
      ['PPC64', ['rules-clash error /syscalls/1/names/0']],
      ['S390', ['rules-clash error /syscalls/1/names/0']],
      ['MIPS64', []],
      ['PARISC', []],
    ] as const
  ).map(([name, found]): Row => ({
    what: `two answers to shmat on a host of ${name}`,
    profile: {
      ...denying,
      architectures: [`SCMP_ARCH_${name}`],
      syscalls: [
        { names: ['shmat'], ...refuse },
        { names: ['shmat'], ...refuse, errnoRet: 6 },
      ],
    },
    found,
  })),
  ...(
    [
      ['MIPSEL', 'read', true],
      ['MIPSEL64N32', 'read', true],
      ['MIPSEL64', 'read', false],
      // If the architecture lacks the call, the rule is dropped on an architecture that multiplexes, and on no other.
      ['MIPSEL', 'chown32', false],
      ['MIPSEL64N32', 'chown32', true],
      ['MIPSEL', 'timerfd', true],
    ] as const
  ).map(([also, name, clash]): Row => ({
    what: `two values of ${name} with one lower half, with ${also}`,
    profile: {
      architectures: ['SCMP_ARCH_X86_64', `SCMP_ARCH_${also}`],
      syscalls: [
        { names: [name], args: [{ ...one, value: 0x100000001 }], ...allow },
        { names: [name], args: [one], ...refuse },
      ],
    },
    found: clash ? ['rules-clash error /syscalls/1/names/0'] : [],
  })),
  {
    what: 'the lower half alone is the same, and i386 compares no other',
    profile: {
      architectures: x86,
      syscalls: [
        { names: ['read'], args: [{ ...one, value: 0x100000001 }], ...allow },
        { names: ['read'], args: [one], ...refuse },
      ],
    },
    found: ['rules-clash error /syscalls/1/names/0'],
  },
  {
    what: 'that is nothing to 64 bits',
    profile: {
      syscalls: [
        { names: ['read'], args: [{ ...one, value: 0x100000001 }], ...allow },
        { names: ['read'], args: [one], ...refuse },
      ],
    },
    found: [],
  },
  {
    what: 'rules that clash with one capability alone',
    profile: {
      syscalls: [
        { names: ['read'], args: [one], ...allow, includes: { caps: ['CAP_SYS_ADMIN'] } },
        { names: ['read'], args: [one], ...refuse, excludes: { caps: ['CAP_BPF'] } },
      ],
    },
    found: ['rules-clash error /syscalls/1/names/0'],
  },
  {
    what: 'rules of which never both stand',
    profile: {
      syscalls: [
        { names: ['read'], args: [one], ...allow, includes: { caps: ['CAP_SYS_ADMIN'] } },
        { names: ['read'], args: [one], ...refuse, excludes: { caps: ['CAP_SYS_ADMIN'] } },
      ],
    },
    found: [],
  },
  {
    what: 'rules without an end',
    profile: {
      syscalls: [
        { names: ['read'], args: [above(0, 4294967297), above(1, 0)], ...allow },
        {
          names: ['read'],
          args: [above(0, 4294967297), { index: 2, value: 4294967295, op: 'SCMP_CMP_LE' }],
          ...allow,
        },
      ],
    },
    found: ['rules-endless error /syscalls/1/names/0'],
  },
  ...['s390_runtime_instr', 'spu_run', 'sysmips', 'riscv_flush_icache', 'breakpoint', 'set_tls'].map(
    (name): Row => ({
      what: `${name}, of another architecture, is tried first`,
      profile: {
        ...denying,
        architectures: x86,
        syscalls: [
          { names: ['socket'], args: [one], ...refuse },
          { names: [name], ...refuse },
        ],
      },
      found: ['rules-lost error /syscalls/1/names/0'],
    }),
  ),
  {
    what: 'x86_64 alone looks for the number all the same',
    profile: {
      ...denying,
      syscalls: [
        { names: ['socket'], args: [one], ...refuse },
        { names: ['spu_run'], ...refuse },
      ],
    },
    found: [],
  },
  {
    what: 'aarch64 alone does not',
    profile: {
      ...denying,
      architectures: ['SCMP_ARCH_AARCH64'],
      syscalls: [
        { names: ['socket'], args: [one], ...refuse },
        { names: ['chmod'], ...refuse },
      ],
    },
    found: ['rules-lost error /syscalls/1/names/0'],
  },
  {
    what: 'one call without conditions and all is found',
    profile: {
      ...denying,
      architectures: x86,
      syscalls: [
        { names: ['socket'], args: [one], ...refuse },
        { names: ['spu_run', 'mount'], ...refuse },
      ],
    },
    found: [],
  },
  {
    what: 'runc sorts by number where many calls are named; crun never',
    profile: {
      ...denying,
      architectures: x86,
      syscalls: [
        { names: ['socket'], args: [one], ...refuse },
        { names: ['spu_run', ...Array.from({ length: 40 }, (_, at) => `nosuchcall${at}`)], ...refuse },
      ],
    },
    options: { runtime: 'runc@1.3.6', libseccomp: '2.6.0' },
    found: [],
  },
  ...['MIPS', 'MIPS64', 'PPC', 'PPC64', 'S390', 'S390X'].map((name): Row => ({
    what: `x86_64 with ${name}`,
    profile: { architectures: ['SCMP_ARCH_X86_64', `SCMP_ARCH_${name}`], syscalls: [] },
    options: { runtime: 'runc' },
    found: ['architectures-mixed error /architectures/1'],
  })),
  {
    what: 'big-endian ones among themselves',
    profile: { architectures: ['SCMP_ARCH_S390', 'SCMP_ARCH_PPC'], syscalls: [] },
    found: [],
  },
  {
    what: 'SPEC_ALLOW, nobody named',
    profile: { flags: ['SECCOMP_FILTER_FLAG_SPEC_ALLOW'], syscalls: [] },
    found: ['flags-not-read warning /flags/0'],
  },
  ...(
    [
      ['runc@1.0.0-rc93', 'SPEC_ALLOW', 'flags-not-read'],
      ['runc@1.1.5', 'SPEC_ALLOW', 'flags-not-read'],
      ['runc@1.1.15', 'LOG', 'flags-not-read'],
      ['runc@1.2.0', 'SPEC_ALLOW', undefined],
      ['runc@1.3.6', 'TSYNC', undefined],
      ['runc@1.3.6', 'WAIT_KILLABLE_RECV', 'flag-not-known'],
      ['runc@1.5.0', 'WAIT_KILLABLE_RECV', undefined],
      ['crun@0.17', 'SPEC_ALLOW', undefined],
      ['crun@1.8.1', 'WAIT_KILLABLE_RECV', undefined],
      ['crun@1.28', 'WAIT_KILLABLE_RECV', undefined],
    ] as const
  ).map(([runtime, flag, code]): Row => ({
    what: `${flag} under ${runtime}`,
    profile: { flags: [`SECCOMP_FILTER_FLAG_${flag}`], syscalls: [] },
    options: { runtime, libseccomp: '2.6.0' },
    found: code === undefined ? [] : [`${code} error /flags/0`],
  })),
  ...(
    [
      ['runc@1.1.7', '2.6.0', 'RISCV64', true],
      ['runc@1.1.8', '2.6.0', 'RISCV64', false],
      ['runc@1.4.0', '2.6.0', 'LOONGARCH64', true],
      ['runc@1.4.1', '2.6.0', 'LOONGARCH64', false],
      ['runc@1.4.1', '2.5.4', 'LOONGARCH64', true],
      ['crun@1.8.1', '2.5.4', 'LOONGARCH64', true],
      ['crun@1.8.1', '2.6.0', 'LOONGARCH64', false],
      ['crun@1.8.1', '2.5.4', 'RISCV64', false],
    ] as const
  ).map(([runtime, libseccomp, name, refused]): Row => ({
    what: `${name} under ${runtime} with libseccomp ${libseccomp}`,
    profile: { architectures: ['SCMP_ARCH_X86_64', `SCMP_ARCH_${name}`], syscalls: [] },
    options: { runtime, libseccomp },
    found: refused ? ['architecture-not-known error /architectures/1'] : [],
  })),
  ...(
    [
      ['runc@1.0.0-rc93', true],
      ['runc@1.0.1', true],
      ['runc@1.0.2', false],
      ['runc@1.1.5', false],
      ['crun@0.17', false],
    ] as const
  ).map(([runtime, refused]): Row => ({
    what: `a rule that says what the default says, under ${runtime}`,
    profile: { syscalls: [{ names: ['nosuchcall', 'mount'], action: 'SCMP_ACT_ERRNO' }] },
    options: { runtime },
    found: refused ? ['default-rule-refused error /syscalls/0/names/1'] : [],
  })),
  {
    what: 'an archMap: only the host\u2019s entry is read, and a runtime that does not know riscv64 runs on no such host',
    profile: {
      architectures: undefined,
      archMap: ['SCMP_ARCH_X86_64', 'SCMP_ARCH_RISCV64', 'SCMP_ARCH_S390X'].map((architecture) => ({
        architecture,
        subArchitectures: [],
      })),
    },
    found: [],
  },
  {
    what: 'a list of architectures is the same on every host',
    profile: { architectures: ['SCMP_ARCH_X86_64', 'SCMP_ARCH_RISCV64'] },
    options: { runtime: 'runc@1.1.5' },
    found: ['architecture-not-known error /architectures/1'],
  },
]

const about = /^(?:rules-|filter-|architectures-mixed|architecture-not|action-not|flags?-not|default-rule)/

t.test('what is refused is found, by version, and nothing else', (t) => {
  for (const { what, profile, options = {}, found } of rows) {
    const text = JSON.stringify({
      defaultAction: 'SCMP_ACT_ERRNO',
      architectures: ['SCMP_ARCH_X86_64'],
      ...profile,
    })
    t.same(said(profileProblems(text, options)), found, what)
  }
  t.end()
})

function said(findings: readonly Finding[]): readonly string[] {
  return findings
    .filter(({ code }) => about.test(code))
    .map(({ code, severity, pointer }) => `${code} ${severity} ${pointer}`)
}
