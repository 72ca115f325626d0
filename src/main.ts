// The command line as a function: it takes words and a world and returns the exit status. A command is loaded when it
// is used. Authority: contract ("Commands", "Exit status"); commander 14 reads the words.
import { Command, CommanderError, type Option } from 'commander'
import { refuseSecondSubject } from './commands/one-subject.ts'
import type { Declare, World } from './commands/world.ts'
import { UserError } from './errors.ts'
import { ownPackage } from './own.ts'
import type { Tool } from './report/medium.ts'
import { escapeTerminal } from './report/escape.ts'

interface CommandEntry {
  readonly summary: string
  readonly load: () => Promise<{ readonly declare: Declare }>
  /** The status if seccomp-gen itself fails. Commands that run another command leave 1 to 124 to that command. */
  readonly failure: 2 | 125
}

const commands: Readonly<Record<string, CommandEntry>> = {
  trace: {
    summary: 'record a command and print the profile that it needs',
    load: () => import('./commands/trace.ts'),
    failure: 125,
  },
  hook: {
    summary: 'record containers as an OCI hook',
    load: () => import('./commands/hook.ts'),
    failure: 2,
  },
  observe: {
    summary: 'read traces, print observations',
    load: () => import('./commands/observe.ts'),
    failure: 2,
  },
  generate: {
    summary: 'read traces or observations, print a profile',
    load: () => import('./commands/generate.ts'),
    failure: 2,
  },
  validate: {
    summary: 'find mistakes in profiles',
    load: () => import('./commands/validate.ts'),
    failure: 2,
  },
  diff: {
    summary: 'compare the meaning of two profiles',
    load: () => import('./commands/diff.ts'),
    failure: 2,
  },
  review: {
    summary: 'compare the profiles that git changed, for pull requests',
    load: () => import('./commands/review.ts'),
    failure: 2,
  },
  eval: {
    summary: 'print the answer of a profile to one call',
    load: () => import('./commands/eval.ts'),
    failure: 2,
  },
  explain: {
    summary: 'say why each call is in a profile, and what the call exposes',
    load: () => import('./commands/explain.ts'),
    failure: 2,
  },
  verify: {
    summary: 'run a command under a profile and list the refused calls',
    load: () => import('./commands/verify.ts'),
    failure: 125,
  },
  scan: {
    summary: 'list the calls that the code of programs and images can make',
    load: () => import('./commands/scan.ts'),
    failure: 2,
  },
  harden: {
    summary: 'print the security context of a recorded workload',
    load: () => import('./commands/harden.ts'),
    failure: 2,
  },
  syscalls: {
    summary: 'look up calls in the tables of all architectures',
    load: () => import('./commands/syscalls.ts'),
    failure: 2,
  },
  collect: {
    summary: 'record the containers of a node, each from its first call',
    load: () => import('./commands/collect.ts'),
    failure: 2,
  },
  watch: {
    summary: 'show what the filters of running containers refuse, as it happens',
    load: () => import('./commands/watch.ts'),
    failure: 2,
  },
  push: {
    summary: 'push a profile to an OCI registry',
    load: () => import('./commands/push.ts'),
    failure: 2,
  },
  pull: {
    summary: 'pull a profile from an OCI registry',
    load: () => import('./commands/pull.ts'),
    failure: 2,
  },
  man: {
    summary: 'print the manual page',
    load: () => import('./commands/man.ts'),
    failure: 2,
  },
  completion: {
    summary: 'print a script that completes words in bash, zsh or fish',
    load: () => import('./commands/completion.ts'),
    failure: 2,
  },
}

const root = new URL('..', import.meta.url)

/** Empty if package.json is missing. */
function ownTool(): Tool {
  try {
    return ownPackage(root)
  } catch {
    return {}
  }
}

/** Runs `seccomp-gen ARGV…` in the world and returns its exit status. Never throws, whatever the words. */
export async function run(words: readonly string[], world: World): Promise<number> {
  let status = 0
  // git and docker take -v alone as --version.
  if (words[0] === '-v') return run(['--version', ...words.slice(1)], world)
  // commander prints the whole help for a word that it does not know.
  const [first, asked = ''] = words
  if (first === 'help' && /^\w/.test(asked) && asked !== 'help' && !Object.hasOwn(commands, asked))
    return run([asked], world)
  const argv = words
  const word = argv.find((word) => !word.startsWith('-')) ?? ''
  const failure = (Object.hasOwn(commands, word) ? commands[word]?.failure : undefined) ?? 2
  try {
    const named: World = { ...world, tool: ownTool }
    const program = await declareProgram(argv, named, (end) => (status = end))
    await program.parseAsync([...argv], { from: 'user' })
    return status
  } catch (error) {
    // commander has already printed its message.
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : failure
    if (world.env['SECCOMP_GEN_DEBUG'] && error instanceof Error) world.stderr.write(`${error.stack}\n`)
    if (error instanceof UserError) {
      world.stderr.write(`seccomp-gen: ${escapeTerminal(error.message)}\n`)
      // 125 is only for commands that run another command.
      return error.status === 2 || (error.status === 125 && failure === 2) ? failure : error.status
    }
    const message = error instanceof Error ? error.message : String(error)
    const hint = 'this is a defect of seccomp-gen; SECCOMP_GEN_DEBUG=1 shows where'
    world.stderr.write(`seccomp-gen: ${escapeTerminal(message)} (${hint})\n`)
    return failure
  }
}

async function declareProgram(
  argv: readonly string[],
  world: World,
  end: (status: number) => void,
): Promise<Command> {
  const program = new Command('seccomp-gen')
    .description('From a running workload to a minimal, valid seccomp profile.')
    .helpOption('-h, --help', 'print this help')
    .helpCommand('help [command]', 'show how to use a command')
    .exitOverride()
    .enablePositionalOptions()
    .configureOutput({
      writeOut: (text) => world.stdout.write(text),
      writeErr: (text) => world.stderr.write(text),
      outputError: (text, write) => write(usageError(text, argv)),
      // Help is the same everywhere: it ignores this terminal's width and colours.
      getOutHelpWidth: () => 80,
      getErrHelpWidth: () => 80,
      getOutHasColors: () => false,
      getErrHasColors: () => false,
    })
    .configureHelp({ optionDescription: describe })
    .addHelpText('after', '\nExample:\n  seccomp-gen trace -o app.json -- ./app --serve')
  // The file is read only if the version is printed.
  if (argv.includes('--version') || argv.includes('-V'))
    program.version(ownPackage(root).version, '-V, --version', 'print the version')
  else program.option('-V, --version', 'print the version')
  const separator = argv.indexOf('--')
  const before = separator < 0 ? argv : argv.slice(0, separator)
  for (const [name, { summary, load }] of Object.entries(commands)) {
    const command = program.command(name).description(summary).helpOption('-h, --help', 'print this help')
    // Completion and the manual page need all commands.
    if (before.includes(name) || before.includes('completion') || before.includes('man')) {
      ;(await load()).declare(command, world, end)
      refuseSecondSubject(command)
    } else command.allowUnknownOption()
  }
  return program
}

/** The choices and the default of an option in few words, so that help fits a screen. */
function describe({ description, argChoices, defaultValue }: Option): string {
  const facts = [
    ...(argChoices === undefined ? [] : [argChoices.join(argChoices.length > 5 ? ', ' : '|')]),
    ...(typeof defaultValue === 'string' || typeof defaultValue === 'number'
      ? [`default ${defaultValue}`]
      : []),
  ]
  return facts.length === 0 ? description : `${description} (${facts.join(', ')})`
}

/** commander's `error: …` and its suggestion as one line that names the help. */
function usageError(text: string, argv: readonly string[]): string {
  const name = argv.find((word) => Object.hasOwn(commands, word))
  const said = escapeTerminal(
    text
      .trim()
      .replace(/^error: /, '')
      .replaceAll('\n', ' '),
  )
  return `seccomp-gen: ${said.replace(/\.$/, '')}; see seccomp-gen ${name === undefined ? '' : `${name} `}--help\n`
}
