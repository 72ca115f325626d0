// The findings of `validate` in words, the same for every format. Equal findings are printed once with their count.
import type { Finding } from '../check/findings.ts'
import { findingHint, findingSentence } from './findings.ts'

/** A profile of a file and its findings. */
export interface Checked {
  readonly file: string
  /** The profile's own name, if the file has several. */
  readonly title?: string
  readonly findings: readonly Finding[]
}

/** The first of equal findings, and their count. */
export interface Folded {
  readonly finding: Finding
  readonly times: number
}

/** Folds equal findings: 306 rules with `"args": null` are one line. */
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

/** The sentence, with the count if it is more than one. */
export function foldedSentence({ finding, times }: Folded): string {
  return `${findingSentence(finding)}${times === 1 ? '' : ` (${times} times, first here)`}`
}

export function eachFolded(
  checked: readonly Checked[],
  print: (file: string, folded: Folded) => string,
): string {
  return checked.flatMap(({ file, findings }) => folded(findings).map((each) => print(file, each))).join('')
}
