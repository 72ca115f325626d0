// Computes the steps from one list of lines to another: lines that stay, go and come.

/** A longer middle is replaced as a whole instead of compared line by line. */
export const longestMiddle = 3000

export interface Step {
  readonly mark: ' ' | '-' | '+'
  readonly line: string
}

export function stepsBetween(before: readonly string[], after: readonly string[]): readonly Step[] {
  let head = 0
  while (head < before.length && head < after.length && before[head] === after[head]) head++
  let tail = 0
  const shorter = Math.min(before.length, after.length) - head
  while (tail < shorter && before.at(-1 - tail) === after.at(-1 - tail)) tail++
  const kept = (line: string): Step => ({ mark: ' ', line })
  return [
    ...before.slice(0, head).map(kept),
    ...middle(before.slice(head, before.length - tail), after.slice(head, after.length - tail)),
    ...before.slice(before.length - tail).map(kept),
  ]
}

/** The steps of the middle, by the longest common subsequence. */
function middle(before: readonly string[], after: readonly string[]): readonly Step[] {
  const gone = before.map((line): Step => ({ mark: '-', line }))
  const come = after.map((line): Step => ({ mark: '+', line }))
  if (before.length > longestMiddle || after.length > longestMiddle) return [...gone, ...come]
  const width = after.length + 1
  const common = new Uint16Array((before.length + 1) * width)
  for (let i = before.length - 1; i >= 0; i--)
    for (let j = after.length - 1; j >= 0; j--)
      common[i * width + j] =
        before[i] === after[j]
          ? (common[(i + 1) * width + j + 1] as number) + 1
          : Math.max(common[(i + 1) * width + j] as number, common[i * width + j + 1] as number)
  const steps: Step[] = []
  let [i, j] = [0, 0]
  while (i < before.length || j < after.length) {
    const same = i < before.length && j < after.length && before[i] === after[j]
    if (same) {
      steps.push({ mark: ' ', line: before[i] as string })
      i++
      j++
    } else if (
      j >= after.length ||
      (i < before.length && (common[(i + 1) * width + j] as number) >= (common[i * width + j + 1] as number))
    )
      steps.push(gone[i++] as Step)
    else steps.push(come[j++] as Step)
  }
  return steps
}
