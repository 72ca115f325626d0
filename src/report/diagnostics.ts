// The sentences of the diagnostics: one for each code, chosen here and nowhere else. Each says what is the case and
// what to do about it.
import type { Observations } from '../observe/index.ts'
import type { Diagnostic, DiagnosticCode } from '../read/diagnostics.ts'
import { escapeTerminal } from './escape.ts'

const sentences: Readonly<Record<DiagnosticCode, (facts: Readonly<Record<string, string>>) => string>> = {
  'tracee-output': () => 'not a line of strace, ignored: use strace -o FILE to keep the program’s output out',
  'glued-call': () => 'a call may stand behind other text on this line, not counted: use strace -o FILE',
  forgeable: () =>
    'strace and the program wrote to one stream, so the program could have written lines that pass for calls: use strace -o FILE',
  truncated: () => 'ends inside a line: calls after it are missing',
  'overlong-line': () => 'line too long, its middle was not read',
  'unknown-call': ({ call = 'a call', architecture = 'this architecture' }) =>
    `${call} is in no table of ${architecture}: it is reported and never allowed`,
  'value-cut': ({ call = 'a call', argument = '?' }) =>
    `argument ${argument} of ${call} is cut by other text: its value counts as unknown`,
  'damaged-compression': () =>
    'the compressed data is damaged or ends early: calls after this place are missing',
  'children-not-followed': () =>
    'processes were started and none of their calls is here: record with strace -f',
  'startup-missing': () =>
    'the recorder was attached to what ran already, so what that does when it starts is missing: record a start too',
  filtered: () =>
    'strace seems to have been told to print some calls only: record without -e trace=, -P, -z, -Z',
  'counts-only': () =>
    'a table of strace -c has no arguments and no calls that do not return, such as exit_group: prefer a full trace',
  detached: () => 'strace let go of the program while it ran: what came after is missing',
  'refused-by-filter': ({ call = 'a call' }) =>
    `${call} was refused by a seccomp filter while it was recorded, so what would have come after is missing: record without a filter`,
  'calls-lost': () => 'the kernel could not count some calls: the record is not whole, record again',
  'processes-lost': () =>
    'more processes were started than can be recorded: calls of some are missing, record fewer at a time',
  'architecture-assumed': ({ architecture = 'the usual one' }) =>
    `nothing tells which architecture this was recorded on, ${architecture} is assumed: say observe --arch A`,
  'architecture-ambiguous': () =>
    '64-bit and 32-bit calls of one process cannot be told apart here: record with strace -n -e quiet=attach',
}

/** The diagnostics as lines for a terminal, escaped, in the order in which the observations hold them. */
export function diagnosticLines(observations: Observations): string[] {
  return observations.diagnostics.map(line)
}

function line({ code, at, count, facts }: Diagnostic): string {
  const times = count === undefined || count === 1 ? '' : ` (${count} times, first here)`
  return escapeTerminal(`${at}: ${sentences[code](facts ?? {})}${times}`)
}
