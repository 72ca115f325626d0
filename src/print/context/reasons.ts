// The evidence of a context's statements as comments: one escaped line each, so that no path or name from a recording
// ends a comment.
import { escapeTerminal } from '../../escape.ts'
import { grouped, type ContainerContext } from '../../harden/context.ts'

export type Reasons = (what: string) => string

/** The evidence for a statement; `not evidenced` where there is none. */
export function reasonsOf({ because }: ContainerContext): Reasons {
  return (what) => {
    const found = because.filter((each) => each.what === what).map(({ evidence }) => evidence)
    return escapeTerminal(found.length === 0 ? 'not evidenced' : found.join('; '))
  }
}

/** What the context says beside its settings: the level that it reaches, and what it does not settle. */
export function headLines(container: ContainerContext): readonly string[] {
  const reasons = grouped(container.because.filter(({ what }) => !isSetting(container, what)))
  return [
    `${escapeTerminal(container.name)}: Pod Security ${container.podSecurity}`,
    ...reasons.map(({ what, evidence }) => `${escapeTerminal(what)}: ${escapeTerminal(evidence)}`),
  ]
}

const settings: ReadonlySet<string> = new Set(['user', 'runAsNonRoot', 'noNewPrivileges', 'readOnlyRoot'])

function isSetting({ capabilities, mounts, sysctls = {} }: ContainerContext, what: string): boolean {
  return (
    settings.has(what) ||
    capabilities.needed.includes(what) ||
    mounts.some(({ path }) => path === what) ||
    Object.hasOwn(sysctls, what)
  )
}

export function comments(lines: readonly string[]): string {
  return lines.map((line) => `# ${line}\n`).join('')
}
