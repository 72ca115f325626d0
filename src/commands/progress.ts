// Shows a progress line on a terminal during long work. This is our own code, because libraries draw through Node's
// stderr stream, which makes the descriptor non-blocking for a command that shares it (cli.ts). Authority for the
// sequences: ECMA-48, DECSC and DECRC.
import type { Output, World } from './world.ts'

/** Work that takes less shows no line. Milliseconds. */
const patience = 1000
const interval = 250

/**
 * Does the work and shows the line meanwhile. Everything that the work writes through its world removes the line first.
 * `line` gets the elapsed milliseconds. `corner`: a command writes to the same terminal, so the line stands at the
 * right edge and moves nothing.
 */
export async function shown<T>(
  world: World,
  place: 'line' | 'corner',
  line: (seconds: number) => string,
  work: (world: World) => Promise<T>,
): Promise<T> {
  if (!canShow(world)) return work(world)
  const { draw, clear } = place === 'line' ? ownLine : corner
  const begun = performance.now()
  let shown = ''
  const show = (): void => {
    const text = line((performance.now() - begun) / 1000).padEnd(shown.length)
    if (text !== shown) world.stderr.write(draw(text))
    shown = text
  }
  const hide = (): void => {
    if (shown !== '') world.stderr.write(clear(shown.length))
    shown = ''
  }
  let timer = setTimeout(() => {
    show()
    timer = setInterval(show, interval)
  }, patience)
  const hiding = (output: Output): Output => ({
    ...output,
    write: (text) => {
      hide()
      return output.write(text)
    },
  })
  try {
    return await work({ ...world, stdout: hiding(world.stdout), stderr: hiding(world.stderr) })
  } finally {
    clearTimeout(timer)
    hide()
  }
}

function canShow({ stderr, env }: World): boolean {
  return stderr.isTerminal && !env['CI'] && env['TERM'] !== undefined && env['TERM'] !== 'dumb'
}

const ownLine = {
  draw: (text: string) => `\r${text}\x1b[K`,
  clear: () => '\r\x1b[K',
}

/** Draws at the right edge and returns the cursor to its place. */
const corner = {
  draw: (text: string) => `\x1b7${atRight(text.length)}${text}\x1b8`,
  clear: (length: number) => `\x1b7${atRight(length)}\x1b[K\x1b8`,
}

/** Moves to the last column and back by the line's length. */
const atRight = (length: number): string => `\x1b[999G\x1b[${Math.max(1, length - 1)}D`
