// Repeats a request that a registry, or a gateway before it, turned away for the moment. Authority: RFC 6585 (429), RFC
// 9110 (10.2.3 Retry-After; 15.6.3 to 15.6.5); oras-go's registry/remote/retry, whose number of attempts we take.
import { setTimeout as wait } from 'node:timers/promises'
import type { HttpAnswer } from './through-proxy.ts'

const turnedAway = [408, 429, 502, 503, 504]
/** Connections that ended before an answer, and names that cannot be resolved yet, as at the start of a pod. */
const brokenOff = ['ECONNRESET', 'EPIPE', 'UND_ERR_SOCKET', 'EAI_AGAIN']
const attempts = 5
/** The first pause, which doubles, if the registry names none. Milliseconds. */
const firstPause = 200
/** The longest pause that is waited for. A registry that wants more gives its answer to the user. Milliseconds. */
const longestPause = 30_000

/**
 * The answer to the last attempt. `isSafe`: the request may be repeated even if it may have been carried out. Rejects as
 * `ask` does, or with an AbortError if `asked` ends a pause.
 */
export async function withPatience(
  ask: () => Promise<HttpAnswer>,
  isSafe: boolean,
  asked?: AbortSignal,
): Promise<HttpAnswer> {
  const rest = (milliseconds: number): Promise<void> =>
    wait(milliseconds, undefined, asked && { signal: asked })
  for (let attempt = 1; ; attempt++) {
    const isLast = attempt === attempts
    const pause = firstPause * 2 ** (attempt - 1)
    let answer: HttpAnswer
    try {
      answer = await ask()
    } catch (error) {
      if (isLast || !isSafe || !brokenOff.includes(codeOf(error))) throw error
      await rest(pause)
      continue
    }
    if (isLast || !turnedAway.includes(answer.status)) return answer
    const wanted = Math.max(pause, pauseIn(answer) ?? 0)
    if (wanted > longestPause) return answer
    await answer.body?.cancel()
    await rest(wanted)
  }
}

/** The pause that Retry-After names, in milliseconds; undefined if it names none. */
export function pauseIn({ headers }: Pick<HttpAnswer, 'headers'>): number | undefined {
  const text = headers.get('retry-after')?.trim() ?? ''
  if (/^\d+$/.test(text)) return Number(text) * 1000
  const at = Date.parse(text)
  return Number.isNaN(at) ? undefined : Math.max(0, at - Date.now())
}

function codeOf(error: unknown): string {
  const { cause, code } = error as NodeJS.ErrnoException & { cause?: NodeJS.ErrnoException }
  return cause?.code ?? code ?? ''
}
