// The table of the prefixes that logs put before every line of strace. A log may have several, such as a time before a
// name; each is a row. The first group of a pattern is the writer of the line, or empty if the prefix names none. The
// line follows the match. Authority: journalctl(1) --output, RFC 3164 and 5424, `gh run view --log`, moby/buildkit
// util/progress, GitLab's and Azure's job logs, Jenkins' Timestamper, `kubectl logs --prefix`, stern, docker's compose
// and service logs, logcli, `aws logs tail`, ts(1), nl(1), grep(1).
import { behind, withoutColours } from './text.ts'

interface PrefixRow {
  readonly pattern: RegExp
  /** Prefixes that the pattern reads to the end. */
  readonly examples: readonly string[]
  /** Starts of lines that have no such prefix. */
  readonly never?: readonly string[]
  /**
   * Whether any program may write to the log, as to a machine's journal. Then calls of other writers are not the traced
   * program's. In other logs, further writers are more containers or jobs, and their calls count too.
   */
  readonly isShared?: true
  /** The logger's own lines, which contain no call. */
  readonly own?: RegExp
  /** Whether any words may be such a prefix. Then most lines of the log must be strace's. */
  readonly isLoose?: true
}

const weekday = '(?:(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) )?'
const hours = String.raw`\d\d:\d\d:\d\d(?:[.,]\d{1,9})?`
const zone = String.raw`(?: ?(?:Z|[A-Z]{2,5}|[+-]\d\d:?\d\d))?`
const month = String.raw`(?: ?\d{1,2})?[A-Za-z\x80-\xff]{1,12}[.]?`
const dates = [
  // The journal's short-full and short-iso; RFC 3339; Go's log.
  String.raw`${weekday}\d{4}[-/]\d\d[-/]\d\d[ T]${hours}${zone}`,
  // syslog, the journal's short and short-precise, ctime(3). strftime(3) gives the month in the locale's language.
  String.raw`(?:${weekday}[A-Z][a-z]{2}|${month}) [ \d]\d ${hours}(?: \d{4})?`,
  // Seconds of the epoch: the journal's short-unix, `ts %.s`.
  String.raw`\d{9,11}\.\d{1,9}`,
].join('|')
/** Seconds since the start: the kernel's log, the journal's short-monotonic and short-delta. */
const uptime = String.raw`\[ *\d+\.\d{6}(?: *(?:<[ \d.]+>)?)\]`
/** A word that is no time. */
const word = String.raw`(?=\S*[A-Za-z])(?!\[?(?:\d{4}-\d\d-\d\dT\d|\d\d:\d\d:\d\d))[^\s()"]{1,512}`
const logged = `(?:${dates}|${uptime})`
/** The name of a program, as syslog's tag, and its pid. Before a pid, the name may have blanks. */
const tag = String.raw`([^\s:[\]]{1,255}|[^\s:[\]][^:[\]\t]{1,63}(?=\[\d+\]: ))(?:\[\d+\])?: `

const rows = {
  journal: {
    // Busybox and OpenWrt add facility and priority.
    pattern: new RegExp(String.raw`^(?:<\d{1,3}>)?(?:1 )?${logged} \S{1,255} (?:[a-z]\w+\.[a-z]+ )?${tag}`),
    examples: [
      'May 17 21:36:42 host strace[1499]: ',
      'May  7 21:36:42.123456 host app: ',
      'Wed 2017-05-17 21:36:42 UTC host app.service[1499]: ',
      '2026-06-16T21:36:42+0000 host strace[1499]: ',
      '2026-06-16T21:36:42.123456+02:00 host strace[1499]: ',
      '1495049802.123456 host strace[1499]: ',
      '[   12.345678] host strace[1499]: ',
      '[    1.000000                ] host strace[1499]: ',
      '[    1.000001 <    0.000001 >] host strace[1499]: ',
      '<30>Nov 28 10:00:00 host 3f2a1b0c9d8e[812]: ',
      'Nov 28 10:00:00 host user.info app[812]: ',
    ],
    never: ['[pid   812] ', '812   ', '21:36:42 ', '[   12.345678] '],
    own: /^-- .* --$/,
    isShared: true,
  },
  'journal without host': {
    pattern: new RegExp(String.raw`^(?:<\d{1,3}>)?${logged} (?:[a-z]\w+\.[a-z]+ )?${tag}`),
    examples: [
      'May 17 21:36:42 strace[1499]: ',
      '2026-06-16T21:36:42+0000 strace[1499]: ',
      '[    1.000001 <    0.000001 >] strace[1499]: ',
      '<30>Nov 28 10:00:00 app: ',
      'Sun May 17 21:36:42 2026 daemon.info strace[1499]: ',
    ],
    never: ['strace: '],
    own: /^-- .* --$/,
    isShared: true,
  },
  'syslog of RFC 5424': {
    pattern: new RegExp(
      String.raw`^(?:(?:\d{1,7} )?<\d{1,3}>\d{1,2} )?(?:${dates}|-) \S{1,255} (\S{1,48}) \S{1,128} \S{1,32} (?:-|(?:\[(?:[^\]\\]|\\.)*\])+) ?(?:\xef\xbb\xbf|\ufeff)?`,
    ),
    examples: [
      '<30>1 2026-05-17T21:36:42.123Z host app 812 - - ',
      '<165>1 - - app - ID47 [a@1 b="c\\]"][d@2 e="f"] ',
      '213 <30>1 2026-05-17T21:36:42.123+02:00 host app 812 app - \xef\xbb\xbf',
    ],
    never: ['<30>May 17 21:36:42 host app: '],
    isShared: true,
  },
  'GitHub job': {
    // job, step; the first line of a step has a byte order mark. The time that the runner gives follows.
    // `aws logs … --output text` has a time behind the line too, as a table (csv-lines.ts).
    pattern: /^((?!EVENTS\t)[^\t]{1,255}\t[^\t]{1,255})\t(?:\xef\xbb\xbf|\ufeff)?/,
    examples: ['build\tRun tests\t'],
    never: ['build\tRun tests'],
  },
  BuildKit: {
    pattern: /^(#\d+) (?:\[[^\]]{1,200}\] )?\d+\.\d+ /,
    examples: ['#12 0.310 ', '#12 [2/3] 0.310 '],
    never: ['# 0.310 '],
    own: /^#\d+ /,
  },
  'BuildKit on a terminal': {
    pattern: /^() => => # /,
    examples: [' => => # '],
    never: ['=> # '],
    own: /^ => /,
  },
  time: {
    // Jenkins prints two blanks behind the hours, others one: -r of strace indents its own time.
    pattern: new RegExp(
      String.raw`^()(?:(?:\[(?:${dates}|${hours})\]|${dates}|${uptime}|\d\d-[A-Z][a-z]{2}-\d{4} ${hours}|\d\d-\d\d ${hours}|\d{10,19}|\[?\d{1,7}(?:\.\d{1,9})?s\]?)(?:\t|:? )|${hours}(?:\t|:? {1,2}))`,
    ),
    examples: [
      '2026-06-16T10:11:12.1234567Z ',
      '2026-06-16T10:11:12+02:00 ',
      '2026-06-16T10:11:12.000000+00:00 ',
      '2026-06-16 10:11:12,123 ',
      '2026-06-16 10:11:12 UTC ',
      '2026/06/16 10:11:12 ',
      '[2026-06-16T10:11:12.123Z] ',
      '[2026-06-16 10:11:12] ',
      'Nov 28 10:00:00 ',
      '[Sun May 17 21:36:42 2026] ',
      '[   12.345678] ',
      '17-May-2026 21:36:42\t',
      '06-16 10:11:12 ',
      '10:11:12  ',
      '10:11:12 ',
      '[10:11:12] ',
      '00:00:01.234 ',
      '1795477923.985055 ',
      '1718532672123456789 ',
      '12.3s ',
    ],
    never: ['812   ', '[pid   812] ', '[  12] ', '[00007fccf002cc47] ', '     0.000198 '],
  },
  bracketed: {
    // Open MPI's --tag-output names the stream.
    pattern: /^\[(?!pid )([^\]\t ][^\]\t]{0,600})\](?:(?: *\||:)? |<std[a-z]{3,4}>: ?)/,
    examples: [
      '[1,0]<stderr>:',
      '[prterun-host-1@1,0]<stderr>: ',
      '[pod/app-6b7/app] ',
      '[CI/build]   | ',
      '[build : run] ',
      '[app]: ',
      '[0] ',
      '[2026-01-01T00:00:00Z INFO  app] ',
    ],
    never: ['[pid   812] ', '[  12] ', '[7f40acd46b70', '[] '],
  },
  klog: {
    pattern: new RegExp(String.raw`^()[IWEF]\d{4}(?:\d{4})? ${hours} +\d+ \S{1,255}:\d+\] `),
    examples: ['I0616 10:11:12.123456       1 main.go:12] ', 'I20260616 10:11:12.123456 1812 main.cc:12] '],
    never: ['I0616 10:11:12 '],
  },
  level: {
    pattern:
      /^() *(?:- )?(?:\S{1,255} - )?(?:TRACE|DEBUG|INFO|NOTICE|WARN|WARNING|ERROR|FATAL|CRITICAL|OUT|ERR)(?: - | +|: ?)/,
    examples: ['INFO ', ' INFO  ', 'OUT ', '- app - INFO - ', 'ERROR: '],
    never: ['INFORM ', 'info '],
  },
  piped: {
    // "│" is Tilt's, as UTF-8.
    pattern: /^ *((?:\d+\|)?[A-Za-z0-9+][\w.@/+-]{0,255}) *(?:\||\xe2\x94\x82) ?/,
    examples: [
      'app-1  | ',
      'svc.1.abcdefghij@node1    | ',
      'app |',
      '+build | ',
      '0|app  | ',
      '  web \xe2\x94\x82 ',
    ],
    never: [' | 00000  68', ' | <Cannot fetch '],
  },
  logcat: {
    pattern:
      /^(?:(?:\d{4}-)?\d\d-\d\d \d\d:\d\d:\d\d\.\d{3,6} +(?:\w+ +)?(?:\d+ +\d+ [VDIWEFS] |(?=[VDIWEFS]\/))|(?=[VDIWEFS]\/))(?:[VDIWEFS]\/)?([^\s:(]{1,255}) *(?:\( *\d+\))?: /,
    examples: [
      '06-16 10:11:12.123  1812  1812 I strace  : ',
      '2026-06-16 10:11:12.123456  root  1812  1812 I strace  : ',
      '06-16 10:11:12.123 I/strace( 1812): ',
      'I/strace  ( 1812): ',
    ],
    never: ['I strace: ', '06-16 10:11:12.123 strace: '],
    isShared: true,
  },
  'logger of Java': {
    // Log4j's and Logback's usual pattern, and Spring Boot's.
    pattern:
      /^ *(?:\[[^\]]{1,255}\] )?(?:TRACE|DEBUG|INFO|WARN|ERROR|FATAL) +(?:\d+ --- (?:\[[^\]]{0,255}\] ?){1,3})?([\w.$/]{1,255}) +[-:] /,
    examples: [
      '[main] INFO  com.x.Y - ',
      'INFO com.x.Y - ',
      ' INFO 1 --- [app] [           main] com.x.Y   : ',
    ],
    never: ['[main] com.x.Y - ', 'INFO '],
  },
  labels: {
    pattern: /^(\{(?:\w{1,255}="[^"]{0,2000}"(?:, ?)?){0,64}\})[\t ]+/,
    examples: ['{app="x"} ', '{app="x", stream="stderr"}  ', '{} ', '{}\t'],
    never: ['{"log":"x"} ', '{st_mode=S_IFREG} '],
  },
  tag: {
    // Packer puts "==> " in front. Terraform names the provisioner, Cloud Build the step. A number alone names no writer.
    pattern:
      /^(?:==> )?(?!\d+:)((?:[\w./@-][\w./@:-]{0,255}(?:\[[^\]\s]{1,64}\])?(?: \((?:local|remote)-exec\))?|Step #\d{1,4}(?: - "[^"]{1,255}")?)):(?: |(?!\d\d:\d\d[. ]|(?<=\d\d:\d\d:)\d\d[. ])(?=\d|\[pid |[a-z_]\w*\(|<\.\.\. |\+\+\+ |--- ))/,
    examples: [
      'app: ',
      'app:build: ',
      'app[web.1]: ',
      'default/app-6b7: ',
      'trace.log:',
      '==> amazon-ebs.x: ',
      'null_resource.x (local-exec): ',
      'module.a.null_resource.x["a"] (remote-exec): ',
      'Step #0: ',
      'Step #1 - "test": ',
    ],
    never: ['12 ', ': '],
  },
  'tag of fly': {
    pattern: /^([\w-]{1,64}\[\w{1,64}\]) [a-z]{3} \[\w{1,16}\] ?/,
    examples: ['app[e7f6d6fe] fra [info]', 'app[e7f6d6fe] fra [info] '],
    never: ['app[e7f6d6fe]: '],
  },
  tabbed: {
    pattern: /^((?!EVENTS\t)[^\t]{1,255})\t/,
    examples: ['error\t', 'kube.app\t'],
    never: ['\t', 'error '],
  },
  quoted: {
    pattern: /^()(?:(?:[>#*-] ?)+|\/\/ ?|[+|:] ?)/,
    examples: ['> ', '>> ', '> > ', '# ', '// ', '+', '* ', '| ', ': '],
    never: ['812 ', 'execve'],
  },
  indented: {
    pattern: /^()[ \t]+(?=\S)/,
    examples: ['    ', '\t', '  '],
    never: ['812   '],
  },
  grep: {
    // The digits of strace's own time (-t) are no line number.
    pattern: /^()(?:[^:()"]{1,1024}[:-])?\d{1,9}[:-](?!\d\d:\d\d[. ]|(?<=\d\d:\d\d:)\d\d[. ])/,
    examples: ['12:', '12-', 'trace.log:12:', 'logs/trace.log-12-'],
    never: ['812 ', 'trace.log:', 'app> 10:11:12.123456 ', '10:11:12 '],
  },
  'line number': {
    pattern: /^() {0,8}\d{1,9}(?:\t|[.)]? {1,2})/,
    examples: ['     1\t', '      1 ', '12\t', '1. ', '1) '],
    never: ['execve', '1:'],
  },
  'one word': {
    pattern: new RegExp(`^(${word}) `),
    examples: ['stream/x ', 'app-1 ', 'ERR ', 'app/[$LATEST]1a2b '],
    never: ['812 ', 'execve("a", '],
    isLoose: true,
  },
  'two words': {
    // A pod and its container, a group and its stream.
    pattern: new RegExp(`^(${word} ${word}) `),
    examples: ['app-6b7 app ', '/ecs/app ecs/app/0123 '],
    never: ['812 7 ', 'app 812 '],
    isLoose: true,
  },
  'three words': {
    pattern: /^([a-z][a-z0-9-]{0,62} [a-z0-9][a-z0-9.-]{0,252} [a-z][a-z0-9-]{0,62}) /,
    examples: ['default app-6b7 app '],
    never: ['app-6b7 app '],
    isLoose: true,
  },
} satisfies Record<string, PrefixRow>

export type LogPrefix = keyof typeof rows
export const prefixRows: Readonly<Record<LogPrefix, PrefixRow>> = rows
export const logPrefixes = Object.keys(rows) as readonly LogPrefix[]

export interface Prefixed {
  readonly stream: string
  readonly text: string
}

/** A line without the prefix; undefined if it has none. The colours of the text inside stay. */
export function withoutPrefix(log: LogPrefix, line: string): Prefixed | undefined {
  const { pattern, own } = prefixRows[log]
  const bare = line.includes('\x1b') ? withoutColours(line) : line
  const found = pattern.exec(bare)
  if (found === null) return own?.test(bare) === true ? { stream: '-', text: '\n' } : undefined
  const [prefix, stream = ''] = found
  const text = bare === line ? line.slice(prefix.length) : behind(line, prefix.length)
  return { stream, text: `${text}\n` }
}

/** Whether the line has the prefix of a log in which any program may write lines like those of strace. */
export function isInSharedLog(line: string): boolean {
  return logPrefixes.some((log) => prefixRows[log].isShared === true && prefixRows[log].pattern.test(line))
}

/**
 * Lines in place of lost ones: above the journal's rate limit, text that the journal prints only with `--all`, and
 * repeated lines that syslog counts. Authority: journald-rate-limit.c's "Suppressed %i messages" and logs-show.c's
 * "blob data" in systemd; RepeatedMsgReduction of rsyslog (ratelimit.c), "last message repeated" of syslogd.
 */
const losses =
  /(?:^|: )Suppressed \d+ messages from |^\[[\d.]+[KMGT]?B? blob data\]$|(?:^| )(?:message repeated \d+ times: \[|last message repeated \d+ times?$)/

export function isLossOfJournal(line: string): boolean {
  return losses.test(line)
}
