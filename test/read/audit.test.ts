// Audit records in every wrapping: the recordings give the counts of their truth files, no value that a process sets
// forges a call, and lost records are reported.
import { withoutCollected } from '../recordings.ts'
import t from 'tap'
import { syscallTable } from '../../src/abi/tables.ts'
import { isArchitecture } from '../../src/abi/architectures.ts'
import { filterRecordOf } from '../../src/read/audit/filter-record.ts'
import { calls, codes, counts, filesOf, json, observeFile, observeText } from './logs.ts'

type Truth = Record<string, Record<string, number>>

/** `nr_-1`: the kernel prints the number as a signed one. */
function expected(truth: Truth): string[] {
  return Object.entries(truth)
    .flatMap(([architecture, names]) =>
      Object.entries(names).map(([name, count]) => {
        const number = /^nr_(-?\d+)$/.exec(name)?.[1]
        return `${architecture} ${number === undefined ? name : `?${Number(number) >>> 0}`} ${count}`
      }),
    )
    .sort()
}

t.test('every recording gives the counts of its truth, recognised by itself', async (t) => {
  const files = filesOf('recorded/audit', /\.truth\.json$/)
  t.ok(files.length > 120, `${files.length} recordings`)
  for (const file of files) {
    const observations = await observeFile(file.replace('.truth.json', ''))
    t.same(counts(observations), expected(json(file) as Truth), file)
    t.equal(observations.sources[0]?.format, 'audit', file)
    t.equal(observations.sources[0]?.unparsed, 0, `${file}: every line is understood`)
  }
})

t.test('every other wrapping of a recording gives the same calls', async (t) => {
  const others = /\.(?:ausearch-i\.txt|ausearch-raw\.txt|dmesg-T|dmesg-x|ausearch-text\.txt|ausearch\.csv)$/
  const files = filesOf('recorded/audit', others)
  t.ok(files.length > 90, `${files.length} files`)
  for (const file of files) {
    const stem = file.replace(others, '')
    const truth = file.includes('dmesg') ? `${stem}.dmesg` : `${stem}.audit.log`
    // The names of --format text and csv have no architecture.
    const reported = /-text\.txt$|\.csv$/.test(file)
    const architecture = reported
      ? ({ architecture: file.includes('/a64-') ? 'aarch64' : 'x86_64' } as const)
      : {}
    const wanted = calls(await observeFile(truth))
    const known = (names: string[]): string[] =>
      names.filter((name) => !reported || (!name.includes('?') && !name.startsWith('x32')))
    t.same(known(calls(await observeFile(file, architecture))), known(wanted), file)
  }
})

t.test('what others have collected gives the counts of its truth', { skip: withoutCollected }, async (t) => {
  for (const file of filesOf('collected/audit', /\.truth\.json$/)) {
    const truth = json(file) as { seccomp: Record<string, number>; syscall_records: Record<string, number> }
    const names = Object.entries({ ...truth.seccomp, ...truth.syscall_records })
      .filter(([key]) => !key.startsWith('None'))
      .map(([key, count]) => `x86_64 ${key.slice(key.lastIndexOf(':') + 1)} ${count}`)
      .sort()
    t.same(counts(await observeFile(file.replace('.truth.json', ''))), names, file)
  }
})

const seccomp = (rest: string): string =>
  `type=SECCOMP msg=audit(1613596317.899:6461): auid=1000 uid=0 gid=0 ses=1 subj=unconfined pid=42 ${rest}`
const block = 'sig=0 arch=c000003e syscall=41 compat=0 ip=0x7f00 code=0x7ffc0000'
const rule =
  'type=SYSCALL msg=audit(1451781471.394:194435): arch=c000003e syscall=41 success=yes exit=3 a0=2 a1=1 a2=0 a3=0 items=0 ppid=1 pid=42 comm="sshd" exe="/usr/sbin/sshd" key=(null)'
const enriched = 'AUID="unset" UID="root" ARCH=x86_64 SYSCALL=socket'

const forms: readonly (readonly [what: string, line: string, expected: readonly string[]])[] = [
  ['raw', seccomp(`comm="a" exe="/a" ${block}`), ['x86_64 socket 1']],
  ['enriched', `${seccomp(`comm="a" exe="/a" ${block}`)}\x1d${enriched}`, ['x86_64 socket 1']],
  [
    'enriched, its separator lost',
    `${seccomp(`comm="a" exe="/a" ${block}`)}${enriched}`,
    ['x86_64 socket 1'],
  ],
  ['of another node', `node=host ${seccomp(`comm="a" exe="/a" ${block}`)}`, ['x86_64 socket 1']],
  [
    'through audispd',
    `Jul  8 10:31:23 host audispd[568]: node=host ${seccomp(`comm="a" ${block}`)}`,
    ['x86_64 socket 1'],
  ],
  [
    'without a number for the type',
    `type=UNKNOWN[1326] msg=audit(1.5:2): pid=1 comm="a" ${block}`,
    ['x86_64 socket 1'],
  ],
  [
    'dmesg of a localised day',
    `[mar. nov. 24 00:50:15 2026] audit: type=1326 audit(1.5:2): pid=1 comm="a" ${block}`,
    ['x86_64 socket 1'],
  ],
  [
    'dmesg with a caller',
    `[   55.25] [     T47] audit: type=1326 audit(1.5:2): pid=1 comm="a" ${block}`,
    ['x86_64 socket 1'],
  ],
  ['/dev/kmsg', `5,100,0,-;audit: type=1326 audit(1.5:2): pid=1 comm="a" ${block}`, ['x86_64 socket 1']],
  [
    'subj with a blank',
    seccomp(`comm="a" exe="/a" ${block}`).replace('subj=unconfined', 'subj==untrusted (complain)'),
    ['x86_64 socket 1'],
  ],
  ['x32', seccomp(`comm="a" ${block.replace('syscall=41', 'syscall=1073741863')}`), ['x32 getpid 1']],
  [
    'i386',
    seccomp(`comm="a" ${block.replace('c000003e', '40000003').replace('=41', '=102')}`),
    ['x86 socketcall 1'],
  ],
  [
    'aarch64',
    seccomp(`comm="a" ${block.replace('c000003e', 'c00000b7').replace('=41', '=198')}`),
    ['aarch64 socket 1'],
  ],
  ['an architecture that is none of ours', seccomp(`comm="a" ${block.replace('c000003e', '80000008')}`), []],
  ['a rule', rule, ['x86_64 socket 1']],
  [
    'a rule, in the journal',
    `Nov 24 01:07:57 host audit[889]: ${rule.slice(rule.indexOf('SYSCALL'), 12)} ${rule.slice(rule.indexOf('arch='))}`,
    ['x86_64 socket 1'],
  ],
  [
    'a rule, interpreted',
    'type=SYSCALL msg=audit(01/02/16 10:00:00.394:194435) : arch=x86_64 syscall=openat success=no exit=ENOENT(No such file or directory) a0=AT_FDCWD a1=0x7f a2=O_RDONLY a3=0x0 items=1 ppid=1 pid=2 comm=x',
    ['x86_64 openat 1'],
  ],
  [
    'dmesg --time-format=iso, with and without -x',
    [
      `2026-11-24T01:07:57,123456+00:00 audit: type=1326 audit(1.5:2): pid=1 comm="a" ${block}`,
      `kern  :notice: 2026-11-24T01:07:57,123456+00:00 audit: type=1326 audit(1.5:2): pid=1 comm="a" ${block}`,
      '2026-11-24T01:07:57,123456+00:00 kauditd_printk_skb: 311 callbacks suppressed',
    ].join('\n'),
    ['x86_64 socket 2'],
  ],
  [
    'dmesg in colours',
    `\x1b[32m[   12.5] \x1b[0m\x1b[33maudit: \x1b[0mtype=1326 audit(1.5:2): pid=1 comm="a" ${block}`,
    ['x86_64 socket 1'],
  ],
  [
    'kernels before 3.14',
    [
      `[   12.5] type=1326 audit(1.5:2): pid=1 comm="a" ${block}`,
      `Jul  8 10:31:23 host kernel: type=1326 audit(1.5:2): pid=1 comm="a" ${block}`,
      `Jul  8 10:31:23 host kernel: [ 12.5] type=1326 audit(1.5:2): pid=1 comm="a" ${block}`,
    ].join('\n'),
    ['x86_64 socket 3'],
  ],
  [
    'journalctl -o short-full',
    [
      `Tue 2026-11-24 01:07:57 UTC host kernel: audit: type=1326 audit(1.5:2): pid=1 comm="a" ${block}`,
      `mar. 2026-11-24 01:07:57 CET host audit[1]: SECCOMP auid=1 pid=1 comm="a" ${block}`,
    ].join('\n'),
    ['x86_64 socket 2'],
  ],
  [
    'journalctl -o short-unix',
    [
      `1795477977.123456 host kernel: audit: type=1326 audit(1.5:2): pid=1 comm="a" ${block}`,
      `1795477977.123456 host audit[1]: SECCOMP auid=1 pid=1 comm="a" ${block}`,
    ].join('\n'),
    ['x86_64 socket 2'],
  ],
  [
    'syslog of RFC 5424',
    [
      `<5>1 2026-11-24T01:07:57.123456+00:00 host kernel - - - [   12.5] audit: type=1326 audit(1.5:2): pid=1 comm="a" ${block}`,
      `<5>1 2026-11-24T01:07:57.1Z host kernel - - [timeQuality tzKnown="1"] audit: type=1326 audit(1.5:2): pid=1 comm="a" ${block}`,
      `<85>1 2026-11-24T01:07:57Z host audit 1 - - SECCOMP auid=1 pid=1 comm="a" ${block}`,
      '<5>1 2026-11-24T01:07:57Z host systemd 1 - - Started it.',
    ].join('\n'),
    ['x86_64 socket 3'],
  ],
  [
    'without a host, of busybox, OpenWrt and Talos, of Japan, and with the time since the line before',
    [
      'Nov 24 01:07:57 kernel: audit: ',
      '2026-11-24T01:07:57+0100 kernel: audit: ',
      'Tue 2026-11-24 01:07:57 UTC kernel: audit: ',
      'Nov 24 01:07:57 host kern.notice kernel: [   12.512345] audit: ',
      'Tue Nov 24 01:07:57 2026 kern.notice kernel: [   12.5] audit: ',
      '10.5.0.2: kern:  notice: [2026-11-24T01:07:57.123Z]: audit: ',
      '11\u6708 24 01:07:57 host kernel: audit: ',
      '[    2.345678 <    0.000001 >] host kernel: audit: ',
    ]
      .map((prefix) => `${prefix}type=1326 audit(1.5:2): pid=1 comm="a" ${block}`)
      .join('\n'),
    ['x86_64 socket 8'],
  ],
  [
    'ausearch -i: a member of socketcall, a signal and an answer without words',
    [
      'sig=SIG0 arch=i386 syscall=socketcall(connect) compat=1 ip=0x7f code=log',
      'sig=unknown-signal(64) arch=x86_64 syscall=socket compat=0 ip=0x7f code=unknown-seccomp-code(0x7ff10000)',
    ]
      .map(
        (rest) => `type=SECCOMP msg=audit(11/23/26 23:53:17.351:2) : auid=unset pid=1 comm=a exe=/a ${rest} `,
      )
      .join('\n'),
    ['x86 socketcall 1', 'x86_64 socket 1'],
  ],
  [
    'ausearch -i, a rule about a 32-bit program',
    'type=SYSCALL msg=audit(01/02/16 10:00:00.394:194435) : arch=i386 syscall=socketcall(connect) success=no exit=EPERM(Operation not permitted) a0=connect a1=0x7f a2=0x0 a3=0x0 items=0 ppid=1 pid=2 comm=x',
    ['x86 socketcall 1'],
  ],
  [
    'ausearch -i of a library without this machine: its name of the call is of another',
    `type=SECCOMP msg=audit(11/23/26 23:53:17.351:2) : auid=unset pid=1 comm=a exe=/a sig=SIG0 arch=unknown-elf-type(c00000f3) syscall=socket compat=0 ip=0x7f code=log `,
    [],
  ],
  [
    'ausearch --format text of another node',
    'On node1 at 23:53:17 11/23/26 root successfully called-seccomp-controlled-syscall arch_prctl using /usr/bin/a\nOn node1 at 23:53:17 11/23/26 bob, acting as root, unsuccessfully called-seccomp-controlled-syscall socket using /a b',
    ['x86_64 arch_prctl 1', 'x86_64 socket 1'],
  ],
  [
    'ausearch --format csv --extra-time --extra-labels --extra-obj2 --extra-keys',
    [
      'NODE,EVENT,DATE,TIME,YEAR,MONTH,DAY,WEEKDAY,HOUR,MILLI,GMT_OFFSET,SERIAL_NUM,EVENT_KIND,SESSION,SUBJ_PRIME,SUBJ_SEC,SUBJ_KIND,SUBJ_LABEL,ACTION,RESULT,OBJ_PRIME,OBJ_SEC,OBJ2,OBJ_LABEL,OBJ_KIND,HOW,KEY',
      ...['arch_prctl', 'socket'].map(
        (call) =>
          `,SECCOMP,11/23/26,23:53:17,2026,11,23,1,23,351,+01:00,7,dac-decision,unset,system,root,process,u:r:t:s0:c2,c7,called-seccomp-controlled-syscall,failed,${call},,,,process,/usr/bin/a,`,
      ),
    ].join('\n'),
    ['x86_64 arch_prctl 1', 'x86_64 socket 1'],
  ],
  [
    'aureport --syscall -i',
    'Syscall Report\n=======================================\n# date time syscall pid comm auid event\n=======================================\n1. 11/23/26 23:53:17 arch_prctl 21725 ls root 351\n2. 11/23/26 23:53:17 socket 21725 my app unset 352',
    ['x86_64 arch_prctl 1', 'x86_64 socket 1'],
  ],
  [
    'a number that no kernel prints, which would pass for another in 32 bits',
    `${seccomp(`comm="a" ${block.replace('=41', '=4294967337')}`)}\n${seccomp(`comm="a" ${block}`)}`,
    ['x86_64 socket 1'],
  ],
  [
    'ausearch -i, a comm with a blank',
    'type=SECCOMP msg=audit(11/23/26 23:53:17.351:2) : auid=unset pid=1 comm=my app exe=/a sig=SIGSYS arch=aarch64 syscall=unknown-syscall(470) compat=0 ip=0x7f code=kill ',
    ['aarch64 listns 1'],
  ],
]

t.test('every form of a record', async (t) => {
  for (const [what, line, wanted] of forms)
    for (const format of ['audit', 'auto'] as const)
      t.same(counts(await observeText(`${line}\n`, { format })), wanted, `${what}, --format ${format}`)
  for (const [what, line, wanted] of forms)
    t.same(
      counts(await observeText(`${line.replaceAll('\n', '\r\n')}\r\n`)),
      wanted,
      `${what}, of another system`,
    )
})

t.test('a line on which a second record starts is not understood, and is told', async (t) => {
  const first = seccomp(`comm="a" exe="/a" ${block}`)
  const second = first.replace('syscall=41', 'syscall=42')
  const ofRing = `kernel: audit: type=1326 audit(1.5:2): auid=1 uid=0 gid=0 ses=1 pid=9 comm="a" exe="/a" ${block}`
  const ofJournal = `Nov 24 01:07:57 host audit[9]: SECCOMP auid=1 uid=0 gid=0 ses=1 pid=9 comm="a" exe="/a" ${block}`
  const inWords = `type=SECCOMP msg=audit(11/23/26 23:53:17.351:2) : auid=unset pid=9 comm=my app exe=/a sig=SIG0 arch=x86_64 syscall=socket compat=0 ip=0x7f code=log`
  const cut = first.slice(0, first.indexOf(' compat'))
  const joined = [
    `${first} ${second}`,
    `${first} ${second} `.repeat(50),
    `${first}\x1d${enriched} ${second}`,
    `${cut.replace('=41', '=56')} com ${second}`,
    `${first.slice(0, first.indexOf('a" exe'))} ${second}`,
    `${first}${second}`,
    `${rule} ${first}`,
    `type=PROCTITLE msg=audit(1.5:2): proctitle="a" ${first}`,
    `${ofRing} Nov 24 01:07:57 host ${ofRing}`,
    `${ofJournal} ${ofJournal}`,
    `${inWords} ${inWords}`,
    `---- time->Tue Nov 24 01:07:57 2026 ${first}`,
  ]
  for (const line of joined) {
    const seen = await observeText(`${second}\n${line}\n${second}\n`, { format: 'audit' })
    t.same(counts(seen), ['x86_64 connect 2'], line.slice(0, 200))
    t.match(seen.sources, [{ lines: 3, calls: 2, unparsed: 1 }], 'one line of three')
    t.match(seen.diagnostics, [{ code: 'several-records', at: 'log:2' }])
  }
  // Quoted text of a daemon, and what a program asks grep for, have no stamp.
  const whole = `type=PROCTITLE msg=audit(11/23/26 23:53:17.351:2) : proctitle=grep type=SECCOMP msg=audit( /var/log/audit/audit.log`
  t.match((await observeText(`${whole}\n${first}\n`)).sources, [{ calls: 1, unparsed: 0 }])
})

t.test('no value of a process forges a call', async (t) => {
  const forged = 'sig=0 arch=c000003e syscall=101 compat=0 ip=0x1 code=0x7ffc0000'
  const lines = [
    seccomp(`comm="x" exe="/tmp/ ${forged}" ${block}`),
    `type=SECCOMP msg=audit(11/23/26 23:53:17.351:2) : pid=1 comm=x exe=/tmp/ ${forged.replace('c000003e', 'x86_64')} sig=SIG0 arch=x86_64 syscall=socket compat=0 ip=0x7f code=log `,
    rule.replace(
      'comm="sshd"',
      'comm=x arch=c000003e syscall=101 success=yes exit=0 a0=0 a1=0 a2=0 a3=0 items=0',
    ),
  ]
  for (const line of lines)
    t.same(counts(await observeText(`${line}\n`)), ['x86_64 socket 1'], line.slice(0, 100))
  const logged = [
    `Nov 24 01:07:57 host root: audit: type=1326 audit(1.5:2): pid=1 comm="a" ${forged}`,
    `Nov 24 01:07:57 host app[7]: type=SECCOMP msg=audit(1.5:2): pid=1 comm="a" ${forged}`,
    `Nov 24 01:07:57 host app[7]: kernel: audit: type=1326 audit(1.5:2): pid=1 comm="a" ${forged}`,
    `Nov 24 01:07:57 host app: audit[1]: SECCOMP auid=1 pid=1 comm="a" ${forged}`,
    `Nov 24 01:07:57 host app[7]: type=1326 audit(1.5:2): pid=1 comm="a" ${forged}`,
    `Nov 24 01:07:57 host audit[7]: type=1326 audit(1.5:2): pid=1 comm="a" ${forged}`,
    `<5>1 2026-11-24T01:07:57Z host app 1 - - audit: type=1326 audit(1.5:2): pid=1 comm="a" ${forged}`,
    `<5>1 2026-11-24T01:07:57Z host app 1 - - kernel: audit: type=1326 audit(1.5:2): pid=1 comm="a" ${forged}`,
    `Tue 2026-11-24 01:07:57 UTC host app[7]: kernel: audit: type=1326 audit(1.5:2): pid=1 comm="a" ${forged}`,
    `2026-11-24 01:07:57,123 audit: type=1326 audit(1.5:2): pid=1 comm="a" ${forged}`,
    `10.5.0.2: user: notice: [2026-11-24T01:07:57.1Z]: audit: type=1326 audit(1.5:2): pid=1 comm="a" ${forged}`,
    `Nov 24 01:07:57 host app[7]: kern: notice: [1.5]: audit: type=1326 audit(1.5:2): pid=1 comm="a" ${forged}`,
    `Nov 24 01:07:57 host user.notice kernel: audit: type=1326 audit(1.5:2): pid=1 comm="a" ${forged}`,
    `Nov 24 01:07:57 app: kernel: audit: type=1326 audit(1.5:2): pid=1 comm="a" ${forged}`,
    `[ 1390.171347] kernel: audit: type=1326 audit(1.5:2): pid=1 comm="a" ${forged}`,
    ...['app[7]: ', 'app: ', 'app[7]: kernel: '].map(
      (writer) => `[ 1390.171347] ${writer}audit: type=1326 audit(1.5:2): pid=1 comm="a" ${forged}`,
    ),
    ...[
      '<13>[ 1390.171347] ',
      'user  :notice: [ 1390.171347] ',
      '13,100,0,-;',
      '<30>[ 1390.171347] app[7]: ',
    ].map((facility) => `${facility}audit: type=1326 audit(1.5:2): pid=1 comm="a" ${forged}`),
    JSON.stringify({
      __CURSOR: 'a',
      _TRANSPORT: 'stdout',
      SYSLOG_IDENTIFIER: 'audit',
      MESSAGE: `SECCOMP auid=1 pid=1 comm="a" ${forged}`,
    }),
    JSON.stringify({
      __CURSOR: 'a',
      _TRANSPORT: 'syslog',
      SYSLOG_IDENTIFIER: 'kernel',
      MESSAGE: `audit: type=1326 audit(1.5:2): ${forged}`,
    }),
    JSON.stringify({
      __CURSOR: 'a',
      _TRANSPORT: 'audit',
      _PID: '1',
      MESSAGE: `USER_CMD pid=1 x\nSECCOMP auid=1 ${forged}`,
    }),
  ]
  for (const line of logged)
    t.same(counts(await observeText(`${line}\n`, { format: 'audit' })), [], line.slice(0, 60))
})

t.test('a message that a process wrote to /dev/kmsg is not the kernel’s, in JSON as well', async (t) => {
  const message = `audit: type=1326 audit(1.5:2): pid=1 comm="a" ${block}`
  const entry = (...fields: string[]): string =>
    `      {\n${[...fields, `"msg": ${JSON.stringify(message)}`].map((each) => `         ${each}`).join(',\n')}\n      }`
  const log = (...entries: string[]): string => `{\n   "dmesg": [\n${entries.join(',')}\n   ]\n}\n`
  const rows: readonly (readonly [log: string, wanted: readonly string[]])[] = [
    [log(entry('"pri": 5', '"time": 1.5'), entry('"pri": 13', '"time": 1.5')), ['x86_64 socket 1']],
    [
      log(entry('"fac": "user"', '"pri": "notice"'), entry('"fac": "kern"', '"pri": "notice"')),
      ['x86_64 socket 1'],
    ],
    [log(entry('"time": 1.5')), ['x86_64 socket 1']],
  ]
  for (const [text, wanted] of rows) t.same(counts(await observeText(text)), wanted, text)
})

t.test('a report whose names are of several machines is refused, with what to do', async (t) => {
  const text = (call: string): string =>
    `At 23:53:17 11/23/26 root successfully called-seccomp-controlled-syscall ${call} using /usr/bin/a\n`
  const csv = (call: string): string =>
    `,SECCOMP,11/23/26,23:53:17,351,system,unset,root,,process,called-seccomp-controlled-syscall,success,${call},,,,,/usr/bin/a\n`
  const wrong = [
    ['mmap2'],
    ['arch_prctl', 'mmap2'],
    ['openat', 'socketcall'],
    ['openat', 'arm_fadvise64_64'],
    ['arch_prctl', 'set_tls'],
    ['read', 'ugetrlimit'],
  ]
  for (const form of [text, csv])
    for (const names of wrong) {
      const log = names.map(form).join('')
      const message = /is a call of a 32-bit program or of another machine, .*: use ausearch --raw or -i, or give observe --arch A/ // prettier-ignore
      await t.rejects(observeText(log), { code: 'machines-contradict', message }, names.join())
      t.ok(calls(await observeText(log, { architecture: 'x86' })).length > 0, 'the user may know')
    }
  for (const names of [['arch_prctl', 'openat'], ['openat'], ['pread', 'arch_prctl']])
    t.same(calls(await observeText(names.map(text).join(''))).every((each) => each.startsWith('x86_64')), true, names.join()) // prettier-ignore
})

t.test('SIGSYS without the record that names the call is told', async (t) => {
  const abend = (pid: number, signal = 'sig=31 res=1'): string =>
    `type=ANOM_ABEND msg=audit(1706114183.948:8264563): auid=1 uid=0 gid=0 ses=1 subj=docker-default pid=${pid} comm="mkdir" exe="/bin/busybox" ${signal}`
  const killed = seccomp(
    `comm="a" exe="/a" ${block.replace('sig=0', 'sig=31').replace(/code=\w+/, 'code=0x80000000')}`,
  )
  const [, pid = ''] = / pid=(\d+) /.exec(killed) ?? []
  const rows: readonly (readonly [log: string, isTold: boolean])[] = [
    [abend(7), true],
    [abend(7, 'sig=SIGSYS res=yes'), true],
    [abend(7).replace('type=ANOM_ABEND msg=', 'audit: type=1701 '), true],
    [abend(7, 'sig=11 res=1'), false],
    [`${killed}\n${abend(Number(pid))}`, false],
    [`${killed}\n${abend(7)}`, true],
  ]
  for (const [log, isTold] of rows)
    t.equal(codes(await observeText(`${log}\n`)).includes('killed-unrecorded'), isTold, log)
  const { diagnostics } = await observeText(`${abend(7)}\n`)
  t.match(diagnostics, [{ code: 'killed-unrecorded', at: 'log:1', facts: { program: 'mkdir' } }])
})

t.test('words of systemd and of a shell about SIGSYS are told, unless a record has the call', async (t) => {
  const record = `type=SECCOMP msg=audit(1.5:2): pid=123 comm="app" exe="/app" ${block.replace('sig=0', 'sig=31').replace(/code=\w+/, 'code=0x80000000')}`
  const rows: readonly (readonly [line: string, program: string | undefined])[] = [
    ['Nov 24 01:07:57 host systemd[1]: app.service: Main process exited, code=dumped, status=31/SYS', 'app.service'],
    ['Nov 24 01:07:57 host systemd[1]: app.service: Main process exited, code=exited, status=1/FAILURE', undefined],
    ['Nov 24 01:07:57 host systemd-coredump[9]: [🡕] Process 123 (my app) of user 0 terminated abnormally with signal 31/SYS, processing...', 'my app'],
    ['./run.sh: line 3:   123 Bad system call         (core dumped) ./app -v', './app'],
    ['Bad system call (core dumped)', 'a process'],
    ['it said: Bad system call, and went on', undefined],
  ] // prettier-ignore
  for (const [line, program] of rows) {
    const { diagnostics } = await observeText(`${line}\n`)
    const told = diagnostics.filter(({ code }) => code === 'killed-unrecorded')
    t.same(told.map(({ facts }) => facts?.['program']), program === undefined ? [] : [program], line)
    const beside = await observeText(`${record}\n${line}\n`)
    t.same(codes(beside), ['refused-by-filter'], `${line}, with its record`)
    t.same(counts(beside), ['x86_64 socket 1'])
  } // prettier-ignore
})

t.test('the journal prints bytes as a list where they are no text', async (t) => {
  const message = [...Buffer.from(`SECCOMP auid=1 pid=9 comm="\xe9" exe="/a" ${block}`, 'latin1')]
  const entry = { __CURSOR: 'a', _TRANSPORT: 'audit', _PID: '9', MESSAGE: message }
  t.same(counts(await observeText(`${JSON.stringify(entry)}\n`)), ['x86_64 socket 1'])
})

t.test('other JSON of the journal and of dmesg', async (t) => {
  const record = `pid=9 comm="a" exe="/a" ${block}`
  const entry = { __CURSOR: 'a', _TRANSPORT: 'audit', _PID: '9', MESSAGE: `SECCOMP auid=1 ${record}` }
  const bytes = { ...entry, MESSAGE: [...Buffer.from(entry.MESSAGE)] }
  const forged = { ...entry, _TRANSPORT: 'stdout', SYSLOG_IDENTIFIER: 'audit' }
  const pretty = (value: object): string => JSON.stringify(value, null, '\t').replaceAll('": ', '" : ')
  const dmesg = (...messages: string[]): string =>
    `{\n   "dmesg": [\n      ${messages
      .map(
        (msg) =>
          `{\n         "pri": 5,\n         "time":     1390.171347,\n         "msg": ${JSON.stringify(msg)}\n      }`,
      )
      .join(',')}\n   ]\n}\n`
  const rows: readonly (readonly [what: string, text: string, wanted: readonly string[]])[] = [
    [
      'json-sse',
      `data: ${JSON.stringify(entry)}\n\ndata: ${JSON.stringify(forged)}\n\n`,
      ['x86_64 socket 1'],
    ],
    ['json-seq', `\x1e${JSON.stringify(entry)}\n\x1e${JSON.stringify(forged)}\n`, ['x86_64 socket 1']],
    ['json-pretty', [entry, forged, bytes].map((each) => `${pretty(each)}\n`).join(''), ['x86_64 socket 2']],
    [
      'dmesg --json',
      dmesg(
        'Linux version 6.1',
        `audit: type=1326 audit(1.5:2): ${record}`,
        `x audit: type=1326 audit(1.5:2): ${record}`,
      ),
      ['x86_64 socket 1'],
    ],
  ]
  for (const [what, text, wanted] of rows) {
    const observations = await observeText(text)
    t.same(counts(observations), wanted, what)
    t.same(counts(await observeText(text.replaceAll('\n', '\r\n'))), wanted, `${what}, of another system`)
    t.equal(observations.sources[0]?.unparsed, 0, `${what}: what others log is ignored`)
  }
  const cut = `{\n\t"__CURSOR" : "a",\n\t"MESSAGE" : "SECCOMP\n}\n`
  t.match(
    (await observeText(`${pretty(entry)}\n${cut}`)).sources,
    [{ calls: 1, unparsed: 1 }],
    'an entry that is none',
  )
  const begun = await observeText(`${pretty(entry)}\n${pretty(entry).slice(0, -2)}\n`)
  t.match(begun.sources, [{ calls: 1, unparsed: 1 }], 'an entry that is cut')
  t.ok(codes(begun).includes('truncated'))
  const broken = dmesg(`audit: type=1326 audit(1.5:2): ${record}`, 'broken').replace('"broken"', '"\\u00"')
  t.match((await observeText(broken)).sources, [{ calls: 1, unparsed: 1 }], 'a message that is no JSON')
})

t.test('a record that a mailer has wrapped is one', async (t) => {
  const whole = seccomp(`comm="a" exe="/a" ${block}`)
  for (const cut of [80, whole.indexOf('syscall='), whole.indexOf('compat=') - 1]) {
    const { sources, ...observations } = await observeText(`${whole.slice(0, cut)}\n${whole.slice(cut)}\n`, {
      format: 'audit',
    })
    t.same(counts({ sources, ...observations }), ['x86_64 socket 1'], `cut at ${cut}`)
  }
})

t.test('what was lost is told, with its number where there is one', async (t) => {
  const record = `[ 1.0] audit: type=1326 audit(1.5:2): pid=1 comm="a" ${block}`
  const losses: readonly (readonly [line: string, lost: number | undefined])[] = [
    ['[ 1.5] kauditd_printk_skb: 311 callbacks suppressed', 311],
    ['[ 1.5] audit: audit_lost=12 audit_rate_limit=0 audit_backlog_limit=64', 12],
    ['[ 1.5] audit: backlog limit exceeded', undefined],
    ['Nov 24 01:07:57 host systemd-journald[1]: Missed 7 kernel messages', 7],
    ['Nov 24 01:07:57 host rsyslogd: imjournal: 5 messages lost due to rate-limiting', 5],
    ['Nov 24 01:07:57 host rsyslogd: imuxsock lost 9 messages from pid 4 due to rate-limiting', 9],
    ['Nov 24 01:07:57 host auditd[1]: dispatch err (pipe full) event lost', undefined],
    ['Nov 24 01:07:57 host audispd: queue is full - dropping event', undefined],
    ['Nov 24 01:07:57 host auditd[1]: queue to plugins is full - dropping event', undefined],
    ['Nov 24 01:07:57 host auditd[1]: Audit daemon is suspending logging due to no space left', undefined],
  ]
  for (const [line, lost] of losses) {
    const observations = await observeText(`${record}\n${line}\n`)
    t.same(codes(observations), ['records-lost'], line)
    t.equal(observations.sources[0]?.lost, lost, line)
  }
  const twice = await observeText(
    `${record}\n[ 2.0] audit: audit_lost=12 audit_rate_limit=0\n[ 3.0] audit: audit_lost=15 audit_rate_limit=0\n`,
  )
  t.equal(twice.sources[0]?.lost, 15, 'audit_lost is a sum')
})

t.test(
  'records of rules beside those of a filter are of other programs, unless the program is chosen',
  async (t) => {
    const text = `${seccomp(`comm="a" exe="/a" ${block.replace('=41', '=42')}`)}\n${rule}\n`
    const all = await observeText(text)
    t.same(counts(all), ['x86_64 connect 1'])
    t.same(codes(all), ['rule-records-left-out'])
    t.same(counts(await observeText(text, { choice: { comm: 'sshd' } })), ['x86_64 socket 1'])
  },
)

t.test('arguments come from SYSCALL records, an answer of a filter hides what follows', async (t) => {
  const observations = await observeText(`${rule}\n${rule.replace('a0=2', 'a0=ffffffff0000000a')}\n`)
  t.same(
    observations.architectures.x86_64?.['socket']?.args,
    { 0: ['2', '10'] },
    'the kernel looks at 32 bits',
  )
  const refused = await observeText(`${seccomp(`comm="a" ${block.replace('0x7ffc0000', '0x80000000')}`)}\n`)
  t.match(refused.diagnostics, [{ code: 'refused-by-filter', facts: { call: 'socket' } }])
  const enosys = await observeText(`${rule.replace('exit=3', 'exit=-38')}\n`)
  t.equal(enosys.architectures.x86_64?.['socket']?.enosys, 1)
})

t.test('whose calls they are, and of when', async (t) => {
  const at = (time: string, pid: number, comm: string, exe: string, number: number): string =>
    `type=SECCOMP msg=audit(${time}:1): auid=1 pid=${pid} comm=${comm} exe=${exe} ${block.replace('=41', `=${number}`)}`
  const text = [
    at('1000000000.100', 1, '"a"', '"/bin/a"', 41),
    at('1000000001.100', 2, '6120623D2263', '2F746D702F6120623D2263', 42),
    at('1000000002.100', 2, '"a"', '"/bin/b"', 43),
  ].join('\n')
  const rows = [
    [{ pid: 2 }, ['accept', 'connect']],
    [{ comm: 'a' }, ['accept', 'socket']],
    [{ comm: 'a b="c' }, ['connect']],
    [{ exe: '/bin/b' }, ['accept']],
    [{ exe: '/tmp/a b="c' }, ['connect']],
    [{ since: 1000000001 }, ['accept', 'connect']],
    [{ until: 1000000001 }, ['socket']],
    [{ since: 1000000001, pid: 1 }, []],
  ] as const
  for (const [choice, names] of rows) {
    const observations = await observeText(text, { choice })
    t.same(
      calls(observations),
      names.map((name) => `x86_64 ${name}`),
      JSON.stringify(choice),
    )
    t.equal(observations.sources[0]?.ignored, 3 - names.length)
  }
  const untold = await observeText(`${text}\n${text.replaceAll(/ exe=\S+/g, '')}`, {
    choice: { exe: '/bin/a' },
  })
  t.same(calls(untold), ['x86_64 socket'], 'a record that does not say is not counted')
  t.match(untold.diagnostics, [{ code: 'choice-not-told', facts: { field: 'exe', records: '3' } }])
  await t.rejects(observeText(text, { choice: { pod: 'x' } }), {
    message: /do not hold what --pod selects by/,
  })
})

t.test('whose calls they are, where ausearch -i writes names without quotes', async (t) => {
  const text =
    'type=SECCOMP msg=audit(11/23/26 23:53:17.351:2) : auid=unset pid=9 comm=my app exe=/opt/my app sig=SIG0 arch=x86_64 syscall=socket compat=0 ip=0x7f code=log \n' +
    'type=SECCOMP msg=audit(11/23/26 23:53:17.351:2) : auid=unset pid=9 comm=a exe=/a sig=SIG0 arch=x86_64 syscall=connect compat=0 ip=0x7f code=log \n'
  const rows = [
    [{ comm: 'my app' }, 'socket'],
    [{ exe: '/opt/my app' }, 'socket'],
    [{ comm: 'a' }, 'connect'],
    [{ exe: '/a' }, 'connect'],
  ] as const
  for (const [choice, name] of rows)
    t.same(calls(await observeText(text, { choice })), [`x86_64 ${name}`], JSON.stringify(choice))
  const rules =
    'type=SYSCALL msg=audit(01/02/16 10:00:00.394:4) : arch=x86_64 syscall=openat success=yes exit=3 a0=AT_FDCWD a1=0x7f a2=O_RDONLY a3=0x0 items=1 ppid=1 pid=2 comm=my app exe=/opt/my app subj=unconfined key=(null)\n'
  for (const choice of [{ comm: 'my app' }, { exe: '/opt/my app' }])
    t.same(calls(await observeText(rules, { choice })), ['x86_64 openat'], JSON.stringify(choice))
})

t.test('a line of 10 MB neither crashes nor stalls, and its neighbours count', async (t) => {
  const record = seccomp(`comm="a" exe="/a" ${block}`)
  for (const long of [
    'x'.repeat(10e6),
    `type=SECCOMP msg=audit(${'1'.repeat(10e6)}`,
    ' arch='.repeat(2e6),
    `${record} ${'A="b" '.repeat(2e6)}`,
  ]) {
    const observations = await observeText(`${record}\n${long}\n${record}\n`, { format: 'audit' })
    t.ok(Number(counts(observations)[0]?.split(' ')[2]) >= 2, long.slice(0, 20))
    t.ok(codes(observations).includes('overlong-line'))
  }
})

t.test('every number of every table comes out under its name', async (t) => {
  for (const [audit, architecture] of [
    ['c000003e', 'x86_64'],
    ['40000003', 'x86'],
    ['c00000b7', 'aarch64'],
    ['40000028', 'arm'],
  ] as const) {
    if (!isArchitecture(architecture)) throw new Error('unreachable')
    const { entries } = syscallTable(architecture)
    const lines = entries.map(({ number }) =>
      seccomp(`comm="a" ${block.replace('c000003e', audit).replace('=41', `=${number}`)}`),
    )
    t.same(
      calls(await observeText(lines.join('\n'))),
      entries.map(({ name }) => `${architecture} ${name}`).sort(),
      architecture,
    )
  }
})

t.test('a record as the kernel sends it', async (t) => {
  const record = (rest: string, session = 7): string =>
    `audit(1613596317.899:6461): auid=0 uid=0 gid=0 ses=${session} pid=42 ${rest}`
  const seccomp = 'exe="/bin/ls" sig=0 arch=c000003e syscall=41 compat=0 ip=0x7f code=0x7ffc0000'
  const told = {
    architecture: 'x86_64',
    number: 41,
    pid: 42,
    comm: 'ls',
    session: 7,
    code: 0x7ffc0000,
  } as const
  t.strictSame(filterRecordOf(record(`comm="ls" ${seccomp}`)), told)
  t.strictSame(filterRecordOf(`${record(`comm=6C7320736573 ${seccomp}`)}\n`), { ...told, comm: 'ls ses' })
  t.match(filterRecordOf(record(`comm="ls" ${seccomp.replace('=41', '=1073741865')}`)), {
    architecture: 'x32',
  })
  t.match(filterRecordOf(record(`comm="ls" ${seccomp.replace('=41', '=-1')}`)), { architecture: 'x86_64', number: 0xffffffff }) // prettier-ignore
  t.equal(filterRecordOf(record(`comm="ls" ${seccomp.replace('c000003e', 'c0000008')}`)), undefined, 'MIPS')
  t.equal(
    filterRecordOf(`audit(1.1:1): comm="audit(1.1:1): auid=0 uid=0 gid=0 ses=7 " ${seccomp}`),
    undefined,
  )
})
