// Describes where a report goes: to a terminal with its width and colours, or to a file or pipe without.
import type { Medium } from '../report/medium.ts'
import { noScreen, screenFor } from '../report/screen.ts'
import { isStdout } from './output.ts'
import type { World } from './world.ts'

/** `output`: the value of -o. */
export function mediumFor(output: string | undefined, world: World): Medium {
  const { stdout } = world
  return {
    screen: isStdout(output)
      ? screenFor(
          { isTerminal: stdout.isTerminal, columns: stdout.isTerminal ? stdout.columns?.() : undefined },
          world.env,
        )
      : noScreen,
    // Computed only for formats that print it.
    get tool() {
      return world.tool?.() ?? {}
    },
  }
}
