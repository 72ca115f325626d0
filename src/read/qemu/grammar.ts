// qemu's user mode with -strace: the calls of a program for another machine, as the program made them. qemu's own calls
// on the host are not among them, and qemu's answers are not those of that machine's kernel. Authority: see lines.ts.
// All processes and threads write to one stream in pieces, so a call may follow another that has not returned, and a
// result may belong to any of them.
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

/** Beyond this number, the last calls of further processes are not kept. */
const mostProcesses = 65_536

interface FoundCall {
  readonly at: number
  readonly pid: number
  /** In lower case. */
  readonly call: string | number
  readonly isMember: boolean
  /** The offset after the parenthesis or the number. */
  readonly open: number
}

class QemuLines implements LineGrammar {
  readonly #machine = new EmulatedMachine()
  /** The last call of each process. */
  readonly #last = new Map<number, string | number>()
  /** True until the first fork or thread. Until then, a result belongs to the call before it. */
  #isAlone = true
  /** Processes whose execve did not return: qemu traces the next program only if it is told to again. */
  readonly #replaced = new Set<number>()
  /** A string of the program is open: the next line may continue it. */
  #isInText = false
  #said = false

  line(text: string, say: Reporter): LineResult {
    if (!this.#said) say.diagnostic('emulated')
    this.#said = true
    const found = this.#entries(text, say)
    if (found.length === 0) return this.#aside(text, say)
    this.#machine.line(text)
    const calls = found.map((each, index) => this.#call(text, each, found[index + 1]?.at ?? text.length))
    const { open, at } = found.at(-1) as FoundCall
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

  /** The calls that begin in a line. A call behind other text counts only if its name and process are known. */
  #entries(text: string, say: Reporter): FoundCall[] {
    const found: FoundCall[] = []
    for (const match of text.matchAll(entry.pattern)) {
      const [whole, pid, number, printed = ''] = match
      const at = match.index
      const isMember = /^[A-Z]/.test(printed)
      const each: FoundCall = {
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

  /** The position of a call that counts; undefined for text that only looks like a call. */
  #standing(
    text: string,
    { at, pid, call }: FoundCall,
    before: FoundCall | undefined,
  ): CallPosition | undefined {
    const isKnown = typeof call === 'number' || isKnownAnywhere(call) || existsOnlyOn(call).length > 0
    if (at === 0 && !this.#isInText) return 'first'
    if (!isKnown || (!this.#last.has(pid) && before?.pid !== pid)) return undefined
    if (at === 0) return 'in text'
    const isInText = before === undefined ? this.#isInText : isTextOpen(text.slice(0, at), before.open)
    // A call behind the end of a call is another thread's. In an open string, the parenthesis may be the string's.
    if (text[at - 1] === ')') return isInText ? 'in text' : 'behind a call'
    return isInText ? undefined : 'glued'
  }

  #call(text: string, { pid, call, isMember, open }: FoundCall, end: number): LoggedCall {
    const isBehindRobustList = this.#last.get(pid) === 'set_robust_list'
    if (typeof call === 'number') this.#machine.numbered(call, isBehindRobustList)
    else this.#machine.named(call, isMember)
    if (this.#last.size < mostProcesses || this.#last.has(pid)) this.#last.set(pid, call)
    if (typeof call === 'string' && makesProcess(call)) this.#isAlone = false
    const shown = text.slice(open, end)
    this.#replaced.delete(pid)
    // Only a failed execve returns; another result is another thread's.
    if (typeof call === 'string' && replacesProgram(call) && errnoIn(shown) === undefined)
      this.#replaced.add(pid)
    return {
      // qemu prints the member of socketcall. The kernel sees socketcall itself.
      call: isMember ? 'socketcall' : call,
      failure: this.#isAlone ? failureIn(shown) : undefined,
      argument: argumentsOf(call, shown),
      subject: () => ({ pid }),
    }
  }
}

type CallPosition = 'first' | 'behind a call' | 'glued' | 'in text'

/** A refusal of the host's kernel. ENOSYS is qemu's own answer: another release, or the real machine, has the call. */
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

/** Whether a string is open at the end of `text`: qemu does not escape quotes in strings. */
function isTextOpen(text: string, from: number): boolean {
  let isOpen = false
  for (let at = text.indexOf('"', from); at !== -1; at = text.indexOf('"', at + 1)) isOpen = !isOpen
  return isOpen
}
