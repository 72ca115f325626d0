// A change of `diff` in words, the same for every format. These texts are not escaped: the format escapes them.
import type { RatedChange } from '../explain/change-risks.ts'
import type { Direction } from '../meaning/answer.ts'
import { isOfDroppedHalves, type Change, type Comparison, type Counts } from '../meaning/changes.ts'
import { isBuiltinName } from '../meaning/builtin-name.ts'
import { answerWords } from './answers.ts'
import { callList, exampleText, type ReviewItem } from './review.ts'

/** A comparison with everything that its report prints. */
export interface Compared extends Comparison {
  readonly changes: readonly RatedChange[]
  readonly base: string
  readonly head: string
  readonly architecture: string
  readonly counts: Counts
  readonly kernel: string
  /** The outcome under --fail-on; undefined without that option. */
  readonly outcome?: 'fails' | 'passes'
  /** The directions that make the comparison fail. Default: none. */
  readonly failing?: readonly Direction[]
}

/** The counts in one sentence. */
export function summaryLine({ base, head, architecture, counts }: Compared): string {
  const { calls, denied, opened, closed } = counts
  // A review compares two revisions of one file.
  const [before, after] = base === head ? [`the old ${base}`, `the new ${head}`] : [base, head]
  return `on ${architecture}, with these capabilities, ${before} denies ${denied} of ${calls} calls; ${after} opens ${opened} of these and closes ${closed} more`
}

/** Such as `bpf on x86_64, x86: EPERM -> allowed`. */
export function itemSentence(item: ReviewItem, compared: Compared): string {
  const comma = item.change.conditional ? ',' : ''
  return `${subjectText(item)}${comma} on ${whereText(item, compared)}: ${becomesText(item)}`
}

/** The names of the calls. A call with conditions has an example of its arguments. */
export function subjectText(item: ReviewItem): string {
  const { change, calls } = item
  return change.conditional ? `${change.syscall}, for example ${exampleText(item)}` : callList(calls)
}

export function whereText({ change, architectures }: ReviewItem, compared: Compared): string {
  return `${architectures.join(', ')}${contextsText(change, compared)}`
}

/** `arrow`: reports whose lines may wrap take `→`, which no line end can split. */
export function becomesText({ change }: ReviewItem, arrow: '->' | '→' = '->'): string {
  return `${answerWords(change.before)} ${arrow} ${answerWords(change.after)}${sameCallText(change)}`
}

/** Why a change is sideways although one of its answers permits more. */
export function sameCallText(change: Change): string {
  return isOfDroppedHalves(change)
    ? ': the kernel drops the upper halves of these arguments, and both profiles permit the call that is left'
    : ''
}

/** The contexts with the change, or those without it, whichever list is shorter. Empty if every context has it. */
export function contextsText({ contexts }: Change, compared: Compared): string {
  if (contexts === undefined || compared.contexts === undefined) return ''
  const others = compared.contexts.filter((each) => !contexts.includes(each))
  if (others.length === 0) return ''
  const [word, names] = contexts.length > others.length ? ['not', others] : ['only', contexts]
  return `, ${word} with capabilities ${names.join(', ')}`
}

/**
 * The file in which reports show the changes: the profile that answers now, else the one that answered before. A
 * built-in profile is no file; its name is the result only if both are built-in.
 */
export function fileOf({ base, head, changes }: Compared): string {
  const [first] = changes
  const now = first === undefined ? head : placeOf(first).file
  return [now, head, base].find((name) => !isBuiltinName(name)) ?? now
}

/** The line of a change in that file; the first, if the change is in another. */
export function lineIn(file: string, change: Change): number {
  const at = placeOf(change)
  return at.file === file ? at.line : 1
}

function placeOf({ at }: Change): { readonly file: string; readonly line: number } {
  const colon = at.lastIndexOf(':')
  return { file: at.slice(0, colon), line: Number(at.slice(colon + 1)) }
}
