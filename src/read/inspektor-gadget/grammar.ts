// Inspektor Gadget: gadgets whose records name a call (traceloop, audit_seccomp, trace_capabilities, trace_init_module),
// as tables, as JSON and as YAML. advise_seccomp prints a profile after a `// name`, which is read as a profile.
// Authority: inspektor-gadget docs/gadgets, pkg/columns/formatter/textcolumns, pkg/operators/cli and formatters.
// traceloop's texts of errors are not read: its module has WebAssembly's numbers of errors, which are not the kernel's.
import { isKnownAnywhere } from '../../abi/tables.ts'
import { latin1Bytes } from '../byte-text.ts'
import type { Grammar, LineGrammar, LoggedCall, Reporter, LineResult } from '../grammar.ts'
import { jsonObject, member, textOf, wordOf } from '../json-line.ts'
import { utf8 } from '../pieces.ts'
import { callerOf, type Caller } from '../subject.ts'

/** A column of a table: its header shows where it begins, or where it ends if its cells are aligned to the right. */
interface Column {
  readonly name: string
  readonly at: number
  readonly end: number
}

/** A header is short. A long line is hostile: the pattern's steps grow with the number of words. */
function columnsOf(line: string): readonly Column[] | undefined {
  if (line.length > 400 || !/^ *[A-Z][A-Z0-9_.\x80-\xff]* /.test(line)) return undefined
  const words = [...decoded(line).matchAll(/\S+/g)]
  if (!words.every(([word]) => /^[A-Z][A-Z0-9_.\u2026]*$/.test(word))) return undefined
  const columns = words.map(({ 0: name, index }) => ({ name, at: index, end: index + name.length }))
  const has = (...names: readonly string[]): boolean => columns.some(({ name }) => names.includes(name))
  const isOfCalls = has('SYSCALL') || (has('NAME') && has('PARAMETERS', 'PARAMS', 'CODE'))
  return isOfCalls && has('COMM', 'PID') && !has('COUNT') ? columns : undefined
}

/** An ellipsis is one column wide. */
function decoded(line: string): string {
  return /[\x80-\xff]/.test(line) ? utf8(latin1Bytes(line)) : line
}

/** A line of YAML with the call; the keys are sorted, so that code, comm and pid come before it. */
const yamlCall = /^syscall: ["']?(SYS_[A-Z0-9_]+|[a-z_]\w*)["']?\s*$/
const yamlOther = /^(?:---|\s*(?:- )?[\w.]+:(?:\s.*)?|\s+.*|)$/

export const inspektorGadget: Grammar = {
  format: 'inspektor-gadget',
  logger: 'strace',
  evidence: [],
  recognises: (line) => {
    if (yamlCall.test(line) || columnsOf(line) !== undefined) return true
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
  /** The members of the YAML document so far, by their last key. */
  #yaml: Map<string, string> | undefined
  /** The indent of a process's parent, which has a name and a number too, while its members follow. */
  #parent: number | undefined

  line(given: string, say: Reporter): LineResult {
    if (given === '') return 'ignored'
    const columns = columnsOf(given)
    if (columns !== undefined) {
      this.#columns = columns
      return 'ignored'
    }
    const value = jsonObject(given)
    if (value !== undefined) return json(value, say)
    return this.#columns === undefined ? this.#ofYaml(given, say) : ofRow(decoded(given), this.#columns, say)
  }

  #ofYaml(text: string, say: Reporter): LineResult {
    const call = yamlCall.exec(text)?.[1]
    if (call !== undefined) {
      const found = this.#yaml ?? new Map<string, string>()
      const kind = kindOf(found.has('code'), found.has('parameters'))
      return told(call, undefined, kind, say, () =>
        subjectOf(found.get('pid'), found.get('comm'), found.get('containerName'), found.get('podName')),
      )
    }
    if (!yamlOther.test(text)) return 'unparsed'
    if (text === '---') this.#yaml = new Map()
    const [, { length: indent } = '', key, word = ''] =
      /^( *)(\w+):(?: ["']?([^"']*)["']?)?$/.exec(text) ?? []
    if (this.#parent !== undefined && indent > this.#parent) return 'ignored'
    this.#parent = key === 'parent' ? indent : undefined
    if (key !== undefined && this.#yaml?.has(key) === false && this.#yaml.size < 256)
      this.#yaml.set(key, word)
    return 'ignored'
  }
}

type GadgetKind = 'refused-only' | 'attached' | 'rules-only'

/** Only audit_seccomp has the filter's answer, and only traceloop has arguments. */
function kindOf(hasCode: boolean, hasParameters: boolean): GadgetKind {
  return hasCode ? 'refused-only' : hasParameters ? 'attached' : 'rules-only'
}

/** The call of a record. Only audit_seccomp and traceloop report calls as such; others report some calls. */
function told(
  word: string,
  number: unknown,
  kind: GadgetKind,
  say: Reporter,
  subject: () => Caller,
): LineResult {
  // The table of the gadget has no name for the number.
  const isUnknown = word === 'SYS_UNKNOWN'
  const call = isUnknown ? number : callNamed(word)
  say.evidence(kind)
  if (kind === 'refused-only') say.evidence('no-arguments')
  if (typeof call === 'string' || (typeof call === 'number' && Number.isSafeInteger(call)))
    return { call, argument: () => undefined, subject } satisfies LoggedCall
  if (!isUnknown) return 'unparsed'
  say.lost(1)
  return 'ignored'
}

function ofRow(text: string, columns: readonly Column[], say: Reporter): LineResult {
  const at = (...names: readonly string[]): number => columns.findIndex(({ name }) => names.includes(name))
  const word = wordAt(text, columns[at('SYSCALL', 'NAME')])
  if (word === undefined) return 'unparsed'
  if (word.includes('…')) {
    say.diagnostic('call-cut', { call: word })
    return 'unparsed'
  }
  const kind = kindOf(at('CODE') >= 0, at('PARAMETERS', 'PARAMS') >= 0)
  return told(word, undefined, kind, say, () =>
    subjectOf(
      numberAt(text, columns[at('PID')]),
      cellAt(text, columns, at('COMM')),
      cellAt(text, columns, at('K8S.CONTAINERNAME', 'K8S.CONTAINERN…', 'CONTAINER', 'RUNTIME.CONTAINERNAME')),
      cellAt(text, columns, at('K8S.PODNAME', 'POD')),
    ),
  )
}

/** The word that begins under its header; undefined if another word reaches there. */
function wordAt(text: string, column: Column | undefined): string | undefined {
  if (column === undefined || /\S/.test(text[column.at - 1] ?? ' ')) return undefined
  return /^\S+/.exec(text.slice(column.at))?.[0]
}

/** The number that is under its header, whichever side it is aligned to. */
function numberAt(text: string, column: Column | undefined): string | undefined {
  if (column === undefined) return undefined
  const before = /\d*$/.exec(text.slice(0, column.at))?.[0] ?? ''
  const [, blanks = '', digits = ''] = /^( *)(\d*)/.exec(text.slice(column.at)) ?? []
  return blanks === '' ? before + digits : column.at + blanks.length < column.end ? digits : undefined
}

/** The text under a header. A number that is aligned to the right may begin before the next header. */
function cellAt(text: string, columns: readonly Column[], index: number): string | undefined {
  const column = columns[index]
  if (column === undefined) return undefined
  const next = columns[index + 1]?.at ?? text.length
  const isCrossed = /^\S\S$/.test(text.slice(next - 1, next + 1))
  const content = text.slice(column.at, next)
  const cell = (isCrossed ? content.replace(/\S+$/, '') : content).trim()
  return cell === '' || cell.includes('…') ? undefined : cell
}

function json(value: Record<string, unknown>, say: Reporter): LineResult {
  const word = textOf(value['syscall'])
  if (word === undefined) return 'unparsed'
  const kind = kindOf('code' in value, 'parameters' in value)
  return told(word, value['syscall_raw'], kind, say, () =>
    subjectOf(
      wordOf(value['pid'] ?? member(value, 'proc', 'pid')),
      textOf(value['comm']) ?? textOf(member(value, 'proc', 'comm')),
      textOf(member(value, 'k8s', 'containerName')) ??
        textOf(member(value, 'runtime', 'containerName')) ??
        textOf(value['container']),
      textOf(member(value, 'k8s', 'podName')) ?? textOf(value['pod']),
    ),
  )
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

/** The call in `openat`, `SYS_OPENAT`, or in `syscall_1d6`, a number without a name; undefined for any other word. */
function callNamed(word: string): string | number | undefined {
  const number = /^syscall_([0-9a-f]{1,4})$/.exec(word)?.[1]
  if (number !== undefined) return Number.parseInt(number, 16)
  const name = word.replace(/^SYS_/, '').toLowerCase()
  return /^[a-z_]\w*$/.test(name) && (isKnownAnywhere(name) || name === word) ? name : undefined
}
