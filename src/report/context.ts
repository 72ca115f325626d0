// Prints a security context for people: each statement with its evidence, and each capability as needed, tolerated or
// not seen. Everything from a recording is escaped.
import { grouped, type ContainerContext, type SecurityContext } from '../harden/index.ts'
import { capabilities as known } from '../profile/words.ts'
import { escapeTerminal } from './escape.ts'

/** The report. It ends in a newline. */
export function contextReport({ containers }: SecurityContext): string {
  return containers.map(containerText).join('\n')
}

type ContextRow = readonly [what: string, says: string]

function containerText(container: ContainerContext): string {
  const { capabilities, user, runAsNonRoot, noNewPrivileges, readOnlyRoot, mounts, sysctls = {} } = container
  const because = (what: string): readonly string[] => {
    const found = container.because.filter((each) => each.what === what).map(({ evidence }) => evidence)
    return found.length === 0 ? ['not evidenced'] : found
  }
  const rows = (title: string, what: string, value: string): readonly ContextRow[] =>
    because(what).map((evidence, at) => [
      at === 0 ? title : '',
      at === 0 ? `${value}: ${evidence}` : evidence,
    ])
  const answer = (value: boolean): string => (value ? 'yes' : 'no')
  const groups = user === undefined || user.groups.length === 0 ? '' : ` groups ${user.groups.join(' ')}`
  const settings: readonly ContextRow[] = [
    ...(container.because.some(({ what }) => what === 'podSecurity')
      ? rows('Pod Security', 'podSecurity', container.podSecurity)
      : [['Pod Security', container.podSecurity] as const]),
    ...rows('user', 'user', user === undefined ? 'not known' : `${user.uid}:${user.gid}${groups}`),
    ...rows('not root', 'runAsNonRoot', answer(runAsNonRoot)),
    ...rows('no_new_privs', 'noNewPrivileges', answer(noNewPrivileges)),
    ...rows('read-only root', 'readOnlyRoot', answer(readOnlyRoot)),
    ...mounts.flatMap(({ path, kind, mode, uid, gid, exec }) =>
      rows('writable', path, `${path} ${kind} ${mode} ${uid}:${gid}${exec === true ? ' exec' : ''}`),
    ),
    ...Object.entries(sysctls).flatMap(([name, value]) => rows('sysctl', name, `${name}=${value}`)),
  ]
  const named = (title: string, names: readonly string[]): readonly ContextRow[] =>
    names.flatMap((name) => rows(title, name, name))
  const settled = new Set([
    ...settledNames,
    ...capabilities.needed,
    ...capabilities.tolerated,
    ...mounts.map(({ path }) => path),
    ...Object.keys(sysctls),
  ])
  const others = grouped(container.because.filter(({ what }) => !settled.has(what)))
  const seen = new Set(container.because.map(({ what }) => what))
  const unseen = [...known].filter((each) => !seen.has(each) && !settled.has(each)).length
  return table(container.name, [
    ...settings,
    ...named('needed', capabilities.needed),
    ...(capabilities.needed.length === 0 ? [['needed', 'no capability'] as const] : []),
    ...named('tolerated', capabilities.tolerated),
    ...others.map(({ what, evidence }): ContextRow => ['also', `${what}: ${evidence}`]),
    ['not seen', `${unseen} other capabilities`],
  ])
}

const settledNames: readonly string[] = [
  'podSecurity',
  'user',
  'runAsNonRoot',
  'noNewPrivileges',
  'readOnlyRoot',
]

function table(title: string, rows: readonly ContextRow[]): string {
  const width = Math.max(...rows.map(([what]) => what.length))
  const lines = rows.map(([what, says]) => `  ${what.padEnd(width)}  ${escapeTerminal(says)}`.trimEnd())
  return `${[escapeTerminal(title), ...lines].join('\n')}\n`
}
