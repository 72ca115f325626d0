// What the compiled reader of audit logs promises: it takes the records behind every transport's prefix, and says of each
// line what the careful reader says, whatever a process writes into a name, a message or a line of its own.
// scripts/mutants.ts checks the promises on changed code.
import { plainRecords } from '../../src/read/audit/plain.ts'
import { differ as readersDiffer } from './both-readers.ts'
import { brokenOf } from './promises.ts'

export const fields = (pid: number, call: number): string =>
  `auid=4294967295 uid=0 gid=0 ses=4294967295 subj=unconfined pid=${pid} comm="sh" exe="/usr/bin/dash" sig=0 arch=c000003e syscall=${call} compat=0 ip=0x7f3fbc070507 code=0x7ffc0000`
const inWords = (pid: number, call: string): string =>
  `auid=unset uid=root gid=root ses=unset pid=${pid} comm=my sh exe=/usr/bin/ls sig=SIG0 arch=x86_64 syscall=${call} compat=0 ip=0x7f5ad21769e7 code=log `

/** A line of each transport: the number varies every number that varies in a log. */
export const transports: Readonly<Record<string, (number: number, rest: string) => string>> = {
  dmesg: (n, rest) => `[ 5627.37${1000 + n}] audit: type=1326 audit(1795482234.${100 + (n % 900)}:${n}): ${rest}`,
  'dmesg -T': (n, rest) => `[Tue Nov 24 01:03:${10 + (n % 50)} 2026] audit: type=1326 audit(1795482234.555:${n}): ${rest}`,
  'dmesg -x': (n, rest) => `kern  :notice: [   20.97${1000 + n}] audit: type=1326 audit(1795482435.792:${n}): ${rest}`,
  'dmesg -r': (n, rest) => `<5>[   20.97${1000 + n}] audit: type=1326 audit(1795482435.792:${n}): ${rest}`,
  'dmesg --time-format=iso': (n, rest) => `2026-11-24T01:07:15,79${1000 + n}+00:00 audit: type=1326 audit(1795482435.792:${n}): ${rest}`,
  syslog: (n, rest) => `Nov 24 01:07:${10 + (n % 50)} deb64 kernel: [   20.97${1000 + n}] audit: type=1326 audit(1795482435.792:${n}): ${rest}`,
  'rsyslog, precise': (n, rest) => `2026-11-24T01:07:15.79${1000 + n}+00:00 deb-arm64 kernel: audit: type=1326 audit(1795482435.792:${n}): ${rest}`,
  'RFC 5424': (n, rest) => `<5>1 2026-11-24T01:07:15.79${1000 + n}Z host kernel - - - audit: type=1326 audit(1795482435.792:${n}): ${rest}`,
  journal: (n, rest) => `Nov 24 01:07:50 deb64 audit[${n}]: SECCOMP ${rest}`,
  'journal, precise': (n, rest) => `Tue 2026-11-24 01:07:50.12${1000 + n} UTC deb64 audit[${n}]: SECCOMP ${rest}`,
  'journal of the kernel': (n, rest) => `Nov 24 01:07:50 deb64 kernel: audit: type=1326 audit(1795481439.099:${n}): ${rest}`,
  auditd: (n, rest) => `type=SECCOMP msg=audit(1795481439.099:${n}): ${rest}`,
  'auditd of a node': (n, rest) => `node=deb64 type=SECCOMP msg=audit(1795481439.099:${n}): ${rest}`,
  'ausearch -i': (n, rest) => `type=SECCOMP msg=audit(11/24/26 00:51:13.967:${n}) : ${rest}`,
} // prettier-ignore

export const differ = (bytes: Uint8Array): boolean => readersDiffer(bytes, 'audit')

/** How many of the lines the compiled reader takes. */
export function taken(lines: readonly string[]): number {
  const bytes = Buffer.from(`${lines.join('\n')}\n`, 'latin1')
  return plainRecords()?.read(bytes, 0, bytes.length) ?? 0
}

/** The numbers of the kinds of the lines that were taken last. */
export const kindsOf = (count: number): readonly number[] => [
  ...(plainRecords()?.kinds.slice(0, count) ?? []),
]

/** All readers share sixteen prefixes. After sixteen new ones none is left that was learnt before. */
export function learnOthers(host: string): void {
  for (const letter of 'abcdefghijklmnop') {
    const line = transports['journal of the kernel']?.(100, fields(7, 1)) ?? ''
    differ(Buffer.from(`${line.replace('deb64', host + letter)}\n`))
  }
}

const textOf = (lines: readonly string[]): Uint8Array => Buffer.from(`${lines.join('\n')}\n`, 'latin1')

/** Records that tell no call, and how many of them the compiled reader takes. */
const silent = [
  ['Nov 24 01:07:50 h audit[1]: SERVICE_START pid=1 uid=0', 1],
  ['Nov 24 01:07:50 h kernel: audit: type=1131 audit(1.1:1): pid=1 uid=0', 1],
  ['Nov 24 01:07:50 h audit[1]: SYSCALL arch=c000003e syscall=1 success=yes exit=1 a0=1 a1=2 a2=3 a3=4 items=0', 0],
  ['Nov 24 01:07:50 h kernel: audit: type=1300 audit(1.1:1): arch=c000003e syscall=1 success=yes exit=1 a0=1 a1=2 a2=3 a3=4 items=0', 0],
  ['Nov 24 01:07:50 h audit[1]: ANOM_ABEND auid=1 uid=0 gid=0 ses=1 pid=7 comm="a" exe="/a" sig=31 res=1', 0],
  ['Nov 24 01:07:50 h kernel: audit: type=1701 audit(1.1:1): auid=1 uid=0 gid=0 ses=1 pid=7 comm="a" exe="/a" sig=31 res=1', 0],
  ['Nov 24 01:07:50 h audit[1]: SERVICE_START', 0],
  ['Nov 24 01:07:50 h audit[1]: SERVICE_START of a program', 0],
] as const // prettier-ignore

const refused = (answer: string, signal = '0'): string =>
  fields(7, 41).replace('0x7ffc0000', answer).replace('sig=0', `sig=${signal}`)
/** What processes and broken logs put where fields stand. */
const hostile: readonly string[] = [
  fields(7, 1).replace('"sh"', '"audit(1:2): x"'), fields(7, 1).replace('"sh"', '"audit[1]: SECCOMP a=1"'), fields(7, 1).replace('"sh"', '"xaudit("'),
  fields(7, 1).replace('"sh"', '" arch=c000003e syscall=2 compat=0 ip=0x1 code=0x7ffc0000"'), `${fields(7, 1)} arch=`, `${fields(7, 1)} arch=x`, `arch=${fields(7, 1).split(' arch=')[1]}`,
  `a=1 type=SECCOMP msg=audit(1.1:1): ${fields(8, 2)}`, `a=1 kernel: audit: type=1326 audit(1.1:1): ${fields(8, 2)}`, `${fields(7, 1)} type=1326 audit(1.1:2): ${fields(8, 2)}`,
  `${fields(7, 1)}\r`, `${fields(7, 1)}\x1b[0m`, fields(7, 1).replace('exe', '\x1b[1mexe'), `${fields(7, 1)} ar\x1b[0mch=c00000b7 syscall=2 compat=0 ip=0x1 code=0x7ffc0000`, `${fields(7, 1)} type=SECCOMP msg=au\x1b[0mdit(1.1:1): a=1`, `${fields(7, 1)}\x1dAUID="unset" ARCH=x86_64 SYSCALL=write`, `${fields(7, 1)}AUID="unset"`, `${fields(7, 1)} ARCH=x86_64`, `${fields(7, 1)};`, `${fields(7, 1)}x`,
  fields(7, 1).replace('dash', 'd'.repeat(70_000)), fields(7, 0x4000_0001), fields(7, 1).replace('c000003e', '40000003'), fields(7, 1).replace('c000003e', 'c00000b7'), fields(7, 1).replace('c000003e', 'c0000032'), fields(7, 1).replace('c000003e', 'C000003E'),
  fields(7, 1).replace('c000003e', 'x'.repeat(60)), fields(7, 1).replace('syscall=1', `syscall=${'1'.repeat(60)}`), fields(7, 1).replace('syscall=1', 'syscall=-1'), fields(7, 1).replace('syscall=1', 'syscall='), fields(7, 1).replace('compat=0', 'compat=2'),
  inWords(7, 'unknown-syscall(470)'), inWords(7, 'nosuch'), inWords(7, 'read').replace('my sh', 'a sig=SIGSYS b'), inWords(7, 'read').replace('my sh', 'a arch=x86_64 syscall=write'), inWords(7, 'read').replace('x86_64', 'vax'), inWords(7, 'read').replace('code=log', 'code=kill'),
  refused('0x50001'), refused('0x30000'), refused('0x80000000', '31'), refused('0x0', '31'), refused('0x7fc00000'), refused('0x7ffc0000', '31'), refused('errno'),
  'auid=1 uid=0 gid=0 ses=1 pid=7 comm="a" exe="/a" sig=31 res=1', '', ' ', 'a', 'a=1', ' snap snappy-debug[1]: Log: auid=1 arch=c000003e 1(write) compat=0 ip=0x1 code=0x7ffc0000', '] ;audit: x', 'SECCOMP a=1',
] // prettier-ignore

/** Lines that look like records, by writers that are not the kernel or auditd. */
const forged = [
  `Nov 24 01:07:50 deb64 app[7]: audit: type=1326 audit(1.1:1): ${fields(7, 1)}`, `Nov 24 01:07:50 deb64 app[7]: SECCOMP ${fields(7, 1)}`, `[    1.000000] app[7]: audit: type=1326 audit(1.1:1): ${fields(7, 1)}`,
  `user  :notice: [    1.000000] audit: type=1326 audit(1.1:1): ${fields(7, 1)}`, `<13>[    1.000000] audit: type=1326 audit(1.1:1): ${fields(7, 1)}`, `Nov 24 01:07:50 deb64 kernel: app: audit: type=1326 audit(1.1:1): ${fields(7, 1)}`,
  `Nov 24 01:07:50 deb64 xaudit[7]: SECCOMP ${fields(7, 1)}`, `Nov 24 01:07:50 audit[7]: SECCOMP ${fields(7, 1)}`, `Nov 24 01:07:50 deb64: audit[7]: SECCOMP ${fields(7, 1)}`, `Nov 24 1:07:50 deb64 audit[7]: SECCOMP ${fields(7, 1)}`,
  `[ 5627,371001] audit: type=1326 audit(1795482234.100:1): ${fields(7, 1)}`, `[] audit: type=1326 audit(1.1:1): ${fields(7, 1)}`, `Nov 24 01:07:50 deb64 audit[]: SECCOMP ${fields(7, 1)}`, `Nov 24 01:07:50 deb64 audit[7] SECCOMP ${fields(7, 1)}`,
  '----', '-----', '----type=SECCOMP msg=audit(1.1:1): a=1', 'time->Tue Nov 24 00:50:15 2026', '',
] // prettier-ignore

export const asText = (call: string): string =>
  `At 00:51:13 11/24/26 system, acting as root, unsuccessfully called-seccomp-controlled-syscall ${call}`
export const asCsv = (call: string): string =>
  `,SECCOMP,11/24/2026,00:51:13,2458,seccomp,system,root,unset,unset,called-seccomp-controlled-syscall,success,${call},process,,,/usr/bin/ls`

/** A prefix is learnt from one line; other digits, and up to three more, do not matter. */
function* brokenPrefixes(): Generator<string> {
  learnOthers('first-')
  for (const [name, line] of Object.entries(transports)) {
    const usual = Array.from({ length: 40 }, (_, index) => line(100 + index, fields(7 + index, index)))
    if (differ(textOf(usual))) yield `${name}: the readers differ`
    if (taken(usual) !== 40) yield `${name}: ${taken(usual)} of 40 lines are taken`
    const later = [line(7, fields(1, 0)), line(100_004, fields(4_194_304, 59)), line(312, inWords(7, 'read'))]
    if (taken(later) !== 3) yield `${name}: shorter or longer numbers, or words, are not taken`
    if (differ(textOf([...usual, ...later, ...later]))) yield `${name}: the readers differ on other numbers`
    const other = line(100, fields(7, 1)).replace('1326', '1300').replace('SECCOMP', 'SYSCALL')
    if (taken([other]) !== 0) yield `${name}: another type is no other record`
  }
  for (const [line, count] of silent) {
    const log = [transports['journal']?.(1, fields(1, 1)) ?? '', ...Array<string>(8).fill(line)]
    if (differ(textOf(log))) yield `the readers differ on ${line}`
    if (taken([line]) !== count) yield `${taken([line])} lines are taken of ${line}`
  }
}

/** A source has room for its kinds, however many the sources before had, and the numbers of kinds never come again. */
function* brokenKinds(): Generator<string> {
  const line = (call: number, code: string): string =>
    `type=SECCOMP msg=audit(1795481439.099:1): ${fields(7, call).replace('0x7ffc0000', code)}`
  // More kinds than the code has room for, of 450 calls with two answers each.
  const many = Array.from({ length: 900 }, (_, index) => line(index >> 1, index % 2 === 0 ? '0x7ffc0000' : '0x50001')) // prettier-ignore
  if (differ(textOf([...many, ...many]))) yield 'the readers differ on many kinds'
  if (taken([line(1, '0x50077')]) !== 0) yield 'the code has room for any number of kinds'
  if (taken(many.slice(0, 9)) !== 9) yield 'the code does not keep the first kinds'
  const before = kindsOf(9)
  const other = [line(1, '0x50078'), line(2, '0x50079')]
  if (differ(textOf([...other, ...other, ...many]))) yield 'the readers differ on kinds of another source'
  if (taken(other) !== 2) yield 'another source has no room'
  // A source that is read at the same time keeps the numbers that it has.
  if (Math.min(...kindsOf(2)) <= Math.max(...before)) yield 'a number of a kind comes again'
}

/** No field of a process and no line of another writer makes a difference. */
function* brokenFields(): Generator<string> {
  const abend = (pid: number): string =>
    `type=ANOM_ABEND msg=audit(1.1:9): auid=1 uid=0 gid=0 ses=1 pid=${pid} comm="a" exe="/a" sig=31 res=1`
  const raw = (pid: number): string => fields(pid, 41).replace('0x7ffc0000', '0x80000000')
  const words = (pid: number): string => inWords(pid, 'socket').replace('log', 'kill')
  // The first record has the same words, and no signal.
  const rows = [
    [raw(7), raw(8).replace('sig=0', 'sig=31')],
    [words(7), words(8).replace('SIG0', 'SIGSYS')],
    [words(7), words(8).replace('my sh', 'a sig=SIGSYS b')],
  ] as const
  for (const [name, line] of Object.entries(transports)) {
    const usual = line(1, fields(7, 1))
    for (const rest of hostile)
      if (differ(textOf([usual, usual, line(2, rest), line(3, rest), usual, line(4, fields(7, 41))])))
        yield `${name}: the readers differ on ${JSON.stringify(rest.slice(0, 200))}`
    for (const other of forged)
      if (differ(textOf([usual, usual, other, usual, other, usual])))
        yield `${name}: the readers differ on ${other}`
    for (const [first, ended] of rows)
      if (
        differ(textOf([line(1, first), line(2, first), line(3, ended), abend(8), abend(9), line(4, first)]))
      )
        yield `${name}: the readers differ on the end of a process in ${ended}`
  }
}

function* brokenReports(): Generator<string> {
  const again = 'called-seccomp-controlled-syscall write'
  const rows: readonly (readonly [line: string, isTaken: boolean])[] = [
    [`${asText('read')} using /usr/bin/ls`, true], [asText('read'), true], [asText('read x'), false], [asText('unknown-syscall(470) using /a'), false], [`${asText('read')} using ${again}`, false],
    [asText('read').replace('system', again), false], [asText('read').replace('system', 's'.repeat(400)), false], [asText('read').replace('system', 'ä'), false], [`${asText('read')} using a\r`, false], [`${asText('read')} using \x1b[1ma`, false],
    [asText('read').replace('00:51:13', '00:51'), false], [asText('read').replace('At', 'at'), false], [`${asText('read')}\xa0using /a`, false],
    [asCsv('read'), true], [`deb64.x-1${asCsv('read')}`, true], [asCsv('unknown-syscall(470)'), false], [asCsv('read').replace('2458', '24a'), false], [asCsv('read').replace('SECCOMP', 'SYSCALL'), false],
    [asCsv('read').replace('root,', 'root,,'), false], [asCsv('read').replace('success', 'a b'), false], [asCsv('read').split(',process')[0] as string, false], [`a b${asCsv('read')}`, false], ['NODE,EVENT,DATE,TIME,SERIAL_NUM,EVENT_KIND,x', false],
  ] // prettier-ignore
  for (const [line, isTaken] of rows) {
    for (const usual of [asText('read'), asCsv('read')])
      if (differ(textOf([usual, usual, line, line, usual])))
        yield `the readers differ on ${JSON.stringify(line)}`
    if (taken([line]) !== (isTaken ? 1 : 0))
      yield `${taken([line])} lines are taken of ${JSON.stringify(line)}`
  }
}

export function faults(most?: number): readonly string[] {
  return brokenOf([brokenPrefixes, brokenKinds, brokenFields, brokenReports], most)
}
