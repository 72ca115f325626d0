// qemu's user mode with -strace: the calls of a program for another machine, as the program made them. What qemu itself
// calls on the host is not among them, and what qemu answers is not what that machine's kernel would. Authority: see
// lines.ts. All processes and threads write to one stream in pieces, so that a call may stand behind another that has
// not come back, and a result may be that of any of them.
import { isKnownAnywhere } from '../../abi/tables.ts'
import { existsOnlyOn } from '../../abi/spellings.ts'
import { failureNumbers, type Failure } from '../failures.ts'
import type { LoggedCall, Grammar, LineGrammar, LineResult, MachineTold, Reporter } from '../grammar.ts'
import { scalarValue, splitArguments } from '../strace/arguments.ts'
import { makesProcess, replacesProgram } from '../strace/thread.ts'
import { entry, fatal, others, own, result } from './lines.ts'
import { EmulatedMachine } from './machine.ts'

export const qemu: Grammar = {
  format: 'qemu',
  logger: 'qemu',
  evidence: ['every-call'],
  inWords: true,
  recognises: (line) => own.some(({ pattern }) => pattern.test(line)),
  open: () => new QemuLines(),
}

/** More processes than that are told apart no more. */
const mostProcesses = 65_536

interface Found {
  readonly at: number
  readonly pid: number
  /** In small letters. */
  readonly call: string | number
  readonly isMember: boolean
  /** Behind the parenthesis, or the number. */
  readonly open: number
}

class QemuLines implements LineGrammar {
  readonly #machine = new EmulatedMachine()
  /** Of each process, its last call. */
  readonly #last = new Map<number, string | number>()
  /** Until the first fork or thread: a result behind a call is its own. */
  #isAlone = true
  /** Processes whose execve did not come back: qemu traces the next program only where it is told so again. */
  readonly #replaced = new Set<number>()
  /** A text of the program is open: what stands in the next line may be more of it. */
  #isInText = false
  #said = false

  line(text: string, say: Reporter): LineResult {
    if (!this.#said) say.diagnostic('emulated')
    this.#said = true
    const found = this.#entries(text, say)
    if (found.length === 0) return this.#aside(text, say)
    this.#machine.line(text)
    const calls = found.map((each, index) => this.#call(text, each, found[index + 1]?.at ?? text.length))
    const { open, at } = found.at(-1) as Found
    this.#isInText = !result.pattern.test(text.slice(at)) && isTextOpen(text, open)
    return calls
  }

  end(say: Reporter): void {
    if (this.#replaced.size > 0) say.evidence('no-children')
  }

  machine(): MachineTold {
    return this.#machine.told
  }

  #aside(text: string, say: Reporter): LineResult {
    if (this.#isInText && text.includes('"')) this.#isInText = false
    const signal = fatal.pattern.exec(text)?.[1]
    if (signal !== undefined) say.diagnostic('killed', { signal })
    if (text !== '' && !others.some(({ pattern }) => pattern.test(text)))
      say.diagnostic('tracee-output', { recorder: 'qemu' })
    return 'ignored'
  }

  /** The calls that begin in a line. Behind other text than a call one counts if its process is known. */
  #entries(text: string, say: Reporter): Found[] {
    const found: Found[] = []
    for (const match of text.matchAll(entry.pattern)) {
      const [whole, pid, number, printed = ''] = match
      const at = match.index
      const isMember = /^[A-Z]/.test(printed)
      const each: Found = {
        at,
        pid: Number(pid),
        call: number === undefined ? printed.toLowerCase() : Number(number),
        isMember,
        open: at + whole.length,
      }
      const standing = this.#standing(text, each, found.at(-1))
      if (standing === undefined) continue
      if (standing === 'in text') say.diagnostic('forgeable', { recorder: 'qemu' })
      if (standing === 'glued') say.diagnostic('glued-call', { call: String(each.call), recorder: 'qemu' })
      found.push(each)
    }
    return found
  }

  /** Where a call stands, so that it counts; undefined for text that only looks like one. */
  #standing(text: string, { at, pid, call }: Found, before: Found | undefined): Standing | undefined {
    const isKnown = typeof call === 'number' || isKnownAnywhere(call) || existsOnlyOn(call).length > 0
    if (at === 0 && !this.#isInText) return 'first'
    if (!isKnown || (!this.#last.has(pid) && before?.pid !== pid)) return undefined
    if (at === 0) return 'in text'
    const isInText = before === undefined ? this.#isInText : isTextOpen(text.slice(0, at), before.open)
    // Behind the end of a call: another thread's. Where a text is open, its own parenthesis may be meant.
    if (text[at - 1] === ')') return isInText ? 'in text' : 'behind a call'
    return isInText ? undefined : 'glued'
  }

  #call(text: string, { pid, call, isMember, open }: Found, end: number): LoggedCall {
    const isBehindRobustList = this.#last.get(pid) === 'set_robust_list'
    if (typeof call === 'number') this.#machine.numbered(call, isBehindRobustList)
    else this.#machine.named(call, isMember)
    if (this.#last.size < mostProcesses || this.#last.has(pid)) this.#last.set(pid, call)
    if (typeof call === 'string' && makesProcess(call)) this.#isAlone = false
    const shown = text.slice(open, end)
    this.#replaced.delete(pid)
    // Only a failed one comes back; another result is another thread's.
    if (typeof call === 'string' && replacesProgram(call) && errnoIn(shown) === undefined)
      this.#replaced.add(pid)
    return {
      // The kernel sees the family, whose members have no other trace.
      call: isMember ? 'socketcall' : call,
      failure: this.#isAlone ? failureIn(shown) : undefined,
      argument: argumentsOf(call, shown),
      subject: () => ({ pid }),
    }
  }
}

type Standing = 'first' | 'behind a call' | 'glued' | 'in text'

/** What the host's kernel refused. ENOSYS is qemu's own answer: another release, or the machine itself, has the call. */
function failureIn(shown: string): Failure | undefined {
  const errno = errnoIn(shown)
  return errno === failureNumbers.EPERM ? 'EPERM' : errno === failureNumbers.EACCES ? 'EACCES' : undefined
}

function errnoIn(shown: string): number | undefined {
  const errno = result.pattern.exec(shown)?.[1]
  return errno === undefined ? undefined : Number(errno)
}

function argumentsOf(call: string | number, shown: string): LoggedCall['argument'] {
  if (typeof call === 'number') return () => undefined
  let texts: readonly string[] | undefined
  return (index) => {
    texts ??= splitArguments(shown, 0).texts
    const argument = texts[index]
    return argument === undefined ? undefined : scalarValue(argument)
  }
}

/** Whether a text is open where the string ends: qemu does not escape what a text holds. */
function isTextOpen(text: string, from: number): boolean {
  let isOpen = false
  for (let at = text.indexOf('"', from); at !== -1; at = text.indexOf('"', at + 1)) isOpen = !isOpen
  return isOpen
}
