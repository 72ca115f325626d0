// Reads records of the audit subsystem: SECCOMP (1326), which a filter's answer makes, and SYSCALL (1300), which an
// audit rule makes. Authority: kernel/auditsc.c (audit_seccomp, audit_log_exit), linux/audit.h, ausearch-report.c.
// Values of a process (comm, exe, subj) come before the block of the call in SECCOMP and after it in SYSCALL. So the
// last block counts in SECCOMP and the first in SYSCALL: no value can pass for a call. A line with two records is not
// understood: which of its calls are a value's, nobody knows.
import { isSnappyLine, ofSnappy, snappyRecord } from './snappy.ts'
import type { Architecture } from '../../abi/architectures.ts'
import { architectureOfAuditName, architectureOfAuditValue } from '../../abi/audit-names.ts'
import type { LoggedCall, Grammar, LineGrammar, LinesOfKinds, Reporter, LineResult } from '../grammar.ts'
import { callerOf, type Caller } from '../subject.ts'
import { headerOf, holdsHeader, isLogLine, kernelMessage, type Header } from './header.ts'
import { plainRecords, type PlainRecords } from './plain.ts'

/** ` sig=0 arch=c000003e syscall=41 compat=0 ip=0x7f code=0x7ffc0000`, raw or interpreted, then auditd's additions. */
const seccompBlock =
  / arch=([0-9a-f]{8}|[a-z][\w-]*(?:\([0-9a-f]{1,8}\))?) syscall=(-?\d+|[a-z_]\w*(?:\(\w+\))?|unknown-syscall\(-?\d+\)) compat=[01] ip=0x[0-9a-f]+ code=(0x[0-9a-f]+|[a-z-]+(?:\(\w+\))?)(?=[\s\x1d]|$|[A-Z]+=)/y // oxlint-disable-line no-control-regex -- GS is what auditd writes
const syscallBlock =
  /arch=([0-9a-f]{8}|[a-z][\w-]*(?:\([0-9a-f]{1,8}\))?) syscall=(-?\d+|[a-z_]\w*(?:\(\w+\))?|unknown-syscall\(-?\d+\))(?: per=\S+)?(?: success=\w+ exit=(-?\d+|[^=]*?))?(?: a0=(\S+) a1=(\S+) a2=(\S+) a3=(\S+))?(?= items=| ppid=| SYSCALL=|$)/y

/** If a mailer or a terminal wrapped a record over more lines than this, the record is lost. */
const pieces = 4

export const audit: Grammar = {
  format: 'audit',
  logger: 'audit',
  evidence: [],
  recognises: (line) =>
    headerOf(line) !== undefined ||
    reportLine(line) !== undefined ||
    csvHeader.test(line) ||
    (reportTitle.test(line.slice(0, 60)) && !line.startsWith('=')) ||
    crashed(line) !== undefined ||
    snappyRecord(line) !== undefined,
  // The journal has the records of sessions, services and logins between the lines of any program.
  isBeside: (line) => headerOf(line)?.kind === 'other' || crashed(line) !== undefined,
  open: () => new AuditLines(),
}

/** The most processes that are remembered. */
const mostEnded = 65_536

class AuditLines implements LineGrammar {
  /** Whether snappy-debug printed a record. */
  #isSnappy = false
  /** Whether rows of aureport follow. */
  #isReport = false
  /** The fast path, once it was asked for. */
  #plain: PlainRecords | undefined
  /** Processes for which a record says that a filter refused a call with a signal. */
  readonly #ended = new Set<number>()
  /** A record that is not understood yet: its rest may be on the next line. */
  #begun: { readonly header: Header; readonly text: string; readonly pieces: number } | undefined

  plain(): LinesOfKinds | undefined {
    if (this.#plain === undefined) {
      this.#plain = plainRecords()
      this.#plain?.startSource()
    }
    return this.#begun === undefined ? this.#plain : undefined
  }

  line(given: string, say: Reporter): LineResult {
    // ausearch writes it between any two records.
    if (given === '----') return 'ignored'
    const snappy = snappyRecord(given)
    if (snappy !== undefined) this.#isSnappy = true
    const text = snappy ?? given
    const header = headerOf(text)
    if (header !== undefined) {
      const abandoned = this.#begun !== undefined
      this.#begun = undefined
      if (holdsHeader(text, header.at)) return several(say)
      if (header.kind === 'abend') this.#abend(text.slice(header.at), say)
      const told = toldBy(header, text, say)
      if (header.kind === 'seccomp') this.#note(text)
      if (snappy === undefined) this.#plain?.learn(text, header)
      if (told === 'unparsed') this.#begun = { header, text, pieces: 1 }
      return abandoned && told === 'ignored' ? 'unparsed' : told
    }
    if (reportTitle.test(text)) {
      this.#isReport ||= text.startsWith('#')
      return 'ignored'
    }
    const row = this.#isReport ? reportRow.exec(text) : null
    if (row !== null) return this.#row(row, say)
    const joined = this.#join(text, say)
    if (joined !== undefined) return joined
    const program = crashed(text)
    if (program !== undefined) {
      if (this.#ended.size === 0) say.diagnostic('killed-unrecorded', { program })
      return 'ignored'
    }
    const report = reportLine(text)
    if (report !== undefined) {
      say.evidence('refused-only')
      say.evidence('no-arguments')
      return report
    }
    const message = kernelMessage(text)
    if (message !== undefined) loss(message, say)
    else journalLoss(text, say)
    // The lines of ausearch between records; behind them a line end was lost.
    if (/^(?:-{4}|time->)/.test(text) && holdsHeader(text, 0)) return several(say)
    if (csvHeader.test(text) || isLogLine(text)) return 'ignored'
    return isSnappyLine(text) && (this.#isSnappy || ofSnappy(text).startsWith('= ')) ? 'ignored' : 'unparsed'
  }

  #row([, printed = '', pid, comm]: RegExpExecArray, say: Reporter): LineResult {
    const call = callNamed(printed)
    if (call === undefined) return 'unparsed'
    say.evidence('rules-only')
    say.evidence('no-arguments')
    return { call, subject: () => callerOf({ pid: Number(pid), comm }) }
  }

  #note(text: string): void {
    const pid = / pid=(\d+) /.exec(text)?.[1]
    if (pid !== undefined && this.#ended.size < mostEnded && / sig=(?:[1-9]|SIGSYS)/.test(text))
      this.#ended.add(Number(pid))
  }

  /** Reports a process that SIGSYS ended, as filters do, unless an earlier record names the refused call. */
  #abend(fields: string, say: Reporter): void {
    if (!/ sig=(?:31|SIGSYS)(?= |$)/.test(fields)) return
    const { pid, comm = '?' } = subjectOf(fields, true, undefined)
    if (pid === undefined || !this.#ended.has(pid)) say.diagnostic('killed-unrecorded', { program: comm })
  }

  /** Joins the next line to an unfinished record; undefined if there is none. */
  #join(text: string, say: Reporter): LineResult | undefined {
    const begun = this.#begun
    if (begun === undefined || isLogLine(text)) return undefined
    this.#begun = undefined
    for (const space of [' ', '']) {
      const whole = begun.text.trimEnd() + space + text.trimStart()
      if (holdsHeader(whole, begun.header.at)) return several(say)
      const told = toldBy(begun.header, whole, say)
      if (told !== 'unparsed') return told
    }
    if (begun.pieces < pieces) {
      this.#begun = {
        ...begun,
        text: `${begun.text.trimEnd()} ${text.trimStart()}`.slice(0, 4096),
        pieces: begun.pieces + 1,
      }
    }
    return 'ignored'
  }
}

function several(say: Reporter): LineResult {
  say.diagnostic('several-records', {})
  return 'unparsed'
}

function toldBy(header: Header, text: string, say: Reporter): LineResult {
  if (header.kind === 'other' || header.kind === 'abend') return 'ignored'
  return header.kind === 'seccomp' ? seccomp(header, text, say) : syscall(header, text, say)
}

function seccomp(header: Header, text: string, say: Reporter): LineResult {
  const start = text.lastIndexOf(' arch=')
  seccompBlock.lastIndex = Math.max(start, header.at - 1)
  const found = start === -1 ? null : seccompBlock.exec(text)
  if (found === null) return 'unparsed'
  say.evidence('refused-only')
  say.evidence('no-arguments')
  const [, machine = '', printed = '', code = ''] = found
  const told = called(machine, printed, say, {
    subject: () => subjectOf(text.slice(header.at, start), isRaw(machine), header.time),
  })
  if (typeof told === 'object' && isRefusal(code)) say.refused(told as LoggedCall)
  return told
}

/** SECCOMP_RET_KILL_PROCESS, KILL_THREAD, TRAP and ERRNO of linux/seccomp.h, or ausearch's words for them. */
function isRefusal(code: string): boolean {
  if (!code.startsWith('0x')) return /^(?:kill|trap|errno)/.test(code)
  return [0x80000000, 0, 0x30000, 0x50000].includes((Number(code) & 0xffff0000) >>> 0)
}

function syscall(header: Header, text: string, say: Reporter): LineResult {
  syscallBlock.lastIndex = header.at
  const found = syscallBlock.exec(text)
  if (found === null) return 'unparsed'
  say.evidence('rules-only')
  const [whole, architecture, call, exit, ...values] = found
  // Interpreted values are names. A raw number is hexadecimal without 0x, as the kernel prints it.
  const raw = isRaw(architecture as string)
  return called(architecture as string, call as string, say, {
    secondary: true,
    // A rule may select calls by their result, so a refusal says nothing about the same call at another time.
    failure: exit === '-38' || exit?.startsWith('ENOSYS') === true ? 'ENOSYS' : undefined,
    argument: (index) => {
      const value = values[index]
      return raw && value !== undefined && /^[0-9a-f]{1,16}$/.test(value) ? BigInt(`0x${value}`) : undefined
    },
    subject: () => subjectOf(text.slice(header.at + whole.length), raw, header.time),
  })
}

function called(machine: string, printed: string, say: Reporter, rest: Omit<LoggedCall, 'call'>): LineResult {
  const call = callNamed(printed)
  if (call === undefined) return 'unparsed'
  const architecture = architectureNamed(machine)
  if (architecture === undefined) {
    say.diagnostic('foreign-machine', { machine })
    return 'ignored'
  }
  return Object.assign(rest, { architecture, call })
}

/** `41`, `socket`, `socketcall(connect)` with its member, `unknown-syscall(470)`; undefined for a number beyond the 32 bits that the kernel prints. */
function callNamed(printed: string): string | number | undefined {
  const found = /^(?:unknown-syscall\()?(-?\d+)\)?$/.exec(printed)
  if (found === null) return printed.replace(/\(\w+\)$/, '')
  const number = Number(found[1])
  return number >= -0x80000000 && number <= 0xffffffff ? number : undefined
}

/** Whether the record has the kernel's values; `ausearch -i` translates them into words. */
function isRaw(machine: string): boolean {
  return /^[0-9a-f]{8}$/.test(machine)
}

function architectureNamed(machine: string): Architecture | undefined {
  return isRaw(machine) ? architectureOfAuditValue(machine) : architectureOfAuditName(machine)
}

/** The caller in the fields on the safe side of the block. A raw name with a blank or a quote is in hexadecimal. */
function subjectOf(fields: string, raw: boolean, time: number | undefined): Caller {
  const pid = /(?:^| )pid=(\d+)(?= )/.exec(fields)?.[1]
  const [, wordsOfComm, wordsOfExe] = raw ? [] : (inWords.exec(fields) ?? [])
  return callerOf({
    pid: pid === undefined ? undefined : Number(pid),
    comm: wordsOfComm ?? valueOf(fields, 'comm'),
    exe: wordsOfExe ?? valueOf(fields, 'exe'),
    time,
  })
}

/** `comm=my app exe=/opt/my app sig=SIG0`: interpreted names have no quotes. */
const inWords = / comm=(.{0,99}?) exe=(.{0,4200}?)(?= (?:sig|subj|key)=|\s*$)/s

function valueOf(fields: string, name: string): string | undefined {
  const found = new RegExp(`(?:^| )${name}=(?:"([^"]*)"|(\\S+))`).exec(fields)
  if (found === null) return undefined
  const [, quoted, bare = ''] = found
  if (quoted !== undefined) return quoted
  if (bare === '(null)') return undefined
  return /^(?:[0-9A-F]{2})+$/.test(bare) ? fromHexadecimal(bare) : bare
}

/** The text of bytes that are printed as two digits each. */
function fromHexadecimal(digits: string): string {
  return digits.replaceAll(/../g, (byte) => String.fromCharCode(parseInt(byte, 16)))
}

/** Losses that the kernel reports: kernel/audit.c (audit_log_lost, audit_printk_skb) and lib/ratelimit.c. */
function loss(message: string, say: Reporter): void {
  const suppressed = /^(?:kauditd_printk_skb|audit_printk_skb): (\d+) callbacks suppressed/.exec(message)
  if (suppressed !== null) return say.lost(Number(suppressed[1]))
  const inAll = /^audit: audit_lost=(\d+) /.exec(message)
  if (inAll !== null) return say.lostInAll(Number(inAll[1]))
  if (/^audit: (?:backlog limit exceeded|rate limit exceeded|.*: backlog limit exceeded)/.test(message))
    say.lost(undefined)
}

/** Losses that systemd-journald, rsyslog, auditd and its dispatcher report. */
function journalLoss(text: string, say: Reporter): void {
  const found =
    / systemd-journald\[\d+\]: (?:Missed (\d+) kernel messages|Suppressed (\d+) messages from)/.exec(text) ??
    / rsyslogd(?:\[\d+\])?: im(?:journal|uxsock)(?:[^:]*:| lost) (\d+) messages (?:lost due to rate-limiting|from pid)/.exec(
      text,
    )
  if (found !== null) return say.lost(Number(found[1] ?? found[2]))
  if (
    / (?:auditd|audispd|audisp-syslog)(?:\[\d+\])?: .{0,99}(?:event lost|dropping event|suspending logging)/.test(
      text,
    )
  )
    say.lost(undefined)
}

/**
 * A program that SIGSYS ended, by the words of systemd (core/service.c), systemd-coredump and a shell. The kernel's own
 * records are ANOM_ABEND and, with the call, SECCOMP.
 */
const crash =
  / systemd(?:\[\d+\])?: (\S{1,255}): (?:Main|Control) process exited, code=(?:dumped|killed), status=31\/SYS\b|Process \d+ \((.{1,15})\) of user \d+ terminated abnormally with signal 31\/SYS|^(?:\S{1,255}: (?:line \d+: +\d+ )?)?Bad system call(?: +\(core dumped\))?(?: +(\S{1,255}).*)?$/

function crashed(text: string): string | undefined {
  if (!text.includes('31/SYS') && !text.includes('ad system call')) return undefined
  const found = crash.exec(text)
  return found === null ? undefined : (found[1] ?? found[2] ?? found[3] ?? 'a process')
}

/** The titles of `aureport --syscall`, and a row: a name with -i, else a number, without the architecture. */
const reportTitle = /^(?:Syscall Report|# date time syscall pid comm auid event|=+)$/
const reportRow =
  /^\d+\. \S+ \d\d:\d\d:\d\d (-?\d+|[a-z_]\w*(?:\(\w+\))?|unknown-syscall\(-?\d+\)) (\d+) (.{1,255}) \S+ \d+$/

const csvHeader = /^NODE,EVENT,DATE,TIME,(?:YEAR,MONTH,.{1,60},)?SERIAL_NUM,EVENT_KIND,/

/**
 * `ausearch --format text` and `--format csv`: a name, without the architecture. The columns before the action depend
 * on the options (--extra-time, --extra-labels), and a label may contain commas.
 */
function reportLine(text: string): LoggedCall | undefined {
  const found =
    /^(?:At|On \S{1,255} at) \d\d:\d\d:\d\d \S+ .{1,300}called-seccomp-controlled-syscall ([a-z_]\w*|unknown-syscall\(-?\d+\))(?= using |$)/.exec(
      text,
    ) ??
    /^[\w.-]*,SECCOMP,(?:[^,]{0,255},){8,40}?called-seccomp-controlled-syscall,\w*,([a-z_]\w*|unknown-syscall\(-?\d+\)),/.exec(
      text,
    )
  const call = found === null ? undefined : callNamed(found[1] as string)
  return call === undefined ? undefined : { call }
}
