// Errors of a command's words that its options alone do not show.
import type { ErrorRow } from './row.ts'

export const usageErrors = {
  'cap-contradiction': [2, () => '--cap all and --cap none contradict each other'],
  'several-machines': [2, () => 'observe reads traces of one machine at a time: give --arch once'],
  'several-hosts': [
    2,
    () => 'an answer is for one machine: give --arch once, and run the command again for another machine',
  ],
  'given-twice': [
    2,
    ({ option }: { readonly option: string }) =>
      `${option}: is given twice, but the command takes one: run it once for each`,
  ],
  'diff-operands': [2, () => 'diff takes BASE and HEAD: see seccomp-gen diff --help'],
  'diff-applied-operands': [
    2,
    () => 'with --pid, --container and --pod diff takes BASE alone, and prints no profile',
  ],
  'eval-operands': [
    2,
    ({ batch }: { readonly batch: boolean }) =>
      batch ? '--batch takes its calls from standard input' : 'name a call, or use --batch',
  ],
  'no-queries': [2, () => '-: is empty: --batch reads one JSON query a line, as {"syscall":"open"}'],
  'nothing-to-record': [
    2,
    () =>
      'give a command after --, or --pid, --cgroup, --container, --pod or --selector; see seccomp-gen trace --help',
  ],
  'several-to-record': [
    2,
    () =>
      'give either a command or one of --pid, --cgroup, --container, --pod and --selector; see seccomp-gen trace --help',
  ],
  'pods-only': [
    2,
    ({ option }: { readonly option: string }) =>
      `${option}: is only for --pod, --selector, and --container on a node`,
  ],
  'ready-without-load': [2, () => '--ready says when --load begins: give both'],
  'load-without-command': [
    2,
    () =>
      '--load and --repeat start the command themselves: give it after --, not --pid, --cgroup or --container',
  ],
  'several-applied': [2, () => 'give one of --pid, --container and --pod'],
  'profile-or-applied': [2, () => 'give a profile, or one of --pid, --container and --pod in its place'],
  'under-within': [2, () => '--under within uses the profile of --within: give --within once, and not none'],
  'under-without-command': [
    2,
    () =>
      '--under starts the command itself under the filter: give it after --, not --pid, --cgroup or --container',
  ],
  'each-without-command': [2, () => '--each records what a command starts: give the command after --'],
  'each-with': [
    2,
    ({ option }: { readonly option: string }) =>
      `${option}: cannot be combined with --each, which writes files of its own for each container`,
  ],
  'nothing-to-verify': [2, () => 'give a command after --; see seccomp-gen verify --help'],
  'option-after-profile': [
    2,
    ({ word }: { readonly word: string }) => `${word}: give options before the --, and the command after it`,
  ],
  'beside-profile': [
    2,
    ({ word }: { readonly word: string }) =>
      `${word}: give one profile, its options, and the command after --`,
  ],
  'widen-without-repair': [2, () => '--widen says how far --repair goes: give both'],
  // --- the library
  'no-such-option': [
    2,
    ({ of, name, known }: NoSuchOption) =>
      `${of} takes no option ${name}: its options are ${known.join(', ')}`,
  ],
  'wrong-value': [2, ({ at, value, takes }: WrongValue) => `${at}: ${value} is not ${takes}`],
  // --- syscalls
  'no-such-name': [
    2,
    ({ name, elsewhere, similar, ...asked }: NoSuchName) =>
      `${notHaving(asked)} a call named '${name}'; ${
        elsewhere.length > 0
          ? `${elsewhere.join(', ')} ${elsewhere.length === 1 ? 'has' : 'have'} it`
          : similar.length === 0
            ? 'seccomp-gen syscalls lists all of them'
            : `did you mean ${similar.join(', ')}?`
      }`,
  ],
  'no-such-number': [
    2,
    ({ number, ...asked }: SearchedTables & { /** As written. */ readonly number: string }) =>
      `${notHaving(asked)} a call of number ${number}`,
  ],
  // --- recording
  'no-call-recorded': [125, () => 'no call was recorded: nothing is written'],
  'container-not-recorded': [
    2,
    ({ words }: { /** The recorder's message. */ readonly words: string }) =>
      `the container cannot be recorded: ${words}`,
  ],
  // --- hook
  'bad-annotation': [
    2,
    ({ annotation, part }: { readonly annotation: string; readonly part: string }) =>
      `annotation ${annotation}: "${part}" is not of:/FILE or if:/FILE with an absolute name`,
  ],
  'annotation-without-output': [
    2,
    ({ annotation }: { readonly annotation: string }) =>
      `annotation ${annotation} does not say where to write: of:/FILE`,
  ],
  'not-a-hook-state': [
    2,
    () => 'standard input is not the state of a container: a runtime starts this command as a hook',
  ],
} as const satisfies Readonly<Record<string, ErrorRow>>

export interface NoSuchOption {
  /** The function, and the object in its options: `evaluate: call`. */
  readonly of: string
  /** As written. */
  readonly name: string
  readonly known: readonly string[]
}

export interface WrongValue {
  /** The function and the option: `derivePolicy: beyond`. */
  readonly at: string
  /** The value: a string in quotes, the kind of an object. */
  readonly value: string
  /** What the option takes. */
  readonly takes: string
}

export interface SearchedTables {
  /** The architectures that were searched. */
  readonly architectures: readonly string[]
  /** Whether these are all architectures. */
  readonly all: boolean
}

export interface NoSuchName extends SearchedTables {
  readonly name: string
  /** Other architectures that have the name. */
  readonly elsewhere: readonly string[]
  /** Similar names that may be meant. */
  readonly similar: readonly string[]
}

function notHaving({ architectures, all }: SearchedTables): string {
  return all
    ? 'no architecture has'
    : `${architectures.join(', ')} ${architectures.length === 1 ? 'does' : 'do'} not have`
}
