// Reads the options of podman run that a quadlet passes by PodmanArgs=. They follow the options of the quadlet's own
// keys, so they could override what the context decides. Authority: podman-systemd.unit(5), podman-run(1).
import type { ContainerContext } from '../../harden/context.ts'

export interface PodmanArgs {
  readonly value: string
  readonly privileged: boolean
}

/** The value without the options that the context decides. */
export function withoutDecided(
  value: string,
  { user, noNewPrivileges, readOnlyRoot }: ContainerContext,
  hasProfile: boolean,
): PodmanArgs {
  const decided = (option: string, argument: string): boolean => {
    switch (option) {
      case '--privileged':
      case '--cap-add':
      case '--cap-drop':
        return true
      case '--user':
      case '-u':
        return user !== undefined && user.uid !== 0
      case '--read-only':
      case '--read-only-tmpfs':
        return readOnlyRoot
      case '--security-opt':
        return (
          (noNewPrivileges && argument.startsWith('no-new-privileges')) ||
          (hasProfile && argument.startsWith('seccomp='))
        )
      default:
        return false
    }
  }
  const words = wordsOf(value)
  const kept: string[] = []
  let privileged = false
  for (let at = 0; at < words.length; at++) {
    const word = words[at] as string
    const { option, own } = optionIn(word)
    const hasArgument = own === undefined && withArgument.has(option)
    const argument = plain(own ?? (hasArgument ? (words[at + 1] ?? '') : ''))
    if (decided(option, argument)) privileged ||= option === '--privileged' && argument !== 'false'
    else kept.push(...words.slice(at, at + (hasArgument ? 2 : 1)))
    if (hasArgument) at++
  }
  // A value that keeps all words keeps its blanks too.
  return { value: kept.length === words.length ? value : kept.join(' '), privileged }
}

/** The user that the arguments give, over User=; undefined if they give none. */
export function userIn(value: string): string | undefined {
  return argumentsOf(value, ['--user', '-u']).at(-1)
}

/** The mounts that the arguments make, as --volume, --tmpfs and --mount write them. */
export function mountsIn(value: string): readonly string[] {
  return argumentsOf(value, ['--volume', '-v', '--tmpfs', '--mount'])
}

function argumentsOf(value: string, options: readonly string[]): readonly string[] {
  const words = wordsOf(value)
  return words.flatMap((word, at) => {
    const { option, own } = optionIn(word)
    return options.includes(option) ? [plain(own ?? words[at + 1] ?? '')] : []
  })
}

/** The option in a word, and its argument if the word has it too: `--user=5`, `-u=5`, `-u5`, `-v/a:/b`. */
function optionIn(word: string): { readonly option: string; readonly own: string | undefined } {
  const text = plain(word)
  const [, short, value] = /^(-[uv])=?(.+)$/.exec(text) ?? []
  if (short !== undefined) return { option: short, own: value }
  const [, option = '', own] = /^(--?[\w-]+)(?:=(.*))?$/.exec(text) ?? []
  return { option, own }
}

function wordsOf(value: string): readonly string[] {
  return value.match(/(?:"[^"]*"|'[^']*'|[^\s"'])+/g) ?? []
}

const withArgument: ReadonlySet<string> = new Set([
  '--cap-add',
  '--cap-drop',
  '--user',
  '-u',
  '--security-opt',
])

function plain(word: string): string {
  return word.replaceAll(/["']/g, '')
}
