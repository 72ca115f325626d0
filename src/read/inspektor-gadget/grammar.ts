// Inspektor Gadget: traceloop and audit_seccomp, as tables and as a JSON object per line. advise_seccomp prints a
// profile after a `// name`, which is read as a profile. Authority: inspektor-gadget docs/gadgets (traceloop,
// audit_seccomp).
import { isKnownAnywhere } from '../../abi/tables.ts'
import type { Grammar, LineGrammar, Reporter, LineResult } from '../grammar.ts'
import { jsonObject, member, textOf, wordOf } from '../json-line.ts'
import { callerOf, type Caller } from '../subject.ts'

/** A column of a table: its header shows where it begins. */
interface Column {
  readonly name: string
  readonly at: number
  readonly end: number | undefined
}

const header =
  /^(?:[A-Z0-9_.]+ +)*PID +(?:[A-Z_]+ +)*COMM +(?:[A-Z_]+ +)*(?:SYSCALL|NAME)(?= +(?:PARAMETERS|PARAMS|CODE)| *$)/

/** A header is short. A long line is hostile: the pattern's steps grow with the number of words. */
function isHeader(line: string): boolean {
  return line.length < 400 && line.includes('PID') && header.test(line)
}

export const inspektorGadget: Grammar = {
  format: 'inspektor-gadget',
  logger: 'strace',
  evidence: [],
  recognises: (line) => {
    if (isHeader(line)) return true
    const value = jsonObject(line)
    return (
      value !== undefined &&
      typeof value['syscall'] === 'string' &&
      ('comm' in value || 'proc' in value || 'k8s' in value || 'mntns_id' in value || 'mountnsid' in value)
    )
  },
  open: () => new GadgetLines(),
}

class GadgetLines implements LineGrammar {
  /** The columns of the last header; undefined before one. */
  #columns: readonly Column[] | undefined

  line(text: string, say: Reporter): LineResult {
    if (text === '') return 'ignored'
    if (isHeader(text)) {
      this.#columns = columnsOf(text)
      return 'ignored'
    }
    const value = jsonObject(text)
    if (value !== undefined) return json(value, say)
    if (this.#columns === undefined) return 'unparsed'
    const cell = (...names: readonly string[]): string | undefined => {
      const column = this.#columns?.find(({ name }) => names.includes(name))
      // A word reaches into the next column, so the row does not fit the header: half a name would be another name.
      if (column?.end !== undefined && /\S\S/.test(text.slice(column.end - 1, column.end + 1)))
        return undefined
      const content = column === undefined ? '' : text.slice(column.at, column.end).trim()
      return content === '' ? undefined : content
    }
    const call = callNamed(cell('SYSCALL', 'NAME'))
    if (call === undefined) return 'unparsed'
    kindOf(
      this.#columns.some(({ name }) => name === 'CODE'),
      say,
    )
    const [pid, comm] = [cell('PID'), cell('COMM')]
    const [container, pod] = [
      cell('K8S.CONTAINERNAME', 'CONTAINER', 'RUNTIME.CONTAINERNAME'),
      cell('K8S.PODNAME', 'POD'),
    ]
    return { call, argument: () => undefined, subject: () => subjectOf(pid, comm, container, pod) }
  }
}

function json(value: Record<string, unknown>, say: Reporter): LineResult {
  const call = callNamed(textOf(value['syscall']))
  if (call === undefined) return 'unparsed'
  kindOf('code' in value, say)
  return {
    call,
    argument: () => undefined,
    subject: () =>
      subjectOf(
        wordOf(value['pid'] ?? member(value, 'proc', 'pid')),
        textOf(value['comm']) ?? textOf(member(value, 'proc', 'comm')),
        textOf(member(value, 'k8s', 'containerName')) ??
          textOf(member(value, 'runtime', 'containerName')) ??
          textOf(value['container']),
        textOf(member(value, 'k8s', 'podName')) ?? textOf(value['pod']),
      ),
  }
}

/** audit_seccomp prints the filter's answer beside the call; traceloop keeps the newest calls of a ring buffer. */
function kindOf(isAnswer: boolean, say: Reporter): void {
  say.evidence(isAnswer ? 'refused-only' : 'attached')
  if (isAnswer) say.evidence('no-arguments')
}

function subjectOf(
  pid: string | undefined,
  comm: string | undefined,
  container: string | undefined,
  pod: string | undefined,
): Caller {
  const isNumber = pid !== undefined && /^\d+$/.test(pid)
  return callerOf({ pid: isNumber ? Number(pid) : undefined, comm, container, pod })
}

/** The call in `openat` or `SYS_OPENAT`; undefined for any other word. */
function callNamed(word: string | undefined): string | undefined {
  const name = word?.replace(/^SYS_/, '').toLowerCase()
  return name !== undefined && /^[a-z_]\w*$/.test(name) && (isKnownAnywhere(name) || name === word)
    ? name
    : undefined
}

function columnsOf(text: string): readonly Column[] {
  const found = [...text.matchAll(/\S+/g)]
  return found.map((each, position) => ({ name: each[0], at: each.index, end: found[position + 1]?.index }))
}
