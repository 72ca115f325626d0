// Every format of JSON in every shape that jq, an API or a shell gives it; and bpftrace's maps under every kind of key.
// The calls are always those of one object a line; a map whose keys may be names of tasks gives none.
import t from 'tap'
import { logPrefixes, prefixRows } from '../../src/read/log-prefixes.ts'
import { codes, counts, observeText } from './logs.ts'

const records: Readonly<Record<string, readonly string[]>> = {
  spo: ['{"auditID":"3","pid":1,"resource":null,"syscalls":["arch_prctl","read"],"version":"spo/v1_alpha"}', '{"auditID":"4","pid":1,"resource":null,"syscalls":["write"],"version":"spo/v1_alpha"}'],
  gvisor: ['{"msg":"strace.go:572] [   1:   1] bash E arch_prctl(0x1)","level":"info"}', '{"msg":"strace.go:572] [   1:   1] bash E read(0x1)","level":"info"}'],
  tracee: ['{"timestamp":1657290245020855990,"processId":7,"processName":"a","eventId":"257","eventName":"openat","argsNum":4,"returnValue":3,"args":[{"name":"dirfd","type":"int","value":-100}]}', '{"timestamp":1,"eventId":"158","eventName":"arch_prctl","argsNum":0,"returnValue":0,"args":[]}'],
  'inspektor-gadget': ['{"k8s":{"podName":"p","containerName":"c"},"pid":485855,"comm":"unshare","syscall":"SYS_UNSHARE","code":"SECCOMP_RET_KILL_THREAD"}', '{"pid":1,"comm":"a","syscall":"SYS_ARCH_PRCTL","code":"x"}'],
  traceloop: ['{"syscall":"openat","pid":3,"comm":"a","cpu":1,"mntns":4,"parameters":"dfd=1","ret":"3"}', '{"syscall":"arch_prctl","pid":3,"comm":"a","cpu":1,"mntns":4,"parameters":"","ret":"3"}'],
  falco: ['{"hostname":"h","output":"x","output_fields":{"evt.type":"openat","proc.name":"a"},"priority":"Notice","rule":"r","source":"syscall","time":"2026-01-01T00:00:00Z"}', '{"output":"x","output_fields":{"evt.type":"connect","proc.name":"a"},"priority":"Notice","rule":"r","source":"syscall","time":"2026-01-01T00:00:00Z"}'],
  sysdig: ['{"evt.num":1,"evt.type":"read","evt.dir":">","evt.outputtime":1700000000000000000,"proc.name":"a","thread.tid":7,"evt.info":""}', '{"evt.num":2,"evt.type":"openat","evt.dir":">","evt.outputtime":1700000000000000000,"proc.name":"a","thread.tid":7,"evt.info":""}'],
  bpftrace: ['{"type": "attached_probes", "data": {"probes": 1}}', '{"type": "map", "data": {"@": {"sh,257": 4, "sh,0": 2}}}'],
  strace: [{ log: '7 execve("/a", ["a"], 0x7ffc0e8d1b30 /* 1 vars */) = 0\n' }, { log: '7 openat(AT_FDCWD, "/x{}\\"[", O_RDONLY) = 3\n' }].map((each) => JSON.stringify(each)),
  Loki: ['7 execve("/a", ["a"], 0x7ffc0e8d1b30 /* 1 vars */) = 0', '7 read(3, "", 1) = 0'].map((line) => JSON.stringify({ labels: {}, line, timestamp: 't' })),
} // prettier-ignore

const parsed = (lines: readonly string[]): unknown[] => lines.map((line) => JSON.parse(line) as unknown)
const pretty = (lines: readonly string[], space: number | string): string[] =>
  parsed(lines).map((each) => JSON.stringify(each, null, space))
const shapes: Readonly<Record<string, (lines: readonly string[]) => string>> = {
  'CR LF': (lines) => `${lines.join('\r\n')}\r\n`,
  'with blanks': (lines) => `${pretty(lines, 1).join('\n').replaceAll(/\n +/g, ' ').replaceAll(/\n\}/g, ' }')}\n`,
  pretty: (lines) => `${pretty(lines, 2).join('\n')}\n`,
  'pretty, CR LF': (lines) => `${pretty(lines, 4).join('\n').replaceAll('\n', '\r\n')}\r\n`,
  'pretty, tabs': (lines) => `${pretty(lines, '\t').join('\n')}\n`,
  'pretty, no line between': (lines) => pretty(lines, 2).join(''),
  'an array': (lines) => `[${lines.join(',')}]\n`,
  'an array of lines': (lines) => `[\n${lines.join(',\n')}\n]\n`,
  'a pretty array': (lines) => `${JSON.stringify(parsed(lines), null, 2)}\n`,
  'an array without a line end': (lines) => JSON.stringify(parsed(lines)),
  'no line between': (lines) => lines.join(''),
  'commas at the ends of lines': (lines) => `${lines.join(',\n')}\n`,
  'a sequence (RFC 7464)': (lines) => lines.map((line) => `\x1e${line}\n`).join(''),
  'an answer': (lines) => `${JSON.stringify({ items: parsed(lines) })}\n`,
  'a pretty answer': (lines) => `${JSON.stringify({ took: 3, data: parsed(lines) }, null, 2)}\n`,
  'keys in the other order': (lines) =>
    `${parsed(lines).map((each) => JSON.stringify(Object.fromEntries(Object.entries(each as object).toReversed()))).join('\n')}\n`,
  'empty lines': (lines) => `\n${lines.join('\n\n')}\n\n`,
  'a byte order mark': (lines) => `\ufeff${lines.join('\n')}\n`,
  'in the JSON of an exporter': (lines) => lines.map((line) => `${JSON.stringify({ kubernetes: { pod: 'a' }, message: line })}\n`).join(''),
  'in CRI lines': (lines) => lines.map((line) => `2026-11-24T00:00:00.000000000Z stdout F ${line}\n`).join(''),
} // prettier-ignore

t.test('JSON of every format in every shape', async (t) => {
  for (const [format, lines] of Object.entries(records)) {
    const plain = counts(await observeText(`${lines.join('\n')}\n`))
    t.ok(plain.length >= 2, `${format}: ${plain.join(', ')}`)
    for (const [name, shape] of Object.entries(shapes))
      t.same(counts(await observeText(shape(lines))), plain, `${format}: ${name}`)
    t.same(counts(await observeText(Buffer.from(`\ufeff${lines.join('\n')}\n`, 'utf16le'))), plain, `${format}: UTF-16`)
    await t.rejects(observeText(Buffer.from(`${lines.join('\n')}\n`, 'utf16le')), { code: 'utf16-trace' })
  }
}) // prettier-ignore

t.test('records of every format behind every prefix, and behind two', async (t) => {
  const others: Readonly<Record<string, readonly string[]>> = {
    ...Object.fromEntries(Object.entries(records).filter(([name]) => name !== 'strace' && name !== 'Loki')),
    'bpftrace’s text': ['@[257]: 4', '@[158]: 1'],
    'gVisor’s text': ['I1009 15:34:32.684395       1 strace.go:572] [   1:   1] bash E arch_prctl(0x7f)', 'I1009 15:34:32.684396       1 strace.go:572] [   1:   1] bash E read(0x7f)'],
    'Falco’s text': ['13:53:31.726060287: Warning Sensitive file opened (file=/etc/shadow evt_type=openat user=root)', '13:53:31.726060288: Notice Redirect (evt_type=dup2 user=root)'],
    'the enricher’s text': [232, 1].map((id) => `I0705 12:08:18.729660 1843190 enricher.go:136] "audit" logger="log-enricher" timestamp="1.5:1" type="seccomp" executable="/a" pid=1 syscallID=${id} syscallName="${id === 1 ? 'write' : 'epoll_wait'}"`),
  } // prettier-ignore
  for (const [format, lines] of Object.entries(others)) {
    const plain = counts(await observeText(`${lines.join('\n')}\n`))
    t.ok(plain.length >= 2, format)
    // A number of a line before a time of day is part of the time.
    const prefixes = logPrefixes.map((name) => prefixRows[name].examples[0] as string).filter((prefix) => prefix !== '12:' || format !== 'Falco’s text') // prettier-ignore
    for (const prefix of [...prefixes, '[pod/app-6b7c9d-x2x/app] 2026-06-16T10:11:12.123456Z ', 'Nov 24 01:07:57 host app[12]: 2026-06-16T10:11:12.123456Z ']) // prettier-ignore
      t.same(counts(await observeText(Buffer.from(lines.map((line) => `${prefix}${line}\n`).join(''), 'latin1'))), plain, `${format}: ${prefix}`) // prettier-ignore
    // Another program of the same journal writes such lines too.
    const [first = '', second = ''] = lines
    const log = [`host app[12]: ${first}`, `host app[12]: ${second}`, `host evil[7]: ${first}`].map((line) => `Nov 24 01:07:57 ${line}\n`) // prettier-ignore
    t.same(counts(await observeText(`${log.slice(0, 2).join('')}${log[2]}${log.slice(0, 2).join('').repeat(19)}`)), plain.map((each) => each.replace(/\d+$/, (count) => String(20 * Number(count)))), `${format}: of another program`) // prettier-ignore
  }
  const record =
    'type=SECCOMP msg=audit(1613596317.899:6461): auid=1 pid=42 comm="a" exe="/a" sig=0 arch=c000003e syscall=41 compat=0 ip=0x7f code=0x7ffc0000'
  t.same(
    counts(await observeText(`Nov 24 01:07:57 host app[12]: ${record}\n`)),
    [],
    'any program may log this',
  )
})

t.test('bpftrace’s maps by what their keys are', async (t) => {
  const both = ['x86_64 openat 3', 'x86_64 read 1']
  const rows: readonly (readonly [log: string, wanted: readonly string[], code?: string])[] = [
    ['@[openat]: 3\n@[read]: 1\n', both],
    ['@counts[openat]: 3\n@counts[read]: 1\n', both],
    ['@syscallname[openat]: 3\n@syscallname[read]: 1\n', both],
    ['@[sh, openat]: 3\n@[sh, read]: 1\n', both],
    ['@calls[12, sh, openat]: 3\n@calls[12, sh, read]: 1\n', both],
    ['@[(12, openat)]: 3\n@[(12, read)]: 1\n', both],
    ['@[openat, sh]: 3\n@[read, sh]: 1\n', both],
    ['@[read, sh]: 1\n@[openat, a,b]: 3\n', both],
    ['@[(openat, sh)]: 3\n@[(read, 12)]: 1\n', both],
    ['@[tracepoint:syscalls:sys_enter_openat, sh]: 3\n@[tracepoint:syscalls:sys_enter_read, sh]: 1\n', both],
    // A task may have the name of a call: the first entry waits for one that shows where the calls are.
    ['@[openat, sync]: 3\n@[read, sh]: 1\n', both],
    ['@[futex, openat]: 3\n@[sh, read]: 1\n', both],
    ['Attaching 1 probe...\n@[futex, openat]: 3\n', [], 'other-map'],
    ['Attaching 1 probe...\n@[openat, 59]: 3\n', [], 'other-map'],
    ['@[(12, 257)]: 3\n@[(12, 0)]: 1\n', both],
    ['@[__x64_sys_openat]: 3\n@[__x64_sys_read]: 1\n', both],
    ['@[kprobe:__x64_sys_openat]: 3\n@[kprobe:__x64_sys_read]: 1\n', both],
    ['@[fentry:vmlinux:__x64_sys_openat]: 3\n@[fentry:vmlinux:__x64_sys_read]: 1\n', both],
    ['@[kprobe:__arm64_sys_openat]: 3\n@[kprobe:__ia32_sys_open]: 2\n', ['aarch64 openat 3', 'x86 open 2']],
    ['@[tracepoint:syscalls:sys_enter_newstat]: 3\n', ['x86_64 stat 3']],
    ['@[sys_enter_openat]: 3\n@[sys_enter_read]: 1\n', both],
    ['@[kill]: 2\n@[openat]: 3\n', ['x86_64 kill 2', 'x86_64 openat 3']],
    [
      '@syscalls[openat]: 3\n@syscalls[frobnicate]: 1\n',
      ['x86_64 ?frobnicate 1', 'x86_64 openat 3'],
      'unknown-call',
    ],
    ['Attaching 1 probe...\n@[kill]: 2\n@[bash]: 3\n@[sync]: 1\n', [], 'other-map'],
    ['Attaching 1 probe...\n@[kill]: 2\n', [], 'other-map'],
    ['Attaching 1 probe...\n@bytes[openat]: 2\n@[read]: 1\n', ['x86_64 read 1'], 'other-map'],
  ]
  for (const [log, wanted, code] of rows) {
    const seen = await observeText(log)
    t.same(counts(seen), wanted, log)
    t.match(seen.sources, [{ format: 'bpftrace', unparsed: 0 }], log)
    if (code !== undefined) t.ok(codes(seen).includes(code), log)
  }
  const exits = await observeText('@[tracepoint:syscalls:sys_exit_openat]: 3\n')
  t.same(counts(exits), ['x86_64 openat 3'])
  t.same(exits.sources[0]?.evidence, ['exits-only', 'no-arguments'])
})
