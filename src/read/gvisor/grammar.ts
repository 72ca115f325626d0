// gVisor's own strace (runsc --strace), as text and in its JSON log, and u-root's, which prints alike. E marks the
// entry of a call, X its exit. Entries count, and exits whose entry is missing. Authority: gvisor
// pkg/sentry/strace/strace.go, u-root pkg/strace.
import type { LoggedCall, Grammar, LineGrammar, LineResult, Reporter } from '../grammar.ts'
import { jsonObject, textOf } from '../json-line.ts'
import { callerOf } from '../subject.ts'

/** A task's name has at most 15 bytes, which may be any: the longest match is the name. */
const sentry =
  /^(?:[A-Z]\d{4} [\d:.]+ +\d+ )?strace\.go:\d+\] \[ *(\d+)(?:\( *\d+\))?(?:: *(\d+)(?:\( *\d+\))?)?\] (.{1,15}) ([EX]) ([a-z_]\w*)\(/s
const uroot = /^(?:\d{4}\/\d\d\/\d\d [\d:.]+ )?\[pid (\d+)\] ([EX]) ([a-z_]\w*)\(/

export const gvisor: Grammar = {
  format: 'gvisor',
  logger: 'strace',
  evidence: [],
  recognises: (line) => sentry.test(messageOf(line)) || uroot.test(line),
  open: () => new SentryLines(),
}

/** No sandbox has more tasks at once. */
const mostTasks = 65_536

class SentryLines implements LineGrammar {
  /** The call that each task is in. */
  readonly #inside = new Map<string, string>()
  #entries = 0
  #exits = 0

  line(text: string): LineResult {
    const told = toldBy(text)
    if (typeof told === 'string') return told
    const { task, name, isEntry, call } = told
    if (isEntry) {
      this.#entries++
      if (this.#inside.size < mostTasks) this.#inside.set(task, name)
      return call
    }
    this.#exits++
    const isReturned = this.#inside.get(task) === name
    this.#inside.delete(task)
    return isReturned ? 'ignored' : call
  }

  end(say: Reporter): void {
    say.evidence(this.#entries === 0 && this.#exits > 0 ? 'exits-only' : 'every-call')
  }
}

interface GvisorCall {
  readonly task: string
  readonly name: string
  readonly isEntry: boolean
  readonly call: LoggedCall
}

function toldBy(text: string): GvisorCall | 'ignored' | 'unparsed' {
  const line = messageOf(text)
  const found = sentry.exec(line)
  const [pid, comm, direction, name] =
    found === null ? ofUroot(line) : [Number(found[2] ?? found[1]), found[3], found[4], found[5]]
  if (name === undefined) return isOther(line) ? 'ignored' : 'unparsed'
  const number = /^sys_(\d+)$/.exec(name)
  return {
    task: `${found?.[1] ?? ''} ${pid}`,
    name,
    isEntry: direction === 'E',
    call: {
      call: number === null ? name : Number(number[1]),
      argument: () => undefined,
      subject: () => callerOf({ pid, comm }),
    },
  }
}

/** A line of another part of the sandbox. One of strace's own that has no call is cut. */
function isOther(line: string): boolean {
  if (line === '') return true
  const [prefix] = /^(?:[A-Z]\d{4} [\d:.]+ +\d+ )?(?=\S+\.go:\d+\])/.exec(line) ?? []
  return prefix !== undefined && !line.startsWith('strace.go:', prefix.length)
}

function ofUroot(line: string): [number | undefined, undefined, string | undefined, string | undefined] {
  const found = uroot.exec(line)
  return found === null
    ? [undefined, undefined, undefined, undefined]
    : [Number(found[1]), undefined, found[2], found[3]]
}

/** The message of a line in a JSON log; any other line as it is. */
function messageOf(line: string): string {
  return line.startsWith('{') ? (textOf(jsonObject(line)?.['msg']) ?? line) : line
}
