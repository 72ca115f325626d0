// The default profiles of every release of an engine, out of one text: the newest whole, each older one as what
// differs from the one above it. scripts/builtins/history.ts writes the form and describes it.
import { compareVersions } from './versions.ts'

/** Releases in a row that have the same default profile. */
export interface Release {
  /** Version of the oldest, such as `28.2.0`; `main` for what is not released yet. */
  readonly first: string
  readonly last: string
  /** Day of the oldest, as YYYY-MM-DD; of the newest commit for `main`. */
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
   * The newest release that is not newer than a version, of which numbers may be missing: `28` is the newest 28.x.
   * Undefined before the first and after the last that is known.
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

  /** From the oldest to the newest version that is known: `1.10.0 to 29.7.2`. */
  get span(): string {
    const released = this.#released()
    return `${released.at(-1)?.first} to ${released[0]?.last}`
  }

  #released(): readonly Release[] {
    return this.releases.filter(({ first }) => first !== 'main')
  }

  /** The profile's lines. */
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
