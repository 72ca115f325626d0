// The findings of `validate` in words, the same for every format: equal ones are said once, with how often.
import type { Finding } from '../check/findings.ts'
import { findingHint, findingSentence } from './findings.ts'

/** One profile of one file, and what there is to say about it. */
export interface Checked {
  readonly file: string
  /** Where a file holds several, which one. */
  readonly title?: string
  readonly findings: readonly Finding[]
}

/** The first of findings that say the same, and how often they do. */
export interface Folded {
  readonly finding: Finding
  readonly times: number
}

/** One finding that comes many times, of which a reader needs one: 306 rules, each with `"args": null`. */
export function folded(findings: readonly Finding[]): readonly Folded[] {
  const first = new Map<string, { finding: Finding; times: number }>()
  for (const finding of findings) {
    const key = JSON.stringify([
      finding.code,
      finding.severity,
      findingSentence(finding),
      findingHint(finding),
    ])
    const met = first.get(key)
    if (met === undefined) first.set(key, { finding, times: 1 })
    else met.times++
  }
  return [...first.values()]
}

/** The sentence, and how often it is said where that is more than once. */
export function foldedSentence({ finding, times }: Folded): string {
  return `${findingSentence(finding)}${times === 1 ? '' : ` (${times} times, first here)`}`
}

export function eachFolded(
  checked: readonly Checked[],
  print: (file: string, folded: Folded) => string,
): string {
  return checked.flatMap(({ file, findings }) => folded(findings).map((each) => print(file, each))).join('')
}
