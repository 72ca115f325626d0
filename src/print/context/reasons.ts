// Prints the evidence of a context's statements as comments. Each is one escaped line, so no path or name from a
// recording can end a comment.
import { escapeTerminal } from '../../escape.ts'
import { grouped, type ContainerContext } from '../../harden/context.ts'

export type Reasons = (what: string) => string

/** The evidence for a statement; `not evidenced` if there is none. */
export function reasonsOf({ because }: ContainerContext): Reasons {
  return (what) => {
    const found = because.filter((each) => each.what === what).map(({ evidence }) => evidence)
    return escapeTerminal(found.length === 0 ? 'not evidenced' : found.join('; '))
  }
}

/** The lines above the settings: the Pod Security level, and reasons that belong to no setting. */
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
