// bcc's syscount: a table of calls by name, counted on return. The table has only the most frequent calls; -T sets how
// many. Authority: iovisor/bcc tools/syscount.py, libbpf-tools/syscount.c, syscount_example.txt.
import type { Grammar, LineGrammar, LineResult, Reporter } from '../grammar.ts'

const title =
  /^Tracing (failed )?syscalls(?: returning error \S+)?.{0,80}?, printing top (\d+)\.\.\. Ctrl\+C to quit\.$/
/** With --syscall one call alone is counted. */
const titleOfOne = /^Tracing (?:failed )?syscall '(\w{1,64})'\.\.\. Ctrl\+C to quit\.$/
const header = /^SYSCALL +COUNT(?: +TIME \([mu]s\))?\s*$/
/** With -P the table is by process and names no call. */
const byProcess = /^PID +COMM +COUNT(?: +TIME \([mu]s\))?\s*$/
const row = /^(?:([a-z_]\w{0,63})|\[unknown: (\d{1,10})\]) +(\d{1,16})(?: +[\d.]+)?\s*$/
const other = /^(?:\[\d\d:\d\d:\d\d\]|\^C|Detaching\.\.\.|)\s*$/

export const bcc: Grammar = {
  format: 'bcc',
  logger: 'strace',
  evidence: ['exits-only', 'native-only', 'no-arguments'],
  recognises: (line) =>
    title.test(line) || titleOfOne.test(line) || header.test(line) || byProcess.test(line),
  open: () => new CountLines(),
}

class CountLines implements LineGrammar {
  /** How many calls a table has at most; undefined if no title says so. */
  #most: number | undefined
  /** Rows of this table. */
  #rows = 0
  #isOfProcesses = false
  /** Whether a table was full. */
  #isTop = false

  line(text: string, say: Reporter): LineResult {
    const [, failed, most] = title.exec(text) ?? []
    if (most !== undefined) {
      this.#most = Number(most)
      if (failed !== undefined || text.includes('returning error')) say.evidence('failures-only')
      return 'ignored'
    }
    if (titleOfOne.test(text)) {
      say.evidence('rules-only')
      return 'ignored'
    }
    if (header.test(text) || byProcess.test(text)) {
      this.#isOfProcesses = byProcess.test(text)
      if (this.#isOfProcesses) say.diagnostic('counts-of-processes')
      this.#rows = 0
      return 'ignored'
    }
    if (other.test(text) || this.#isOfProcesses) return 'ignored'
    const [, name, number, count] = row.exec(text) ?? []
    if (count === undefined) return 'unparsed'
    this.#rows++
    // The table is full, so other calls may be missing. syscount prints ten rows by default.
    if (this.#rows === (this.#most ?? 10) && !this.#isTop) {
      this.#isTop = true
      say.evidence('most-frequent')
      say.diagnostic('most-frequent-only', { calls: String(this.#rows) })
    }
    return { call: name ?? Number(number), count: Number(count) }
  }
}
