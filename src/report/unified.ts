// Compares two texts as a unified diff for patch(1) and git apply. Authority: POSIX diff -u, GNU diffutils ("Unified
// Format"). The lines are raw; the printer escapes them.
import { stepsBetween, type Step } from '../line-steps.ts'

const context = 3
/** The diff, which ends in a newline. Empty for equal texts. */
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
