// Reads the options of podman run that a quadlet passes by PodmanArgs=. They follow the options of the quadlet's own
// keys, so they could override what the context decides. Authority: podman-systemd.unit(5), podman-run(1).
import type { ContainerContext } from '../../harden/context.ts'
import { unquoted, wordsIn } from './quadlet.ts'

export interface PodmanArgs {
  readonly values: readonly string[]
  readonly privileged: boolean
}

/**
 * The values of PodmanArgs= lines without the options that the context decides. Podman joins the words of all lines, so
 * the argument of an option may be the first word of the next line.
 */
export function withoutDecided(
  values: readonly string[],
  { user, noNewPrivileges, readOnlyRoot, sysctls = {} }: ContainerContext,
  hasProfile: boolean,
): PodmanArgs {
  const decided = ({ option, argument }: PodmanOption): boolean => {
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
      case '--sysctl':
        return Object.keys(sysctls).some((name) => argument.startsWith(`${name}=`))
      case '--security-opt':
        return (
          (noNewPrivileges && argument.startsWith('no-new-privileges')) ||
          (hasProfile && argument.startsWith('seccomp='))
        )
      default:
        return false
    }
  }
  const words = values.map(wordsIn)
  const options = optionsIn(words.flat())
  const left = options.filter(decided)
  const isLeft = options.flatMap((each) => each.words.map(() => left.includes(each)))
  let start = 0
  const kept = values.map((value, line) => {
    const its = words[line] as readonly string[]
    const from = start
    start += its.length
    const stay = its.filter((_, index) => isLeft[from + index] === false)
    // A value that keeps all words keeps its blanks too.
    return stay.length === its.length ? value : stay.join(' ')
  })
  return {
    values: kept,
    privileged: left.some(({ option, argument }) => option === '--privileged' && argument !== 'false'),
  }
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
  return optionsIn(wordsIn(value)).flatMap(({ option, argument }) =>
    options.includes(option) ? [argument] : [],
  )
}

/** An option with its words; a word that is none has an empty option. */
interface PodmanOption {
  readonly option: string
  /** Empty if there is none. */
  readonly argument: string
  readonly words: readonly string[]
}

function optionsIn(words: readonly string[]): readonly PodmanOption[] {
  const found: PodmanOption[] = []
  for (let at = 0; at < words.length;) {
    const { option, own } = optionIn(words[at] as string)
    const its = words.slice(at, at + (own === undefined && withArgument.has(option) ? 2 : 1))
    found.push({ option, argument: unquoted(own ?? its[1] ?? ''), words: its })
    at += its.length
  }
  return found
}

/** The option in a word, and its argument if the word has it too: `--user=5`, `-u=5`, `-u5`, `-v/a:/b`. */
function optionIn(word: string): { readonly option: string; readonly own: string | undefined } {
  const text = unquoted(word)
  const [, short, value] = /^(-[uv])=?(.+)$/.exec(text) ?? []
  if (short !== undefined) return { option: short, own: value }
  const [, option = '', own] = /^(--?[\w-]+)(?:=(.*))?$/.exec(text) ?? []
  return { option, own }
}

/** The options that are looked at and whose argument may be the next word. */
const withArgument: ReadonlySet<string> = new Set([
  '--cap-add',
  '--cap-drop',
  '--user',
  '-u',
  '--security-opt',
  '--sysctl',
  '--volume',
  '-v',
  '--tmpfs',
  '--mount',
])
