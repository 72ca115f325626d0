// Finds the program that a command runs through sudo, env, nice and the like. The command itself runs with the user's
// words, unchanged. Authority: the man pages of coreutils 9, util-linux 2.38, sudo 1.9, strace 6.1.
import { basename } from 'node:path'
import { commandAfter, letters, longs, type CommandGrammar } from './grammar.ts'

export type CommandReading =
  /** `words[at]` is the program that does the work. `behind`: the names of the starters before it. */
  | {
      readonly kind: 'program'
      readonly name: string
      readonly at: number
      readonly behind: readonly string[]
    }
  /** `words[at]` is an unknown option of `program`, so the program that it starts is not known. */
  | {
      readonly kind: 'unread'
      readonly program: string
      readonly at: number
      readonly behind: readonly string[]
    }

/** Programs that only start the command after them: nobody wants a profile for the starter itself. */
const starters: Readonly<Record<string, CommandGrammar>> = {
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

const strace: CommandGrammar = {
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

/** Programs that run the command as another user through their set-user-ID bit. */
const privilegeRaisers: ReadonlySet<string> = new Set(['sudo', 'doas', 'su', 'pkexec'])

/**
 * Finds the program that a command runs, from the words alone: `name` is the last path component of the program's word.
 * If no command follows a starter, the starter is the program.
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

/** The index of PROGRAM in `strace … PROGRAM …`; undefined if there is none or an option is unknown. */
export function programOfStrace(words: readonly string[], at: number): number | undefined {
  const next = commandAfter(words, at, strace)
  return next.kind === 'at' && next.at < words.length ? next.at : undefined
}

/** The first program of the command that raises privileges through its set-user-ID bit. */
export function privilegeRaiser(reading: CommandReading): string | undefined {
  const last = reading.kind === 'program' ? reading.name : reading.program
  return [...reading.behind, last].find((name) => privilegeRaisers.has(name))
}
