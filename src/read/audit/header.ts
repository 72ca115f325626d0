// Finds the start of an audit record in a line of auditd's file, ausearch, the kernel's ring buffer, syslog or the
// journal. The transport must be one that only the kernel and auditd write to, because any program may log a line that
// looks like a record. Authority: auditd-event.c (audit-userspace), kernel/audit.c kauditd_printk_skb, util-linux
// dmesg, systemd journald-audit.c.

export interface Header {
  /** `abend`: a signal ended a process (auditsc.c audit_core_dumps). */
  readonly kind: 'seccomp' | 'syscall' | 'abend' | 'other'
  /** Seconds since 1970, from the kernel's own stamp or that of the journal's line; undefined without a stamp. */
  readonly time: number | undefined
  /** The offset at which the record's fields begin. */
  readonly at: number
}

const clock = /\d\d:\d\d:\d\d/.source
const day = /\d{4}-\d\d-\d\d/.source
/** The name of a month or a day. Chinese and Japanese months begin with a number. */
const word = '(?:\\d{1,2}(?=[\\x80-\\xff]))?[^\\s\\d[]\\S{0,12}'
const zone = '(?:Z|[+-]\\d\\d:?\\d\\d)'
const ofSyslog = `${word} +\\d{1,2} ${clock}(?:\\.\\d+)?(?: UTC)?`
const full = `${word} ${day} ${clock}(?:\\.\\d+)? \\S{1,6}`
/** Dates: syslog's, ISO 8601, journalctl's short-full (which always ends with a zone) and short-unix. */
const date = `(?:${ofSyslog}|${day}[T ]${clock}(?:[.,]\\d+)?${zone}?(?: UTC)?|${full}|\\d{10}\\.\\d{6})`
/** Dates of logs without a host: journalctl --no-hostname, and OpenWrt's logread. */
const dateAlone = `(?:${ofSyslog}|${day}T${clock}(?:[.,]\\d+)?${zone}|${full}|${word} ${word} +\\d{1,2} ${clock} \\d{4})`
const transport = /(?:kernel|audit|auditd|audispd|audisp-syslog|audisp)/.source
/** `dmesg --time-format=iso`: no host follows. */
const isoOfRing = `${day}T${clock},\\d{1,9}[+-]\\d\\d:?\\d\\d`
/** RFC 5424: any id of the process and the message, and the logger's structured data. */
const structured = `1 ${date} \\S{1,255} (${transport}) \\S{1,128} \\S{1,32} (?:-|\\[[^\\]]{0,255}\\]) (?:\\xef\\xbb\\xbf)?`
/** busybox's syslogd prints the facility, and the kernel's own is not that of a process. */
const facility = '(?:kern\\.[a-z]{2,7} (?=kernel:)|(?:auth|authpriv|daemon|syslog)\\.[a-z]{2,7} (?=aud))?'
/** The time since the start, and with short-delta since the line before. */
const sinceStart = '\\[ *[\\d.]+(?: < *[\\d.]* *>)?\\]'
/** A host does not end with a colon. A name that does is a process that wrote to the kernel's ring buffer. */
const host = /\S{0,254}[^\s:]/.source
/**
 * The kernel's own records in the ring buffer have facility 0, which a process that writes to /dev/kmsg cannot set. The
 * second form is that of `talosctl dmesg`.
 */
const ofKernel =
  '(?:kern *:[a-z]{1,8} *: )?(?:(?:\\S{1,64}: )?kern: +[a-z]{3,7}: (?=\\[))?(?:[0-7],\\d+,\\d+,[^;]{0,99};)?'
const prefix = new RegExp(
  `^(?:<[0-7]>(?=\\[)|<\\d{1,3}>(?!\\[ *[\\d.]+\\]))?` +
    `(?:(?<=>)${structured}|(?:(?:(?:${date}|${sinceStart}) ${host}|${dateAlone}) ${facility}(?=${transport}(?:\\[\\d+\\])?:))?` +
    `(?:(${transport})(?:\\[\\d+\\])?: (?:(?<=kernel: )|(?!type=\\d)))?)` +
    `${ofKernel}(?:(?:\\[[^\\]]{0,64}\\]:?|${isoOfRing}) ?){0,3}(?:node=\\S{1,255} )?`,
)
/** Kernels before 3.14 do not print `audit: `. */
const record =
  /(?:type=(?:UNKNOWN\[(\d+)\]|(\w+)) msg=audit\(([^)]{1,64})\) ?: ?|(?:audit: )?type=(\d+) audit\(([^)]{1,64})\): ?)/y
const ofJournal = /([A-Z][A-Z0-9_]+) (?=\w+=)/y

/** The start of the audit record in a line; undefined if there is none. */
export function headerOf(line: string): Header | undefined {
  // auditd's own lines have no prefix.
  const found = line.startsWith('type=') ? undefined : (prefix.exec(line) as RegExpExecArray)
  record.lastIndex = found?.[0].length ?? 0
  const header = record.exec(line)
  if (header !== null) {
    const stamp = header[3] ?? header[5] ?? ''
    const time = /^\d+\.\d+(?=:\d+$)/.exec(stamp)
    return {
      kind: kindOf(header[1] ?? header[2] ?? header[4] ?? ''),
      time: time === null ? undefined : Number(time[0]),
      at: record.lastIndex,
    }
  }
  if (found === undefined || sender(found) !== 'audit') return undefined
  ofJournal.lastIndex = found[0].length
  const journal = ofJournal.exec(line)
  return journal === null
    ? undefined
    : { kind: kindOf(journal[1] as string), time: stampOf(line), at: ofJournal.lastIndex }
}

const another =
  /type=(?:UNKNOWN\[\d+\]|\w+) (?:msg=)?audit\([^)]{1,64}\) ?:|\baudit\[\d+\]: [A-Z][A-Z0-9_]+ (?=\w+=)/g

/**
 * Whether a record starts in the fields, from the offset `at` on: lines lost their ends, or a record was cut. A process
 * cannot write one into a raw record: a value with a blank is in hexadecimal (audit_string_contains_control()).
 */
export function holdsHeader(line: string, at: number): boolean {
  if (!line.includes('audit(', at) && !line.includes('audit[', at)) return false
  another.lastIndex = at
  return another.test(line)
}

/** The transport that the prefix names; undefined if it names none. */
function sender(prefixed: RegExpExecArray): string | undefined {
  return prefixed[1] ?? prefixed[2]
}

const ofRing = new RegExp(
  `^(?:<\\d|[a-z]{1,8} *:[a-z]|(?:\\S{1,64}: )?kern: +[a-z]|\\d+,\\d+,\\d+,|\\[|${isoOfRing})`,
)

/** The message of the kernel or a logger itself, without its prefix; undefined for another line. */
export function kernelMessage(line: string): string | undefined {
  const found = prefix.exec(line) as RegExpExecArray
  if (sender(found) === 'kernel' || ofRing.test(line)) return line.slice(found[0].length)
  return /^(?:kauditd_|audit_|audit: )/.test(line) ? line : undefined
}

const logged = new RegExp(`^(?:<\\d{1,3}>1 )?${date} \\S+ `)

/** Whether a line has the form of a log that contains audit records. */
export function isLogLine(line: string): boolean {
  return (
    line === '' ||
    /^(?:-{4}|time->|<\d{1,3}>|\[ *\S|\d+,\d+,\d+,|type=\w+ |node=\S+ type=|audit: |[a-z]+ *:[a-z]+ *: *\[|-- |\S+(?:\[\d+\])?: )/.test(
      line,
    ) ||
    logged.test(line)
  )
}

function kindOf(type: string): Header['kind'] {
  if (type === 'SECCOMP' || type === '1326') return 'seccomp'
  if (type === 'ANOM_ABEND' || type === '1701') return 'abend'
  return type === 'SYSCALL' || type === '1300' ? 'syscall' : 'other'
}

/** The time of the line itself, if it includes the zone. */
function stampOf(line: string): number | undefined {
  const stamp = /^\d{4}-\d\d-\d\dT[\d:.]+(?:Z|[+-]\d\d:?\d\d)/.exec(line)?.[0]
  const time = stamp === undefined ? Number.NaN : Date.parse(stamp.replace(/([+-]\d\d)(\d\d)$/, '$1:$2'))
  return Number.isNaN(time) ? undefined : time / 1000
}
