// Two texts as a unified diff, which patch(1) and git apply take. Authority: POSIX diff -u, GNU diffutils ("Unified
// Format"). Lines are kept as they are: escaping is for who prints them.

const context = 3
/** The longest middle that is compared line by line; a longer one is replaced whole. */
const limit = 3000

interface Step {
  readonly mark: ' ' | '-' | '+'
  readonly line: string
}

/** Nothing for equal texts. Ends in a newline. */
export function unifiedDiff(before: string, after: string, names: readonly [string, string]): string {
  if (before === after) return ''
  const steps = stepsBetween(linesOf(before), linesOf(after))
  const hunks = hunksOf(steps)
  const body = hunks.map(({ from, to }) => {
    const part = steps.slice(from, to)
    const [old, fresh] = [countsTo(steps, from, '-'), countsTo(steps, from, '+')]
    const length = (mark: '-' | '+'): number =>
      part.filter((each) => each.mark === ' ' || each.mark === mark).length
    const range = (start: number, count: number): string =>
      `${count === 0 ? start : start + 1}${count === 1 ? '' : `,${count}`}`
    const head = `@@ -${range(old, length('-'))} +${range(fresh, length('+'))} @@\n`
    return head + part.map(({ mark, line }) => `${mark}${line}`).join('')
  })
  return `--- ${names[0]}\n+++ ${names[1]}\n${body.join('')}`
}

const withoutNewline = '\n\\ No newline at end of file\n'

function linesOf(text: string): readonly string[] {
  const lines = text.split(/(?<=\n)/)
  return lines
    .map((line) => (line.endsWith('\n') ? line : line + withoutNewline))
    .filter((line) => line !== withoutNewline)
}

function stepsBetween(before: readonly string[], after: readonly string[]): readonly Step[] {
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

/** By the longest common subsequence. */
function middle(before: readonly string[], after: readonly string[]): readonly Step[] {
  const gone = before.map((line): Step => ({ mark: '-', line }))
  const come = after.map((line): Step => ({ mark: '+', line }))
  if (before.length > limit || after.length > limit) return [...gone, ...come]
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

function hunksOf(steps: readonly Step[]): readonly { readonly from: number; readonly to: number }[] {
  const hunks: { from: number; to: number }[] = []
  for (const [index, { mark }] of steps.entries()) {
    if (mark === ' ') continue
    const [from, to] = [Math.max(0, index - context), Math.min(steps.length, index + 1 + context)]
    const last = hunks.at(-1)
    if (last !== undefined && from <= last.to) last.to = to
    else hunks.push({ from, to })
  }
  return hunks
}

function countsTo(steps: readonly Step[], end: number, mark: '-' | '+'): number {
  return steps.slice(0, end).filter((each) => each.mark === ' ' || each.mark === mark).length
}
