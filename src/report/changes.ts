// The changes of `diff` in words, the same for every format. What is said here is not escaped: that is the format's.
import { answerText } from '../meaning/answer.ts'
import { isOfDroppedHalves, type Change, type Comparison, type Counts } from '../meaning/changes.ts'

export interface Compared extends Comparison {
  readonly base: string
  readonly head: string
  readonly architecture: string
  readonly counts: Counts
  readonly kernel: string
}

/** One sentence, from what was computed. */
export function summaryLine({ base, head, architecture, counts }: Compared): string {
  const { calls, denied, opened, closed } = counts
  return `on ${architecture}, with these capabilities, ${base} denies ${denied} of ${calls} calls; ${head} opens ${opened} of these and closes ${closed} more`
}

export const verdicts: Readonly<Record<Comparison['verdict'], string>> = {
  identical: 'identical: the same rules',
  equivalent: 'equivalent: written otherwise, and every call is answered the same',
  narrower: 'narrower: nothing new is allowed',
  wider: 'wider: nothing is refused that was allowed',
  mixed: 'mixed: neither is contained in the other',
}

export function changeSentence(change: Change, compared: Compared): string {
  const where = change.conditional ? callText(change) : callsText([change.syscall])
  return `${change.direction}: ${where} on ${change.architecture}${contextsText(change, compared)}: ${answerText(change.before)} becomes ${answerText(change.after)}${sameCallText(change)}`
}

/** Why it is sideways, where the answers alone would say otherwise. */
export function sameCallText(change: Change): string {
  return isOfDroppedHalves(change)
    ? ': the kernel drops upper halves of its arguments, and takes it for a call that both permit'
    : ''
}

/** Nothing where every context that was compared has the change; else the shorter list of those that have it, or not. */
export function contextsText({ contexts }: Change, compared: Compared): string {
  if (contexts === undefined || compared.contexts === undefined) return ''
  const others = compared.contexts.filter((each) => !contexts.includes(each))
  if (others.length === 0) return ''
  const [word, names] = contexts.length > others.length ? ['not', others] : ['only', contexts]
  return `, ${word} with capabilities ${names.join(', ')}`
}

/** As one would write it in a program, without the zeros at the end. */
export function callText({ syscall, args }: Change): string {
  const last = args.findLastIndex((each) => each !== 0n)
  return `${syscall}(${args
    .slice(0, Math.max(last, 0) + 1)
    .map((each) => `0x${each.toString(16)}`)
    .join(', ')})`
}

/** One number stands for all that have no name. */
export function callsText(names: readonly string[]): string {
  const named = names.filter((each) => !/^\d+$/.test(each))
  const rest = named.length === names.length ? [] : ['every number without a name']
  return [named.join(' '), ...rest].filter((each) => each !== '').join(' and ')
}

/** Changes that differ in the call only; conditional ones stand alone, because each has its own example. */
export function changeGroups(changes: readonly Change[]): readonly (readonly [Change, readonly string[]])[] {
  const found = new Map<string, [Change, string[]]>()
  for (const change of changes) {
    const { direction, id, architecture, before, after, syscall, conditional } = change
    const key = [
      direction,
      id,
      architecture,
      answerText(before),
      answerText(after),
      conditional ? syscall : '',
      ...(change.contexts ?? []),
    ].join(' ')
    const group = found.get(key)
    if (group === undefined) found.set(key, [change, [syscall]])
    else group[1].push(syscall)
  }
  const rank = { wider: 0, sideways: 1, narrower: 2 }
  return [...found.values()].sort(([one], [other]) => rank[one.direction] - rank[other.direction])
}

export function placeOf({ at }: Change): { readonly file: string; readonly line: number } {
  const colon = at.lastIndexOf(':')
  return { file: at.slice(0, colon), line: Number(at.slice(colon + 1)) }
}
