// One change of `diff` in words, the same for every format. What is said here is not escaped: that is the format's.
import type { RatedChange } from '../explain/change-risks.ts'
import type { Direction } from '../meaning/answer.ts'
import { isOfDroppedHalves, type Change, type Comparison, type Counts } from '../meaning/changes.ts'
import { answerWords } from './answers.ts'
import { callList, exampleText, type ReviewItem } from './review.ts'

/** A comparison with all that a report of it says. */
export interface Compared extends Comparison {
  readonly changes: readonly RatedChange[]
  readonly base: string
  readonly head: string
  readonly architecture: string
  readonly counts: Counts
  readonly kernel: string
  /** What the changes mean for whoever asked (`--fail-on`); undefined: nobody asked. */
  readonly outcome?: 'fails' | 'passes'
  /** The directions that make it fail. Default none. */
  readonly failing?: readonly Direction[]
}

/** One sentence, from what was computed. */
export function summaryLine({ base, head, architecture, counts }: Compared): string {
  const { calls, denied, opened, closed } = counts
  return `on ${architecture}, with these capabilities, ${base} denies ${denied} of ${calls} calls; ${head} opens ${opened} of these and closes ${closed} more`
}

/** Such as `bpf on x86_64, x86: EPERM -> allowed`. */
export function itemSentence(item: ReviewItem, compared: Compared): string {
  return `${subjectText(item)} on ${whereText(item, compared)}: ${becomesText(item)}`
}

/** The calls; one that depends on arguments with an example of them. */
export function subjectText(item: ReviewItem): string {
  const { change, calls } = item
  return change.conditional ? `${change.syscall}, for example ${exampleText(item)},` : callList(calls)
}

export function whereText({ change, architectures }: ReviewItem, compared: Compared): string {
  return `${architectures.join(', ')}${contextsText(change, compared)}`
}

export function becomesText({ change }: ReviewItem): string {
  return `${answerWords(change.before)} -> ${answerWords(change.after)}${sameCallText(change)}`
}

/** Why a change is sideways although its answers alone are not. */
export function sameCallText(change: Change): string {
  return isOfDroppedHalves(change)
    ? ': the kernel drops the upper halves of these arguments, and both profiles permit the call that is left'
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

export function placeOf({ at }: Change): { readonly file: string; readonly line: number } {
  const colon = at.lastIndexOf(':')
  return { file: at.slice(0, colon), line: Number(at.slice(colon + 1)) }
}
