// Prints what code can call, for people (text, Markdown) and for programs (JSON).
import { architectureNames } from '../abi/architectures.ts'
import { printReachable, type NotFollowed, type Reachable } from '../scan/reachable.ts'
import { escapeMarkdown, escapeTerminal } from './escape.ts'

export type ReachableFormat = 'text' | 'json' | 'markdown'

/** The report, ending in a newline. */
export function reachableReport(reachable: Reachable, format: ReachableFormat): string {
  return reports[format](reachable)
}

const reports: Readonly<Record<ReachableFormat, (reachable: Reachable) => string>> = {
  text: (reachable) => {
    const lines: string[] = []
    for (const architecture of architectureNames) {
      const calls = Object.entries(reachable.architectures[architecture] ?? {})
      if (calls.length === 0) continue
      lines.push(`${architecture}: ${calls.length} calls reachable`)
      const width = Math.max(...calls.map(([name]) => name.length))
      for (const [name, { path, args = {} }] of calls)
        lines.push(
          `  ${name.padEnd(width)}  ${escapeTerminal(pathText(path))}${escapeTerminal(argsText(args))}`,
        )
    }
    return `${[...lines, '', ...accountLines(reachable).map(escapeTerminal)].join('\n')}\n`
  },

  markdown: (reachable) => {
    const parts: string[] = []
    for (const architecture of architectureNames) {
      const calls = Object.entries(reachable.architectures[architecture] ?? {})
      if (calls.length === 0) continue
      const rows = calls.map(
        ([name, { path, args = {} }]) =>
          `| ${escapeMarkdown(name)} | ${escapeMarkdown(pathText(path))}${escapeMarkdown(argsText(args))} |`,
      )
      parts.push(
        `${calls.length} calls reachable on ${escapeMarkdown(architecture)}:\n\n| call | by |\n|---|---|\n${rows.join('\n')}\n`,
      )
    }
    const account = accountLines(reachable).map((line) => `- ${escapeMarkdown(line)}\n`)
    return `${parts.join('\n')}\n${account.join('')}`
  },

  json: (reachable) => printReachable(reachable),
}

export function pathText(path: readonly string[]): string {
  return path.join(' → ')
}

function argsText(args: Readonly<Record<string, readonly string[]>>): string {
  const known = Object.entries(args).map(([index, values]) => `argument ${index}: ${values.join(' ')}`)
  return known.length === 0 ? '' : `  (${known.join('; ')})`
}

/** Sentences that say whether the list is a bound, and what was not followed. */
export function accountLines(reachable: Reachable): readonly string[] {
  const { bound, unresolved, notFollowed, modules } = reachable
  const verdict = bound
    ? 'This is a bound: the scan followed everything it met.'
    : 'This is not a bound: code that the scan could not follow can make more calls.'
  return [
    `${modules.length} files read: ${namesText(modules.map(({ name }) => name))}`,
    ...modules.flatMap(({ name, privileges = [] }) =>
      privileges.map((each) => `${name} is started with more privileges: ${privilegeTexts[each] ?? each}`),
    ),
    verdict,
    ...unresolved.map((each) => `not resolved: ${each.module}:${each.function}: ${each.why}`),
    ...notFollowed.map((each) => `not followed: ${notFollowedText(each)}`),
  ]
}

/** Names the modules; if there are many, those named *.so (character sets, plugins) are only counted. */
function namesText(names: readonly string[]): string {
  const most = 60
  if (names.length <= most) return names.join(' ')
  const chosen = names.filter((name) => !name.endsWith('.so'))
  return `${chosen.join(' ')}, and ${names.length - chosen.length} modules (*.so)`
}

const privilegeTexts: Readonly<Record<string, string>> = {
  setuid: 'it is set-user-ID',
  setgid: 'it is set-group-ID',
  capabilities: 'the file has capabilities',
}

function notFollowedText({ what, from, name }: NotFollowed): string {
  switch (what) {
    case 'dlopen':
      return `${from} loads ${name === undefined ? 'libraries whose names are not known' : `${name}, which is not there`} (--with names them)`
    case 'dlsym':
      return `${from} looks up functions whose names are not known`
    case 'execve':
      return `${from} starts programs: scan these too`
    case 'jit':
      return `${from} makes memory executable: code made at run time can call anything`
    case 'missing-library':
      return `${from} needs ${name ?? 'a library'}, which is not there`
  }
}
