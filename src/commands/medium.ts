// Where a command's report goes: to the terminal as it is, or to a file or a pipe, plainly.
import type { Medium } from '../report/medium.ts'
import { noScreen, screenFor } from '../report/screen.ts'
import { isStdout } from './output.ts'
import type { World } from './world.ts'

/** `output`: what was given with -o. */
export function mediumFor(output: string | undefined, world: World): Medium {
  const { stdout } = world
  return {
    screen: isStdout(output)
      ? screenFor(
          { isTerminal: stdout.isTerminal, columns: stdout.isTerminal ? stdout.columns?.() : undefined },
          world.env,
        )
      : noScreen,
    // Read for those formats only that say it.
    get tool() {
      return world.tool?.() ?? {}
    },
  }
}
