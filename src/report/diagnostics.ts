// The sentence of each diagnostic, chosen only here. It states the fact and the remedy.
import type { Observations } from '../observe/index.ts'
import type { Diagnostic, DiagnosticCode } from '../read/diagnostics.ts'
import { escapeTerminal } from './escape.ts'

/** What makes room for more records, by the format of the log. */
const whatToRaise: Readonly<Record<string, string>> = {
  audit: ' (audit: raise the rate and backlog limits, auditctl -r 0 -b 8192)',
  bpftrace: ' (raise BPFTRACE_MAX_MAP_KEYS for maps, BPFTRACE_PERF_RB_PAGES for printf)',
  perf: ' (raise the buffers, perf trace -m 4096)',
  strace: ' (raise RateLimitBurst= of journald, and print with journalctl --all)',
}

/** The option that keeps the program's output out of the recorder's log. */
const toFile = (recorder: string | undefined): string =>
  recorder === 'qemu' ? 'qemu -D FILE' : 'strace -o FILE'

const sentences: Readonly<Record<DiagnosticCode, (facts: Readonly<Record<string, string>>) => string>> = {
  'tracee-output': ({ recorder }) =>
    `not a line of ${recorder ?? 'strace'}, ignored: use ${toFile(recorder)} to keep the program’s output out`,
  'glued-call': ({ call, recorder }) =>
    call === undefined
      ? 'a call may follow other text on this line, and is not counted: use strace -o FILE'
      : `letters directly precede ${call} on this line; the call is counted: use ${toFile(recorder)} to keep the program’s output out`,
  forgeable: ({ recorder }) =>
    recorder === 'perf'
      ? 'perf trace prints the names of files as they are, so a program could have made names that look like calls: use perf record -e raw_syscalls:sys_enter'
      : recorder === 'qemu'
        ? 'qemu prints the strings of the program as they are, and this call is inside one, so the program could have forged it: it is counted'
        : 'strace and the program wrote to one stream, so the program could have written lines that look like calls: use strace -o FILE',
  truncated: () => 'the input ends inside a line: calls after it are missing',
  'overlong-line': () => 'the line is too long, and its middle was not read',
  'unknown-call': ({ call = 'a call', architecture = 'this architecture' }) =>
    `${call} is in no table of ${architecture}: it is reported and never allowed`,
  'value-cut': ({ call = 'a call', argument = '?' }) =>
    `argument ${argument} of ${call} is cut by other text: its value counts as unknown`,
  'call-cut': ({ call = '?' }) =>
    `the table cuts the name of a call (${call}), which is not counted: print JSON (-o json), which cuts no name`,
  'newest-first': () =>
    'calls end here that did not begin: the lines are newest first, or lines are missing, so calls may count twice and lose their arguments and architecture: give the lines oldest first (tac FILE, logcli --forward, an ascending sort of the query)',
  'children-not-followed': () =>
    'processes were started, but the trace holds none of their calls: record with strace -f',
  'startup-missing': () =>
    'the recording began while the program ran, so the calls of its start are missing: record a start too',
  filtered: () =>
    'the start or the end that every program has is missing: strace was told to print some calls only (-e trace=, -P, -z, -Z), or the recording was cut',
  'counts-only': () =>
    'a table of strace -c has no arguments and no calls that do not return, such as exit_group: prefer a full trace',
  'most-frequent-only': ({ calls = 'some' }) =>
    `a list of the ${calls} calls that were made most often: all others are missing, count every call (bpftrace -e 'tracepoint:raw_syscalls:sys_enter { @syscalls[args.id] = count(); }')`,
  detached: () => 'strace detached from the program while it ran: later calls are missing',
  'refused-by-filter': ({ call = 'a call', arguments: values }) =>
    `${call}${values === undefined ? '' : ` (argument ${values})`} was refused by a seccomp filter during the recording, so the calls that would have followed are missing: record without a filter`,
  killed: ({ signal = 'a signal' }) =>
    `${signal} ended a process here, so the calls of a successful run are missing: record a run that works`,
  'several-records': () =>
    'a second audit record starts on this line, so that its calls are not counted: give one record a line, as the log has them',
  'killed-unrecorded': ({ program = 'a process' }) =>
    `SIGSYS ended ${program}, as when a seccomp filter refuses a call, but the SECCOMP record that names the call is missing: look for type=SECCOMP (1326) before this line`,
  'records-lost': ({ format = 'audit' }) =>
    `the recorder says that it lost records here: calls may be missing${whatToRaise[format] ?? ''}`,
  'rule-records-left-out': ({ records = 'some' }) =>
    `${records} SYSCALL ${records === '1' ? 'record of an audit rule is' : 'records of audit rules are'} left out beside the records of filters, because a rule asks for any program: choose with --pid, --comm or --exe to count both`,
  emulated: () =>
    'these are calls of a program under qemu-user, for the machine that it emulates: the calls of qemu itself on the host are not among them, and a program started by execve is traced only with QEMU_STRACE=1 in the environment',
  'foreign-machine': ({ machine = '?' }) => `a call of an unknown architecture (${machine}) is not counted`,
  'choice-not-told': ({ field = '?', records = 'some' }) =>
    `${records} ${records === '1' ? 'record does' : 'records do'} not hold what --${field} selects by: not counted`,
  'broken-record': () => 'a record is cut by a line end in a process name: lines after it may be forged',
  'other-map': ({ map = '@' }) =>
    `${map} does not seem to count calls and is left out: name the map @syscalls, or print it alone`,
  'counts-of-processes': () =>
    'a table by process names no call, so nothing is counted: run syscount without -P',
  'events-not-read': ({ event = '?' }) => `${event} is an event and not a call of any table: not counted`,
  'no-filter': () =>
    'the trace shows no seccomp filter being installed, so no call is made under one: give the engine a filter (for a trace: one that allows all)',
  'parent-unknown': () =>
    'the parents of some processes are unknown, so these processes count as if under the filter: trace with strace -f --pidns-translation -o FILE and all of clone, clone3, fork and vfork',
  'filter-unordered': () =>
    'a filter was set for all threads of a process, and files of strace -ff do not show what the others called after it: record with strace -f -o FILE',
  'hook-unknown-id': ({ number = '?' }) =>
    `the hook had no name for call ${number}: the profile that it wrote lacks this call`,
  'hook-undecoded': () =>
    'the hook could not read what the kernel sent: a call may be missing from its profile',
  'hook-not-attached': () => 'the hook was not attached in time: nothing was recorded',
  'hook-failed': ({ why = '?' }) => `the hook failed: ${why}`,
  'hook-no-profile': () => 'the hook started, but its log shows no profile that it wrote',
  'hook-annotation': ({ why = '?' }) => `the hook refuses this annotation: ${why}`,
  'profile-wanted': () => 'this is a profile: the calls it allows count as wanted, not as seen',
  'profile-rule-left-out': ({ why = 'a condition' }) =>
    `rules that hold only with ${why} are left out: nothing shows that the workload needs them`,
  'profile-flawed': () =>
    'the profile has mistakes, and only the parts without mistakes are read: see seccomp-gen validate',
  'profile-base': ({ base = '?' }) =>
    `the profile builds on ${base}, which is not among the inputs: give it too`,
  'answered-by-filter': ({ calls = 'some calls' }) =>
    `a seccomp filter of the program, or the filter’s supervisor, answered ${calls} in place of the kernel: they count as calls, because an outer filter that refuses them could answer first`,
  'own-filter': () =>
    'the process runs under a seccomp filter, and strace does not tell its refusals from the kernel’s: calls that failed may have been refused by the filter; ebpf tells them apart',
  'calls-lost': () => 'the kernel could not count some calls: the recording is incomplete, record again',
  'answers-lost': () =>
    'the kernel skipped the recorder for some calls: every call counts as one that succeeded, also if it only failed',
  'processes-lost': () =>
    'more processes were started than can be recorded: calls of some are missing, record fewer at a time',
  'architecture-assumed': ({ architecture = 'the usual one' }) =>
    `the input does not show its architecture, and ${architecture} is assumed: give observe --arch A`,
  'architecture-ambiguous': () =>
    '64-bit and 32-bit calls of one process look alike here: record with strace -n -e quiet=attach',
}

/** Every code. */
export const diagnosticCodes = Object.keys(sentences) as readonly DiagnosticCode[]

/** The diagnostics as escaped lines for a terminal, in the order of the observations. */
export function diagnosticLines(observations: Observations): string[] {
  return observations.diagnostics.map(line)
}

/** The place and sentence of each diagnostic. Not escaped. */
export function diagnosticRows(
  observations: Observations,
): readonly { readonly cells: readonly [string, string]; readonly isLoss: boolean }[] {
  return observations.diagnostics.map((each) => ({
    cells: [each.at, diagnosticSentence(each)],
    isLoss: isLoss(each),
  }))
}

function line(diagnostic: Diagnostic): string {
  return escapeTerminal(`${diagnostic.at}: ${diagnosticSentence(diagnostic)}`)
}

/** The sentence of a diagnostic with its count. Not escaped. */
export function diagnosticSentence({ code, count, facts }: Diagnostic): string {
  const times = count === undefined || count === 1 ? '' : ` (${count} times, first here)`
  // An observations file may come from a newer seccomp-gen or from anybody, so the code can be unknown.
  const sentence = Object.hasOwn(sentences, code) ? sentences[code](facts ?? {}) : `${code}, not known here`
  return `${sentence}${times}`
}

/** Whether a diagnostic reports lost or misunderstood input. The others report how the input was read. */
export function isLoss({ code }: Diagnostic): boolean {
  return code !== 'profile-wanted' && code !== 'rule-records-left-out'
}
