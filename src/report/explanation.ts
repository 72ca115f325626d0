// The results of `explain` in words, the same for every format.
import type { CompanionWhy } from '../abi/companion-why.ts'
import { errnoText } from '../abi/errnos.ts'
import type { Risk } from '../abi/risks.ts'
import { severities } from '../explain/change-risks.ts'
import type { CarriedOut, ExplainedCall } from '../explain/index.ts'
import { answerText } from '../meaning/answer.ts'
import type { KernelWhy, Reason } from '../policy/index.ts'
import { beyondText } from './ceiling.ts'
import { coverageLines } from './coverage.ts'
import { pathText } from './reachable.ts'

export const explanationTitles: readonly string[] = ['call', 'arch', 'answer', 'default', 'risk', 'because']

export function explanationRow(call: ExplainedCall): readonly string[] {
  const { architecture, syscall, answers, because, risks, at } = call
  const unknown = at === undefined ? '-' : 'nothing here says why'
  const said = answers.map((each) => answerText(each).replace('SCMP_ACT_', '')).join(' or ')
  return [
    syscall,
    architecture,
    said,
    defaultText(call.default),
    risksText(risks),
    [...because.map(reasonText), ...scanText(call)].join('; ') || unknown,
  ]
}

/** The scan's part of the reasons. */
function scanText({ scan }: ExplainedCall): readonly string[] {
  if (scan === undefined) return []
  const { path, isSeen } = scan
  if (path === undefined) return ['not reachable by the scan']
  return isSeen ? [] : [`not seen, reachable: ${pathText(path)}`]
}

/** Sentences about seen and reachable calls, and what to exercise next. */
export function scanLines(calls: readonly ExplainedCall[]): readonly string[] {
  const coverage = new Set(calls.flatMap(({ scan }) => scan?.coverage ?? []))
  return coverageLines([...coverage], 'the default')
}

/** The gravest risk. The lines below the table list all of them. */
function risksText([first, ...others]: readonly Risk[]): string {
  if (first === undefined) return '-'
  return `${first.severity}: ${first.class}${others.length === 0 ? '' : `, and ${others.length} more`}`
}

const carried: Readonly<Record<CarriedOut, string>> = {
  always: 'allows',
  'for some arguments': 'allows some',
  never: 'refuses',
}

function defaultText({ carriedOut, needs, opensWith, exceeded }: ExplainedCall['default']): string {
  const because = needs.length === 0 ? '' : ` because of ${needs.join(' or ')}`
  const more = opensWith.length === 0 ? '' : `, more with ${opensWith.join(' or ')}`
  return `${carried[carriedOut]}${because}${more}${exceeded ? ' (exceeded)' : ''}`
}

const kernelWhys: Readonly<Record<KernelWhy, string>> = {
  'signal-return': 'signal handlers return through it',
  restart: 'interrupted calls are repeated through it',
  vdso: 'answered without a call on some machines only',
  exit: 'a program must be able to end',
  multiplexer: 'one number for the whole family',
  processor: 'a library finds out what the processor can do',
}

const companionWhys: Readonly<Record<CompanionWhy, string>> = {
  thread: 'margin: a thread ends, waits or is cancelled',
  child: 'margin: a process that was started is ended',
  abort: 'margin: the program aborts',
  handler: 'margin: a signal handler sends the signal again',
  heap: 'margin: the heap grows or shrinks in another way',
  message: 'margin: a message is written, a stream is closed',
  terminal: 'margin: a stream finds out where it writes to',
  resolver: 'margin: a name is looked up in another way',
  timer: 'margin: the timer of a thread fires',
  identity: 'margin: all threads change their identity',
}

const withinText = {
  seen: '',
  unknown: ', with which values is not known',
  many: ', it was called with too many other values to add them',
} as const

/** One reason, without a full stop. */
export function reasonText(reason: Reason): string {
  switch (reason.kind) {
    case 'seen':
      return `seen ${times(reason.count)}, first ${reason.first}`
    case 'unimplemented':
      return `only ever ENOSYS (${times(reason.count)}, first ${reason.first})`
    case 'refused':
      return reason.what === 'call'
        ? `only ever ${errnoText(reason.errno)} (${times(reason.count)}, first ${reason.first}), and beyond ${reason.ceiling}`
        : `argument ${reason.argument} = ${reason.value} was only ever ${errnoText(reason.errno)}, and is beyond ${reason.ceiling}`
    case 'equivalent':
      return `for ${reason.of} of ${reason.architecture}`
    case 'fallback':
      return `libc falls back from ${reason.from} to ${reason.to}`
    case 'kernel':
      return `${kernelWhys[reason.why]}${reason.call === undefined ? '' : ` (${reason.call})`}`
    case 'margin':
      return `${companionWhys[reason.why]}${reason.of === undefined ? '' : ` (${reason.of})`}`
    case 'part':
      return `${reason.program} makes it (--with ${reason.part})`
    case 'reachable':
      return reason.of === undefined
        ? `not seen, reachable: ${reason.path}`
        : `not seen, reachable; libc makes it beside ${reason.of}: ${reason.path}`
    case 'floor':
      return `${reason.runtime} ${reason.version} makes it before the program starts`
    case 'within':
      return `under the conditions of ${reason.ceiling}${withinText[reason.values]}`
    case 'narrowed':
      return `argument ${reason.argument} as ${reason.by === 'code' ? 'the code can pass it' : 'it was seen'}`
    case 'beyond':
      return `${reason.what === 'value' ? `argument ${reason.argument} = ${reason.value} ` : ''}beyond ${reason.ceiling}, which ${beyondText(reason)}`
  }
}

function times(count: number): string {
  return count === 1 ? 'once' : `${count} times`
}

/** Each risk class once, with its calls and what it exposes, in the order of the table. */
export function riskLines(calls: readonly ExplainedCall[]): readonly string[] {
  const found = new Map<string, { readonly risk: Risk; readonly calls: Set<string> }>()
  for (const { syscall, risks } of calls) {
    for (const risk of risks) {
      const known = found.get(risk.class)
      if (known === undefined) found.set(risk.class, { risk, calls: new Set([syscall]) })
      else known.calls.add(syscall)
    }
  }
  return [...found.values()]
    .sort((one, other) => severities.indexOf(one.risk.severity) - severities.indexOf(other.risk.severity))
    .map(
      ({ risk, calls: names }) =>
        `${risk.severity}: ${risk.class} (${[...names].join(' ')}): ${risk.exposes}`,
    )
}
