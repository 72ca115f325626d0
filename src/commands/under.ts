// `trace --under`: records a command while it runs under a filter, and prints what the filter refused.
import { UserError } from '../errors.ts'
import type { CommandOptions, Recording } from '../record/index.ts'
import type { RefusedCall } from '../verify/index.ts'
import type { CeilingChoice } from './profile.ts'
import { loadProfile, type NamedProfile } from './profiles.ts'
import { say } from './say.ts'
import type { World } from './world.ts'

export class Under {
  readonly #word: string
  readonly #filter: NamedProfile
  readonly #refused: RefusedCall[] = []

  private constructor(word: string, filter: NamedProfile) {
    this.#word = word
    this.#filter = filter
  }

  /** Reads the requested filter; `within` is the ceiling. Throws a UserError if it cannot be read. */
  static async read(word: string, ceiling: CeilingChoice, world: World): Promise<Under> {
    if (word !== 'within') return new Under(word, await loadProfile(word, world))
    const [only, ...others] = ceiling === 'none' ? [] : ceiling
    if (only === undefined || others.length > 0) throw new UserError('under-within')
    return new Under(word, only)
  }

  async record(options: CommandOptions, noNewPrivileges: boolean): Promise<Recording> {
    const { recordUnder } = await import('../verify/index.ts')
    const { refused, ...recording } = await recordUnder({
      ...options,
      under: this.#filter.profile,
      noNewPrivileges,
    })
    this.#refused.push(...refused)
    return recording
  }

  async sayRefused(world: World): Promise<void> {
    const { refusedUnder } = await import('../report/verification.ts')
    for (const line of refusedUnder(this.#refused, this.#word)) say(world, line)
  }
}
