// Reads the default profiles of every release of an engine from one text. The text holds the newest profile whole and
// each older one as its difference from the next newer one. scripts/builtins/history.ts writes and documents this form.
import { compareVersions } from './versions.ts'

/** Consecutive releases with the same default profile. */
export interface Release {
  /** The oldest of these versions, such as `28.2.0`; `main` for a profile that is not released yet. */
  readonly first: string
  readonly last: string
  /** The release day of the oldest version, as YYYY-MM-DD; for `main` the day of the newest commit. */
  readonly date: string
}

interface ReleaseBlock extends Release {
  readonly steps: readonly string[]
}

export class History {
  /** Newest first. */
  readonly releases: readonly Release[]
  readonly #blocks: readonly ReleaseBlock[]

  constructor(text: string) {
    this.#blocks = text
      .split(/^version /m)
      .slice(1)
      .map((block) => {
        const [head = '', ...steps] = block.trimEnd().split('\n')
        const [first = '', last = '', date = ''] = head.split(' ')
        return { first, last, date, steps }
      })
    this.releases = this.#blocks
  }

  /**
   * The newest release that is not newer than `version`. Trailing numbers may be missing: `28` is the newest 28.x.
   * Undefined for a version before the first known release or after the last one.
   */
  find(version: string): Release | undefined {
    const length = version.split('.').length
    const cut = (each: string): string => each.split('.').slice(0, length).join('.')
    const released = this.#released()
    const last =
      released
        .map((each) => each.last)
        .sort(compareVersions)
        .at(-1) ?? ''
    if (compareVersions(version, cut(last)) > 0) return undefined
    return released.find(({ first }) => compareVersions(cut(first), version) <= 0)
  }

  /** The known versions, oldest to newest: `1.10.0 to 29.7.2`. */
  get span(): string {
    const released = this.#released()
    return `${released.at(-1)?.first} to ${released[0]?.last}`
  }

  #released(): readonly Release[] {
    return this.releases.filter(({ first }) => first !== 'main')
  }

  /** The compact lines of the release's profile: see builtin-document.ts. */
  linesOf(release: Release): readonly string[] {
    let lines: readonly string[] = []
    for (const block of this.#blocks) {
      lines = applied(lines, block.steps)
      if (block.first === release.first) return lines
    }
    return lines
  }
}

function applied(above: readonly string[], steps: readonly string[]): readonly string[] {
  const lines: string[] = []
  let at = 0
  for (const step of steps) {
    const rest = step.slice(2)
    if (step.startsWith('+')) lines.push(rest)
    else if (step.startsWith('~')) lines.push(edited(above[at++] as string, rest.split(' ')))
    else {
      if (step.startsWith('=')) lines.push(...above.slice(at, at + Number(rest)))
      at += Number(rest)
    }
  }
  return lines
}

function edited(line: string, changes: readonly string[]): string {
  const [head, names = ''] = line.split(' : ')
  const left = changes.filter((each) => each.startsWith('-')).map((each) => each.slice(1))
  const kept = names.split(' ').filter((each) => !left.includes(each))
  return `${head} : ${[...kept, ...changes.filter((each) => !each.startsWith('-'))].sort().join(' ')}`
}
