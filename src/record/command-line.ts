// Reads the user's own command line: which program runs behind sudo, env, nice …, and what that program is to a
// recorder. It never rebuilds a command: what is run is the words the user gave. An option that no table below
// knows is not guessed, because the word after it may be its value or may be the program.
// Authority: the man pages of coreutils 9, util-linux 2.38, sudo 1.9, strace 6.1; docker, podman and kubectl --help.
import { basename } from 'node:path'
import parse from 'yargs-parser'

export type CommandReading =
  /** `words[at]` is the program that does the work; `behind` names the programs before it that only start it. */
  | {
      readonly kind: 'program'
      readonly name: string
      readonly at: number
      readonly behind: readonly string[]
    }
  /** `words[at]` is not an option we know of `program`, so what it starts cannot be told. */
  | {
      readonly kind: 'unread'
      readonly program: string
      readonly at: number
      readonly behind: readonly string[]
    }

/** How a program's words are read up to the command it starts: its options, then so many words of its own. */
export interface Grammar {
  /** Options that take the next word, or what is attached to them. */
  readonly valued: readonly string[]
  /** Options that stand alone; a long one may carry `=VALUE`. */
  readonly flags: readonly string[]
  /** Words between the options and the command, such as the duration of timeout. */
  readonly words?: number
  /** NAME=VALUE words stand before the command. */
  readonly assignments?: true
}

export const letters = (...groups: readonly string[]): readonly string[] =>
  groups.flatMap((group) => (group.length > 1 && !group.startsWith('-') ? Array.from(group) : [group]))
export const longs = (names: string): readonly string[] => names.split(' ')

/** Programs that start the command behind them and do nothing else that a profile would be made for. */
const starters: Readonly<Record<string, Grammar>> = {
  sudo: {
    valued: [
      ...letters('CDghpRrTtUu'),
      ...longs('close-from chdir group host prompt chroot role command-timeout type other-user user'),
    ],
    flags: [
      ...letters('ABbEHiKkNnPSs'),
      ...longs(
        'askpass background bell preserve-env set-home login non-interactive preserve-groups shell stdin',
      ),
      ...longs('reset-timestamp no-update'),
    ],
    assignments: true,
  },
  doas: { valued: letters('aCu'), flags: letters('Lns') },
  env: {
    valued: [...letters('uCa'), ...longs('unset chdir argv0')],
    flags: [
      ...letters('i0v'),
      ...longs(
        'ignore-environment null debug block-signal default-signal ignore-signal list-signal-handling',
      ),
    ],
    assignments: true,
  },
  nice: { valued: ['n', 'adjustment'], flags: [] },
  ionice: { valued: [...letters('cn'), 'class', 'classdata'], flags: ['t', 'ignore'] },
  timeout: {
    valued: [...letters('ks'), 'kill-after', 'signal'],
    flags: [...letters('fpv'), 'foreground', 'preserve-status', 'verbose'],
    words: 1,
  },
  nohup: { valued: [], flags: [] },
  setsid: { valued: [], flags: [...letters('cfw'), 'ctty', 'fork', 'wait'] },
  stdbuf: { valued: [...letters('ioe'), 'input', 'output', 'error'], flags: [] },
  time: {
    valued: [...letters('fo'), 'format', 'output'],
    flags: [...letters('apqv'), ...longs('append portability quiet verbose')],
  },
  chrt: {
    valued: [...letters('TPD'), ...longs('sched-runtime sched-period sched-deadline')],
    flags: [
      ...letters('abdfioRrv'),
      ...longs('all-tasks batch deadline fifo idle other reset-on-fork rr verbose'),
    ],
    words: 1,
  },
  taskset: { valued: [], flags: [...letters('ac'), 'all-tasks', 'cpu-list'], words: 1 },
  setpriv: {
    valued: longs(
      'reuid regid ruid euid rgid egid groups inh-caps ambient-caps bounding-set securebits pdeathsig selinux-label apparmor-profile',
    ),
    flags: longs('clear-groups keep-groups init-groups no-new-privs nnp reset-env'),
  },
  chroot: { valued: ['userspec', 'groups'], flags: ['skip-chdir'], words: 1 },
  gosu: { valued: [], flags: [], words: 1 },
  'su-exec': { valued: [], flags: [], words: 1 },
  tini: { valued: letters('pe'), flags: letters('svwg') },
  'dumb-init': { valued: ['r', 'rewrite'], flags: [...letters('cv'), 'single-child', 'verbose'] },
}

const strace: Grammar = {
  valued: [
    ...letters('abeEIoOPpsSuUX'),
    ...longs(
      'attach columns env expr inject fault interruptible output raw signal status string-limit trace trace-path user',
    ),
    ...longs(
      'abbrev verbose read write decode-fds detach-on kvm summary-columns summary-sort-by summary-syscall-overhead const-print-style',
    ),
  ],
  flags: [
    ...letters('cCdDfFhiknNqrtTvVwxyYzZ'),
    ...longs(
      'follow-forks output-separately debug daemonize quiet silent silence decode-pids summary summary-only',
    ),
    ...longs(
      'summary-wall-clock successful-only failed-only instruction-pointer stack-traces syscall-number',
    ),
    ...longs('no-abbrev timestamps absolute-timestamps relative-timestamps syscall-times output-append-mode'),
    ...longs('strings-in-hex always-show-pid seccomp-bpf secontext tips kill-on-exit arg-names'),
  ],
}

/** Programs that ask something else to run the workload: another process, often not even a child of theirs. */
export interface ContainerClient extends Grammar {
  /** The subcommands after which a container runs; a group such as `container` is read one word further. */
  readonly running: readonly string[]
  readonly groups?: readonly string[]
}

const running = longs('run exec start create restart attach')
export const composeGrammar: Grammar = {
  valued: [
    ...letters('fp'),
    ...longs('file profile project-name project-directory env-file ansi parallel progress'),
  ],
  flags: longs('compatibility dry-run all-resources verbose'),
}
const engine = (valued: string, flags: string): ContainerClient => ({
  valued: longs(valued),
  flags: longs(flags),
  running: [...running, 'up'],
  groups: ['container', 'compose', 'pod'],
})
export const containerClients: Readonly<Record<string, ContainerClient>> = {
  docker: engine('H c l host context log-level config tlscacert tlscert tlskey', 'D debug tls tlsverify'),
  podman: engine(
    'c cgroup-manager conmon connection events-backend hooks-dir identity imagestore log-level module namespace ' +
      'network-cmd-path network-config-dir out root runroot runtime runtime-flag ssh storage-driver storage-opt tmpdir url volumepath',
    'r remote noout syslog trace transient-store',
  ),
  nerdctl: engine(
    'a H n address host namespace snapshotter storage-driver cgroup-manager data-root cni-path cni-netconfpath hosts-dir',
    'debug debug-full insecure-registry experimental',
  ),
  'docker-compose': { ...composeGrammar, running: [...running, 'up'] },
  'podman-compose': { ...composeGrammar, running: [...running, 'up'] },
  kubectl: {
    valued: [
      ...letters('ns'),
      ...longs('namespace context cluster kubeconfig user server token as request-timeout'),
    ],
    flags: longs('insecure-skip-tls-verify match-server-version'),
    running: [...running, 'debug'],
  },
  crictl: {
    valued: [...letters('cirt'), 'config', 'image-endpoint', 'runtime-endpoint', 'timeout'],
    flags: ['D', 'debug'],
    running: [...running, 'runp'],
  },
  ctr: {
    valued: [...letters('an'), 'address', 'namespace', 'timeout'],
    flags: ['debug'],
    running,
    groups: ['task', 'tasks', 't', 'container', 'containers', 'c'],
  },
  runc: {
    valued: longs('log log-format root criu rootless'),
    flags: longs('debug systemd-cgroup'),
    running: [...running, 'restore'],
  },
  crun: {
    valued: longs('log log-format log-level root cgroup-manager'),
    flags: longs('debug systemd-cgroup'),
    running: [...running, 'restore'],
  },
  'systemd-run': { valued: [], flags: [], running: [] },
}

/** Programs that run the command as another user through their set-user-ID bit. */
const privilegeRaisers: ReadonlySet<string> = new Set(['sudo', 'doas', 'su', 'pkexec'])

/**
 * Says which program a command runs. The words are looked at, nothing is looked up: `name` is the last part of the
 * word as written. A starter with no command behind it is itself the program.
 */
export function readCommand(words: readonly string[]): CommandReading {
  const behind: string[] = []
  for (let at = 0; ;) {
    const name = basename(words[at] ?? '')
    const grammar = Object.hasOwn(starters, name) ? starters[name] : undefined
    const next = grammar && commandAfter(words, at, grammar)
    if (next === undefined) return { kind: 'program', name, at, behind }
    if (next.kind === 'unread') return { ...next, program: name, behind }
    if (next.at >= words.length) return { kind: 'program', name, at, behind }
    behind.push(name)
    at = next.at
  }
}

/** Where the program stands in a command that is `strace … PROGRAM …`; undefined where it cannot be told or there is none. */
export function programOfStrace(words: readonly string[], at: number): number | undefined {
  const next = commandAfter(words, at, strace)
  return next.kind === 'at' && next.at < words.length ? next.at : undefined
}

/**
 * Whether the program at `words[at]` is a container client about to run a container: recorded from outside, its own
 * calls would be taken for the workload's. Where an option hides the subcommand, any later word that could be one counts.
 */
export function runsContainer(words: readonly string[], at: number): boolean {
  const name = basename(words[at] ?? '')
  const client = Object.hasOwn(containerClients, name) ? containerClients[name] : undefined
  if (client === undefined) return false
  if (client.running.length === 0) return true
  const first = commandAfter(words, at, client)
  if (first.kind === 'unread') return words.slice(first.at).some((word) => client.running.includes(word))
  const verb = words[first.at]
  if (verb === undefined) return false
  if (!client.groups?.includes(verb)) return client.running.includes(verb)
  const second = commandAfter(words, first.at, composeGrammar)
  const rest = second.kind === 'unread' ? words.slice(second.at) : words.slice(second.at, second.at + 1)
  return rest.some((word) => client.running.includes(word))
}

/** The first program of the command that raises privileges through its set-user-ID bit, if there is one. */
export function privilegeRaiser(reading: CommandReading): string | undefined {
  const last = reading.kind === 'program' ? reading.name : reading.program
  return [...reading.behind, last].find((name) => privilegeRaisers.has(name))
}

type After =
  | {
      readonly kind: 'at'
      readonly at: number
      /** The options before it, by name without dashes, with their values in order; of a flag, none. */
      readonly options: ReadonlyMap<string, readonly string[]>
    }
  | { readonly kind: 'unread'; readonly at: number }

/** The index of the first word behind the options (and own words, and assignments) of the program at `words[at]`. */
export function commandAfter(words: readonly string[], at: number, grammar: Grammar): After {
  const spread = spreadWords(words, at + 1, grammar)
  const { argv, error } = parse.detailed(
    spread.map(({ text }) => text),
    {
      array: [...grammar.valued],
      string: [...grammar.valued, ...grammar.flags],
      // A flag is told to take no word at all: as a boolean it would take `true` and `false`, which are programs.
      narg: Object.fromEntries([
        ...grammar.valued.map((key) => [key, 1]),
        ...grammar.flags.map((key) => [key, 0]),
      ]),
      configuration: {
        'halt-at-non-option': true,
        'unknown-options-as-args': true,
        'nargs-eats-options': true,
        'greedy-arrays': false,
        'boolean-negation': false,
        'camel-case-expansion': false,
        'dot-notation': false,
        'parse-numbers': false,
        'parse-positional-numbers': false,
      },
    },
  )
  const rest = spread.length - argv._.length
  const place = spread[rest]?.at ?? words.length
  const known = new Set(['_', ...grammar.valued, ...grammar.flags])
  const foreign = Object.keys(argv).some((key) => !known.has(key))
  const word = spread[rest]?.text ?? ''
  const marked = spread[rest - 1]?.text === '--'
  if (error || foreign || (!marked && word.startsWith('-') && word.length > 1)) {
    return { kind: 'unread', at: foreign || error ? at + 1 : place }
  }
  let next = place
  // A lone `-` is env's old spelling of -i.
  if (grammar.assignments) while (/^(?:[A-Za-z_]\w*=|-$)/.test(words[next] ?? '')) next++
  const options = new Map(
    Object.entries(argv as Record<string, unknown>)
      .filter(([name]) => name !== '_')
      .map(([name, values]) => [name, [values].flat().filter((value) => typeof value === 'string')]),
  )
  return { kind: 'at', at: next + (grammar.words ?? 0), options }
}

/**
 * The words from `from` on, each with its place, in the one spelling that yargs-parser reads as getopt does:
 * `-otrace.txt` becomes `-o trace.txt`, `--preserve-env=A` (a flag) loses its value. All behind `--` stays.
 */
function spreadWords(
  words: readonly string[],
  from: number,
  grammar: Grammar,
): readonly { text: string; at: number }[] {
  const spread: { text: string; at: number }[] = []
  for (let at = from; at < words.length; at++) {
    const text = words[at] ?? ''
    const flag = /^--([^=]+)=/s.exec(text)?.[1]
    const attached = /^-[^-]./s.test(text) ? valueAt(text, grammar) : 0
    if (text === '--') {
      spread.push(...words.slice(at).map((text, offset) => ({ text, at: at + offset })))
      break
    } else if (flag !== undefined && grammar.flags.includes(flag)) spread.push({ text: `--${flag}`, at })
    else if (attached > 0) {
      spread.push({ text: text.slice(0, attached), at }, { text: text.slice(attached), at })
    } else spread.push({ text, at })
  }
  return spread
}

/** In a group of short options, the index at which an attached value begins; 0 for none. */
function valueAt(group: string, grammar: Grammar): number {
  for (let index = 1; index < group.length - 1; index++) {
    const letter = group.charAt(index)
    if (grammar.valued.includes(letter)) return index + 1
    if (!grammar.flags.includes(letter)) return 0
  }
  return 0
}
