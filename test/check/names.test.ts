// The proposals of validate for names that no table has, and its findings for calls of other architectures and for deny
// lists that leave a way open. The expected calls are the C library's and the kernel's own.
import t from 'tap'
import { architectureNames, type Architecture } from '../../src/abi/architectures.ts'
import { callNamed } from '../../src/abi/other-names.ts'
import { sameEffect } from '../../src/abi/same-effect.ts'
import { syscallTable } from '../../src/abi/tables.ts'
import { profileProblems, type Finding } from '../../src/check/index.ts'
import { proposedCall } from '../../src/profile/proposals.ts'
import { printReport } from '../../src/report/formats.ts'

const scmp: Partial<Record<Architecture, string>> = {
  x86_64: 'SCMP_ARCH_X86_64',
  aarch64: 'SCMP_ARCH_AARCH64',
  x86: 'SCMP_ARCH_X86',
}

function said(names: readonly string[], on: readonly Architecture[], more: object = {}): readonly Finding[] {
  const text = JSON.stringify({
    defaultAction: 'SCMP_ACT_ERRNO',
    architectures: on.map((each) => scmp[each]),
    syscalls: [{ names, action: 'SCMP_ACT_ALLOW' }],
    ...more,
  })
  return profileProblems(text)
}

t.test('a name in no table: the call that has it, on the architecture of the profile', (t) => {
  for (const [name, x86_64, aarch64 = x86_64] of [
    ['pread', 'pread64'],
    ['pwrite', 'pwrite64'],
    ['pread32', 'pread64'],
    ['fstatat', 'newfstatat'],
    ['newuname', 'uname'],
    ['newstat', 'stat', 'newfstatat'],
    ['newfstat', 'fstat'],
    ['pselect', 'pselect6'],
    ['prlimit', 'prlimit64'],
    ['fadvise', 'fadvise64'],
    ['posix_fadvise', 'fadvise64'],
    ['futimens', 'utimensat'],
    ['futimes', 'utimensat'],
    ['_exit', 'exit_group'],
    ['sysctl', '_sysctl', undefined],
    ['llseek', 'lseek'],
    ['newselect', 'select', 'pselect6'],
    ['wait', 'wait4'],
    ['wait3', 'wait4'],
    ['open64', 'openat'],
    ['lseek64', 'lseek'],
    ['execv', 'execve'],
    ['fexecve', 'execveat'],
    ['raise', 'tgkill'],
    ['sigwait', 'rt_sigtimedwait'],
    ['pthread_sigmask', 'rt_sigprocmask'],
    ['isatty', 'ioctl'],
    ['mq_send', 'mq_timedsend'],
    ['sys_openat', 'openat'],
    ['SYS_openat', 'openat'],
    ['__NR_openat', 'openat'],
    ['__x64_sys_openat', 'openat'],
    ['__arm64_sys_newfstatat', 'newfstatat'],
    ['__ia32_compat_sys_execve', 'execve'],
    ['sys_enter_openat', 'openat'],
    ['syscalls:sys_enter_newfstat', 'fstat'],
    ['openat(2)', 'openat'],
    ['open_at', 'openat'],
    ['exitgroup', 'exit_group'],
    ['dup-2', 'dup2', 'dup2'],
    ['opne', 'open', 'open'],
    ['acept4', 'accept4'],
    ['clone2', 'clone or clone3'],
  ] as const) {
    for (const [on, wanted] of [
      ['x86_64', x86_64],
      ['aarch64', aarch64],
    ] as const) {
      if (wanted === undefined) continue
      const [finding] = said(['execve', 'exit_group', name], [on]).filter(
        ({ code }) => code === 'unknown-call',
      )
      t.equal(finding?.facts['meant'], wanted, `${name} on ${on}`)
    }
  }
  t.end()
})

t.test('two letters away from a call nothing is proposed, and nothing for noise', (t) => {
  for (const name of ['xxead', 'io_uring', 'frobnicate', 'reboots3', 'sockepair2', '', 'x'.repeat(100_000)])
    t.equal(proposedCall(name, ['x86_64']), undefined, name.slice(0, 20))
  t.end()
})

t.test('every call is itself: no table name stands for another call where it exists', (t) => {
  for (const each of architectureNames)
    for (const { name } of syscallTable(each).entries)
      if (callNamed(name, [each]) !== undefined) t.fail(`${each} ${name}`)
  t.pass('all of them')
  t.end()
})

t.test('a call of other architectures that this one makes under another name', (t) => {
  for (const [on, name, meant] of [
    ['x86_64', 'send', 'sendto'],
    ['x86_64', 'recv', 'recvfrom'],
    ['x86_64', 'waitpid', 'wait4'],
    ['x86_64', 'sigaction', 'rt_sigaction'],
    ['x86_64', 'umount', 'umount2'],
    ['x86_64', 'setuid32', 'setuid'],
    ['x86_64', 'stat64', 'stat'],
    ['x86_64', 'mmap2', 'mmap'],
    ['x86_64', 'futex_time64', 'futex'],
    ['x86_64', 'timerfd', 'timerfd_create'],
    ['aarch64', 'open', 'openat'],
    ['aarch64', 'waitpid', 'wait4'],
    ['aarch64', 'pipe', 'pipe2'],
  ] as const) {
    const alone = said(['execve', 'exit_group', name], [on]).filter(({ code }) => code === 'call-renamed')
    t.match(alone, [{ facts: { name, meant, architectures: on } }], `${name} alone on ${on}`)
    const both = said(['execve', 'exit_group', name, meant], [on]).map(({ code }) => code)
    t.notOk(both.includes('call-renamed'), `${name} beside ${meant}`)
    t.ok(both.includes('call-elsewhere'))
  }
  const served = said(['execve', 'exit_group', 'waitpid'], ['x86_64', 'x86']).map(({ code }) => code)
  t.notOk(served.includes('call-renamed'), 'x86 has waitpid itself')
  t.end()
})

t.test('a list of refused calls that leaves a way open', (t) => {
  for (const [on, refused, others] of [
    [['x86_64'], ['chmod'], 'fchmodat, fchmodat2'],
    [['x86_64'], ['chmod', 'fchmodat'], 'fchmodat2'],
    [['x86_64'], ['chmod', 'fchmodat', 'fchmodat2'], undefined],
    [['x86_64'], ['chown'], 'lchown, fchownat'],
    [['x86_64'], ['mkdir'], 'mkdirat'],
    [['aarch64'], ['renameat'], 'renameat2'],
    [['x86_64'], ['init_module'], 'finit_module'],
    [['x86_64'], ['kexec_load'], 'kexec_file_load'],
    [['x86_64'], ['unlinkat'], undefined],
    [['x86_64'], ['ptrace'], undefined],
    [['x86_64', 'x86'], ['bind'], 'socketcall'],
    [['x86_64', 'x86'], ['bind', 'socketcall'], undefined],
  ] as const) {
    const found = said(['x'], on, {
      defaultAction: 'SCMP_ACT_ALLOW',
      syscalls: [{ names: refused, action: 'SCMP_ACT_ERRNO' }],
    }).filter(({ code }) => code === 'same-effect-allowed')
    t.equal(found[0]?.facts['others'], others, `${on.join(' ')}: ${refused.join(' ')}`)
  }
  const conditional = [
    { names: ['chmod'], action: 'SCMP_ACT_ERRNO', args: [{ index: 1, value: 0, op: 'SCMP_CMP_EQ' }] },
  ]
  const codes = said([], ['x86_64'], { defaultAction: 'SCMP_ACT_ALLOW', syscalls: conditional })
  t.notOk(
    codes.some(({ code }) => code === 'same-effect-allowed'),
    'a condition refuses less than the call',
  )
  const allowing = said(['execve', 'exit_group'], ['x86_64'], {
    syscalls: [{ names: ['chmod'], action: 'SCMP_ACT_TRAP' }],
  })
  t.notOk(
    allowing.some(({ code }) => code === 'same-effect-allowed'),
    'the default refuses the others',
  )
  t.end()
})

t.test(
  'groups of the same effect name calls of the tables only, and never a call as its own way round',
  (t) => {
    for (const { name } of syscallTable('x86').entries)
      t.notOk(sameEffect(name, architectureNames).includes(name), name)
    t.end()
  },
)

t.test('equal findings are one line, with how often, in every format for people', (t) => {
  const rules = Array.from({ length: 306 }, () => ({ names: ['read'], action: 'SCMP_ACT_ALLOW', args: null }))
  const findings = profileProblems(
    JSON.stringify({ defaultAction: 'SCMP_ACT_ERRNO', architectures: ['SCMP_ARCH_X86_64'], syscalls: rules }),
  ).filter(({ code }) => code === 'null-value')
  t.equal(findings.length, 306, 'the library gives every place')
  const checked = [{ file: 'chrome.json', findings }]
  for (const format of ['text', 'github', 'markdown'] as const) {
    const report = printReport('findings', checked, format)
    t.equal(report.split('args is null').length - 1, 1, format)
    t.match(report, '306 times, first here', format)
  }
  const sarif = JSON.parse(printReport('findings', checked, 'sarif')) as {
    readonly runs: readonly [{ readonly results: readonly object[] }]
  }
  t.match(sarif.runs[0].results, [{ ruleId: 'null-value', occurrenceCount: 306 }])
  t.equal(sarif.runs[0].results.length, 1)
  const json = JSON.parse(printReport('findings', checked, 'json')) as {
    readonly profiles: readonly [{ readonly problems: readonly object[] }]
  }
  t.equal(json.profiles[0].problems.length, 306, 'programs get every place')
  t.end()
})
