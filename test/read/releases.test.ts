// What other releases and other options of tracers and loggers print. Each row is made by hand after the source of the
// program (the authority stands at the head of its grammar), and its calls follow from the columns and keys.
import t from 'tap'
import { codes, counts, observeText } from './logs.ts'

type Row = readonly [
  what: string,
  log: string,
  wanted: readonly string[],
  more?: { readonly codes?: readonly string[]; readonly unparsed?: number; readonly lost?: number; readonly evidence?: readonly string[]; readonly format?: string },
] // prettier-ignore

async function check(format: string, rows: readonly Row[]): Promise<void> {
  for (const [what, log, wanted, { codes: told, unparsed = 0, lost, evidence, format: other = format } = {}] of rows) {
    const seen = await observeText(`${log}\n`)
    t.same(counts(seen), [...wanted].sort(), `${format}, ${what}`)
    t.match(seen.sources, [{ format: other, unparsed, ...(evidence && { evidence }) }], what)
    t.equal(seen.sources[0]?.lost, lost, `${what}: lost`)
    if (told !== undefined) t.same(codes(seen), [...told].sort(), what)
    if (wanted.length === 0) continue
    // A file of another system, and the wide text of PowerShell.
    t.same(counts(await observeText(`\ufeff${log.replaceAll('\n', '\r\n')}\r\n`)), [...wanted].sort(), `${what}: CR LF`) // prettier-ignore
    t.same(counts(await observeText(Buffer.from(`\ufeff${log}\n`, 'utf16le'))), [...wanted].sort(), `${what}: UTF-16`)
  }
} // prettier-ignore

const row = (...cells: readonly (readonly [text: string | number, width: number])[]): string =>
  cells
    .map(([text, width]) => (width < 0 ? String(text).padStart(-width) : String(text).padEnd(width)))
    .join(' ')

t.test('tables of Tracee: with and without containers, images and results; of traceectl', async () => {
  const cells = (time: string, id: string, image: string, comm: string, pid: string, result: string, event: string, data: string, columns: string): string =>
    row([time, 16], ...(columns.includes('c') ? [[id, 13] as const] : []), ...(columns.includes('i') ? [[image, 16] as const] : []), [0, 6], [comm, 16], [pid, columns.includes('c') ? 15 : 7], [pid, columns.includes('c') ? 15 : 7], ...(columns.includes('r') ? [[result, 16] as const] : []), [event, 25], [data, 0]) // prettier-ignore
  const table = (columns: string): string => {
    const pid = (own: number): string => (columns.includes('c') ? `${String(own).padEnd(7)}/${String(1639459).padEnd(7)}` : String(own)) // prettier-ignore
    const tell = (result: number): string => (columns.includes('r') ? 'option: 1' : `option: 1, returnValue: ${result}`) // prettier-ignore
    return [
      cells('TIME', 'CONTAINER_ID', 'IMAGE', 'COMM', columns.includes('c') ? 'PID/host' : 'PID', 'RET', 'EVENT', 'ARGS', columns).replace(/ 0 +COMM/, ' UID    COMM'),
      cells('11:21:51:254199', '', '', 'exa', pid(7), '3', 'openat', tell(3), columns),
      cells('11:21:51:254200', '3f2a1bcd9012', 'nginx:1.27', 'my app', pid(12), '-1', 'arch_prctl', tell(-1), columns),
      cells('11:21:51:254201', '3f2a1bcd9012', 'nginx:1.27', 'sh', pid(12), '0', 'security_file_open', tell(0), columns),
    ].join('\n') // prettier-ignore
  }
  for (const columns of ['', 'r', 'c', 'cr', 'ci', 'cir']) {
    const log = table(columns)
    await check('tracee', [[`columns "${columns}"`, log, ['x86_64 arch_prctl 1', 'x86_64 openat 1']]])
    t.equal(
      (await observeText(`${log}\n`)).architectures.x86_64?.['arch_prctl']?.eperm,
      1,
      `the result, "${columns}"`,
    )
    t.same(
      counts(await observeText(`${log}\n`, { choice: { comm: 'my app' } })),
      ['x86_64 arch_prctl 1'],
      columns,
    )
    t.same(counts(await observeText(`${log}\n`, { choice: { pid: 7 } })), ['x86_64 openat 1'], columns)
  }
  const counters = (lost: number): string => `{"Stats":{"EventCount":3,"LostEvCount":${lost}}}`
  const event =
    '{"timestamp":1,"processId":7,"processName":"a","eventId":"159","eventName":"arch_prctl","argsNum":0,"returnValue":0,"args":[]}'
  const warned = '{"level":"warn","ts":1657290245.02,"msg":"Lost 4 events"}'
  await check('tracee', [
    ['the counters at the end', `${table('')}\n\nEnd of events stream\n${counters(7)}`, ['x86_64 arch_prctl 1', 'x86_64 openat 1'], { lost: 7, codes: ['records-lost'] }],
    ['no event lost', `${table('')}\n\nEnd of events stream\n${counters(0)}`, ['x86_64 arch_prctl 1', 'x86_64 openat 1'], { codes: [] }],
    ['warnings are among the counters', [event, warned, counters(7)].join('\n'), ['x86_64 arch_prctl 1'], { lost: 7 }],
    ['traceectl', [
      'TIME            EVENT NAME                POLICIES             PID             DATA',
      `${row(['11:21:51.25419', 15], ['openat', 25], ['p1,p2', 20], [123, 15])} [{"name":"dirfd","Value":{"Int32":-100}}]`,
      `${row(['11:21:51.25420', 15], ['arch_prctl', 25], ['', 20], [123, 15])} []`,
      '', '{"EventCount" : 2, "ErrorCount" : 0, "LostNtCapCount" : 0, "LostEvCount" : 4}',
    ].join('\n'), ['x86_64 arch_prctl 1', 'x86_64 openat 1'], { lost: 4 }],
    ['names of both tables, without the word for 32 bits', ['chown16', 'llseek', 'clock_gettime32', 'sysctl', 'arch_prctl', 'do_mmap32'].map((name) => event.replace('arch_prctl', name)).join('\n'), ['x86 _llseek 1', 'x86 chown 1', 'x86 clock_gettime 1', 'x86_64 _sysctl 1', 'x86_64 arch_prctl 1']],
    ['a detector’s event has no process', `${event}\n{"timestamp":"2026-01-01T00:00:00.1Z","id":6003,"name":"FILE_MODIFICATION","policies":{"matched":["f"]},"threat":{"name":"x"}}`, ['x86_64 arch_prctl 1']],
  ]) // prettier-ignore
})

t.test('gadgets of Inspektor Gadget in each output mode', async () => {
  const answers = [
    row(['RUNTIME.CONTAINERNAME', 30], ['COMM', 16], ['PID', -7], ['TID', -7], ['CODE', 20], ['SYSCALL', 20]),
    row(['web', 30], ['unshare', 16], [485855, -7], [485855, -7], ['…_RET_KILL_THREAD', 20], ['SYS_UNSHARE', 20]),
    row(['web', 30], ['arch prctl', 16], [1234567, -7], [1234567, -7], ['SECCOMP_RET_LOG', 20], ['SYS_ARCH_PRCTL', 20]),
  ] // prettier-ignore
  const narrow = [
    row(['K8S.PODNAME', 12], ['K8S.CONTAINERN…', 15], ['COMM', 9], ['PID', -7], ['CODE', 9], ['SYSCALL', 9]),
    row(['mypod', 12], ['container1', 15], ['mkdir', 9], [60482, -7], ['…_RET_LOG', 9], ['SYS_MKDIR', 9]),
    row(['mypod', 12], ['container1', 15], ['unshare', 9], [60483, -7], ['…L_THREAD', 9], ['SYS_UNSH…', 9]),
  ] // prettier-ignore
  const loop = [
    row(['RUNTIME.CONTAINERNAME', 30], ['PID', -10], ['COMM', 16], ['SYSCALL', 18], ['PARAMETERS', 64], ['RET', -10]),
    row(['test', 30], [58054, -10], ['sh', 16], ['execve', 18], ['filename="/bin/ls"', 64], [0, -10]),
    // The module has WebAssembly's numbers of errors: this is ENOENT.
    row(['test', 30], [58054, -10], ['ls', 16], ['access', 18], ['filename="/etc/ld.so.preload"', 64], ['-1 (Permi…', -10]),
    row(['test', 30], [58054, -10], ['ls', 16], ['syscall_1d6', 18], ['', 64], [0, -10]),
  ] // prettier-ignore
  const yaml = (code: boolean, name: string): string =>
    `---\n${code ? 'code: SECCOMP_RET_LOG\n' : ''}k8s:\n  containerName: c\n  podName: p\n${code ? '' : 'parameters: a=1\n'}proc:\n  comm: mkdir\n  parent:\n    comm: sh\n    pid: 1\n  pid: 48\nsyscall: ${name}\ntimestamp: "2025"\n`
  const capability = (name: string, number: number): string =>
    JSON.stringify({ cap: 'CAP_SYS_CHROOT', capable: true, proc: { comm: 'a', pid: 9 }, syscall: name, syscall_raw: number }) // prettier-ignore
  await check('inspektor-gadget', [
    ['audit_seccomp: COMM before PID', answers.join('\n'), ['x86_64 arch_prctl 1', 'x86_64 unshare 1'], { codes: [], evidence: ['no-arguments', 'refused-only'] }],
    ['a table narrower than its names', narrow.join('\n'), ['x86_64 mkdir 1'], { codes: ['call-cut'], unparsed: 1 }],
    ['traceloop: cells at the right', loop.join('\n'), ['x86_64 access 1', 'x86_64 execve 1', 'x86_64 listns 1'], { evidence: ['attached'] }],
    ['-o yaml', yaml(true, 'SYS_ARCH_PRCTL') + yaml(true, 'SYS_MKDIR'), ['x86_64 arch_prctl 1', 'x86_64 mkdir 1'], { evidence: ['no-arguments', 'refused-only'] }],
    ['traceloop -o yaml', yaml(false, 'arch_prctl'), ['x86_64 arch_prctl 1'], { evidence: ['attached'] }],
    ['checks of capabilities are some calls', `${capability('SYS_ARCH_PRCTL', 158)}\n${capability('SYS_UNKNOWN', 470)}`, ['x86_64 arch_prctl 1', 'x86_64 listns 1'], { evidence: ['rules-only'] }],
    ['a number without a name is lost', `${capability('SYS_ARCH_PRCTL', 158)}\n${JSON.stringify({ proc: { comm: 'a' }, syscall: 'SYS_UNKNOWN' })}`, ['x86_64 arch_prctl 1'], { lost: 1 }],
  ]) // prettier-ignore
  t.equal((await observeText(`${loop.join('\n')}\n`)).architectures.x86_64?.['access']?.eacces, undefined)
  for (const log of [answers.join('\n'), yaml(true, 'SYS_ARCH_PRCTL').replace('comm: mkdir', 'comm: arch prctl').replace('pid: 48', 'pid: 1234567')]) {
    t.same(counts(await observeText(`${log}\n`, { choice: { comm: 'arch prctl' } })), ['x86_64 arch_prctl 1'])
    t.same(counts(await observeText(`${log}\n`, { choice: { pid: 1234567 } })), ['x86_64 arch_prctl 1'])
  } // prettier-ignore
})

t.test('advise_seccomp lists three architectures on every machine, and records one', async () => {
  const profile = (...names: readonly string[]): string =>
    `// web\n${JSON.stringify({ defaultAction: 'SCMP_ACT_ERRNO', architectures: ['SCMP_ARCH_X86_64', 'SCMP_ARCH_X86', 'SCMP_ARCH_X32'], syscalls: [{ names, action: 'SCMP_ACT_ALLOW' }] }, null, 2)}` // prettier-ignore
  await check('inspektor-gadget', [
    ['calls that only x86_64 has', profile('arch_prctl', 'read', 'unknown_syscall_470'), ['x86_64 arch_prctl 1', 'x86_64 listns 1', 'x86_64 read 1'], { codes: [] }],
    ['calls that arm64 has as well', profile('openat', 'read'), ['x86_64 openat 1', 'x86_64 read 1'], { codes: ['architecture-assumed'] }],
  ]) // prettier-ignore
  const onArm = await observeText(`${profile('openat', 'read')}\n`, { architecture: 'aarch64' })
  t.same(counts(onArm), ['aarch64 openat 1', 'aarch64 read 1'])
})

t.test('sysdig for containers and without directions; Falco’s text', async () => {
  const line = (who: string, direction: string, type: string, at = 34382): string =>
    `${at} 12:02:36.269784970 2 ${who} ${direction}${type} res=0 `
  const inContainer = 'web-frontend-7d9f (4cc9bd1a3c5d) php-fpm: pool (7896:12)'
  const fields = { 'evt.type': 'openat', 'proc.name': 'a' }
  const alert = (more: object): string => JSON.stringify({ hostname: 'h', priority: 'Notice', rule: 'r', source: 'syscall', time: '2026-01-01T00:00:00Z', ...more }) // prettier-ignore
  const text =
    '13:53:31.726060287: Warning Sensitive file opened (file=/etc/shadow gparent=sudo evt_type=openat user=root command=cat /etc/shadow)'
  await check('sysdig', [
    ['-pc', [line(inContainer, '> ', 'mmap'), line(inContainer, '< ', 'mmap'), line(inContainer, '< ', 'arch_prctl')].join('\n'), ['x86_64 arch_prctl 1', 'x86_64 mmap 1']],
    ['-pc, of the host', line('host (host) (sd-pam) (7:7)', '> ', 'arch_prctl'), ['x86_64 arch_prctl 1']],
    ['exits alone, without directions', [line('echo (7)', '', 'mmap'), line('echo (7)', '', 'mmap'), line('echo (7)', '<NA> ', 'arch_prctl')].join('\n'), ['x86_64 arch_prctl 1', 'x86_64 mmap 2']],
    ['a call that only 32-bit programs have', [line('echo (7)', '> ', 'llseek'), line('echo (7)', '> ', 'arch_prctl')].join('\n'), ['x86_64 ?_llseek 1', 'x86_64 arch_prctl 1'], { codes: ['unknown-call'] }],
    ['alerts as text', text, ['x86_64 openat 1'], { evidence: ['no-arguments', 'rules-only'] }],
    ['a command that forges a type', `${text}\n${text.replace('cat /etc', 'cat evt_type=ptrace /etc')}`, ['x86_64 openat 1'], { unparsed: 1 }],
    ['JSON alerts, the first of a rule without types', [alert({ output: 'x', output_fields: { 'proc.name': 'a' } }), alert({ output: 'x', output_fields: fields })].join('\n'), ['x86_64 openat 1'], { unparsed: 1 }],
    ['JSON alerts without the text, and without the fields', [alert({ output_fields: fields }), alert({ output: text })].join('\n'), ['x86_64 openat 2']],
  ]) // prettier-ignore
})

t.test('bpftrace: values, lists and warnings of newer releases', async () => {
  const map = (data: object, type = 'map'): string => JSON.stringify({ type, data })
  const list = (most: number, title = 'NAMEs'): string =>
    `Attached 3 probes\nCounting syscalls... Hit Ctrl-C to end.\n^C\nTop ${most} syscalls ${title}:\n@syscallname[arch_prctl]: 4\n@syscallname[read]: 2\n\nTop 10 processes:\n@process[read]: 7\n\n`
  await check('bpftrace', [
    ['stats() counts', '@[tracepoint:syscalls:sys_enter_openat]: count 4, average 5, total 20\n@[tracepoint:syscalls:sys_enter_arch_prctl]: count 3, average -5, total -15', ['x86_64 arch_prctl 3', 'x86_64 openat 4'], { codes: [] }],
    ['stats() counts, as JSON', map({ '@': { 257: { count: 4, average: 5, total: 20 }, 158: { count: 1, average: 5, total: 5 } } }, 'stats'), ['x86_64 arch_prctl 1', 'x86_64 openat 4']],
    ['maps that measure calls', ['@syscalls[openat]: 4', '@bytes_by_call[read]: 16384', '@call_latency[read]: 9', '@syscallTime[read]: 9', '@ret_by_call[read]: -14'].join('\n'), ['x86_64 openat 4'], { codes: ['architecture-assumed', 'other-map'] }],
    ['names that only look so', '@syscalls_timeline[openat]: 4\n@countsize[arch_prctl]: 1', ['x86_64 arch_prctl 1', 'x86_64 openat 4']],
    ['times between the maps', 'Attaching 1 probe...\n12:00:01\n@[257]: 4\n@[158]: 4\n\n12:00:02\n@[257]: 4\n', ['x86_64 arch_prctl 4', 'x86_64 openat 8'], { codes: [] }],
    ['a full list', list(2), ['x86_64 arch_prctl 4', 'x86_64 read 2'], { codes: ['most-frequent-only'], evidence: ['most-frequent', 'no-arguments'] }],
    ['a list with room left', list(10), ['x86_64 arch_prctl 4', 'x86_64 read 2'], { codes: [], evidence: ['every-call', 'no-arguments'] }],
    ['a full list as JSON', [JSON.stringify({ type: 'printf', data: '\nTop 2 syscalls IDs:\n' }), map({ '@syscall': { 158: 4, 257: 2 } }), JSON.stringify({ type: 'printf', data: '\nTop 2 processes:\n' }), map({ '@process': { read: 4 } })].join('\n'), ['x86_64 arch_prctl 4', 'x86_64 openat 2'], { codes: ['most-frequent-only'] }],
    ['a full map, with its place in the script', [
      'Attached 1 probe', "stdin:1:46-60: WARNING: Map full; can't update element. Try increasing max_map_keys config", 'Additional Info - helper: map_update_elem, retcode: -7',
      'tracepoint:raw_syscalls:sys_enter { @[args.id] = count(); }', '                                    ~~~~~~~~~~~~~~', '@[257]: 4', '@[158]: 4',
    ].join('\n'), ['x86_64 arch_prctl 4', 'x86_64 openat 4'], { codes: ['records-lost'] }],
    ['a full map, as JSON', ['{"type": "helper_error", "msg": "Argument list too long", "helper": "map_update_elem", "retcode": -7, "filename": "stdin", "line": 1, "col": 42}', map({ '@': { 158: 4 } }), map({ '@': { 257: 4 } })].join('\n'), ['x86_64 arch_prctl 4', 'x86_64 openat 4'], { codes: ['records-lost'] }],
  ]) // prettier-ignore
})

t.test('gVisor: one id for a task; a line that is cut', async () => {
  const line = (rest: string): string => `I0309 15:34:32.684395       1 strace.go:567] ${rest}`
  await check('gvisor', [
    ['of 2018', [line('[   1] bash E arch_prctl(0x7f)'), line('[   1] bash X arch_prctl(0x7f) = 0 (0x0) (34us)'), line('[   2] bash X read(0x7f) = 0 (0x0) (34us)')].join('\n'), ['x86_64 arch_prctl 1', 'x86_64 read 1']],
    ['cut in the name', `${line('[   1:   1] bash E arch_prctl(0x7f)')}\nD0309 15:34:32.684395       1 task_exit.go:188] [   1:   1] Transitioning\n${line('[   1:   1] bash E exit_gro')}`, ['x86_64 arch_prctl 1'], { unparsed: 1 }],
  ]) // prettier-ignore
})

t.test('the operator: spoc run; numbers without a name', async () => {
  const enriched = (syscalls: readonly string[] | null): string => JSON.stringify({ auditID: '3', pid: 1, resource: null, syscalls, version: 'spo/v1_alpha' }) // prettier-ignore
  await check('spo', [
    ['spoc run', '10:08:25.615110 Running command with PID: 567625\n10:08:25.615110 Seccomp: mkdir (83)\n10:08:25.615111 Seccomp: arch_prctl (158)\n10:08:25.615112 Unable to get syscall name for id 999: x', ['x86_64 arch_prctl 1', 'x86_64 mkdir 1'], { lost: 1, evidence: ['no-arguments', 'refused-only'] }],
    ['the JSON enricher names none', `${enriched(['arch_prctl'])}\nE0705 12:08:18.729660 1843190 jsonenricher.go:433] "no syscall name found for ID" err="x" logger="json-enricher" syscallId=500\n${enriched(null)}`, ['x86_64 arch_prctl 1'], { lost: 1, codes: ['records-lost'] }],
  ]) // prettier-ignore
})

t.test(
  'perf: tracepoints, tables of threads and cgroups, errors, frames, and any fields of perf script',
  async () => {
    const table = (title: string, ...rows: readonly string[]): string =>
      `\n${title}\n\n   syscall            calls  errors  total       min       avg       max       stddev\n${rows.join('\n')}\n`
    const of = (name: string, calls: number): string =>
      `   ${name.padEnd(15)} ${String(calls).padStart(8)}      0     0.571     0.013     0.019     0.047      7.66%`
    const event = 'raw_syscalls:sys_enter: NR 257 (0, 7ffe7908754c, 0, 37f, 0, 0)'
    const both = (prefix: string): string => `${prefix}${event}\n${prefix} raw_syscalls:sys_exit: NR 257 = 0`
    await check('perf', [
    ['perf trace -e syscalls:*', '     0.000 ls/27063 syscalls:sys_enter_arch_prctl(option: 1)\n     0.185 ls/27063 syscalls:sys_enter_newstat(filename: "")\n     0.190 ls/27063 syscalls:sys_exit_newstat(ret: 0)\n     0.190 ls/27063 sched:sched_switch(a: 1)', ['x86_64 arch_prctl 1', 'x86_64 stat 1'], { codes: [] }],
    ['calls and tracepoints', '     0.000 (         ): ls/27067 syscalls:sys_enter_brk(brk: 0x1)\n     0.156 ( 0.017 ms): ls/27067 arch_prctl(option: 1)         = 4', ['x86_64 arch_prctl 1', 'x86_64 brk 1']],
    ['a comm that looks like an event', '     0.156 ( 0.017 ms): x/1 a:b(/77 arch_prctl(option: 1)         = 4', ['x86_64 arch_prctl 1']],
    ['--bpf-summary', [' Summary of events:', table(' thread (27071), 290 events', of('arch_prctl', 3), of('syscall:470', 2)), table(' cgroup /system.slice/x.service, 12 events', of('read', 5)), table(' cgroup id:77, 12 events', of('read', 5))].join('\n'), ['x86_64 arch_prctl 3', 'x86_64 listns 2', 'x86_64 read 10']],
    ['--errno-summary', [' Summary of events:', table(' ls (27071), 290 events, 97.3%', of('arch_prctl', 3), '\t\t\t\tENOENT: 13')].join('\n'), ['x86_64 arch_prctl 3']],
    ['--call-graph', '     0.140 ( 0.031 ms): ls/27090 arch_prctl()         = 0\n                                       __brk (inlined)\n                                       _dl_start (/usr/lib/ld-linux-x86-64.so.2)', ['x86_64 arch_prctl 1']],
    ...[['pid and thread', '27109/27109 '], ['the event alone', ''], ['the task alone', '              ls '], ['a name of two words', '     Web Content '], ['task, time and period', '              ls 27109 69049.281767:          1 ']].map(([what, prefix]): Row => [`perf script: ${what}`, both(prefix as string), ['x86_64 openat 1']]),
    ['a task that is named as a call', `${both('        read( 3 = ')}`, ['x86_64 openat 1']],
  ]) // prettier-ignore
    const chosen = table(' thread (27071), 290 events', of('arch_prctl', 3))
    t.same(counts(await observeText(` Summary of events:\n${chosen}`, { choice: { pid: 27071 } })), [
      'x86_64 arch_prctl 3',
    ])
    await t.rejects(observeText(` Summary of events:\n${chosen}`, { choice: { comm: 'thread' } }), { code: 'choice-not-in-records' }) // prettier-ignore
  },
)

t.test('bcc: one call, and a table of processes', async () => {
  await check('bcc', [
    ['--syscall', "Tracing syscall 'arch_prctl'... Ctrl+C to quit.\n[09:41:32]\nSYSCALL                   COUNT\narch_prctl                  548", ['x86_64 arch_prctl 548'], { evidence: ['exits-only', 'native-only', 'no-arguments', 'rules-only'] }],
    ['-P', 'Tracing syscalls, printing top 10... Ctrl+C to quit.\n[09:41:32]\nPID    COMM               COUNT\n13820  vim                  548', [], { codes: ['counts-of-processes'] }],
  ]) // prettier-ignore
})
