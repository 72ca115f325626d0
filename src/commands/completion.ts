// `completion SHELL`: prints a script that completes our words in bash, zsh or fish. The script is made from the
// commands' own declarations, so every option completes from the day it exists.
import { architectureNames } from '../abi/architectures.ts'
import { syscallTable } from '../abi/tables.ts'
import { contextOf } from '../meaning/context.ts'
import { engineNames } from '../meaning/versions/engines.ts'
import { Argument, type Command, type Option } from 'commander'
import { builtinNames, builtinReleases } from '../meaning/builtin.ts'
import { bash } from './completion/bash.ts'
import { fish } from './completion/fish.ts'
import { zsh } from './completion/zsh.ts'
import type { CompletedCommand, Operand, CompletedOption } from './completion/words.ts'
import type { Declare } from './world.ts'

const printers = { bash, zsh, fish } as const

/** The words for a profile, besides files. */
const builtinWords = [
  ...builtinNames,
  ...builtinNames.flatMap((engine) => builtinReleases(engine).map(({ name }) => name)),
]

export const declare: Declare = (command, world, end) => {
  command
    .addArgument(new Argument('<shell>', 'for which shell').choices(Object.keys(printers)))
    .addHelpText(
      'after',
      `
Examples:
  source <(seccomp-gen completion bash)
  seccomp-gen completion zsh > "\${fpath[1]}/_seccomp-gen"
  seccomp-gen completion fish > ~/.config/fish/completions/seccomp-gen.fish`,
    )
    .action((shell: keyof typeof printers) => {
      const known = { builtins: builtinWords, calls: callNames() }
      world.stdout.write(printers[shell]((command.parent?.commands ?? []).map(wordsOf), known))
      end(0)
    })
}

function wordsOf(command: Command): CompletedCommand {
  const [first = 'nothing', ...rest] = command.registeredArguments.map(
    (each) => each.argChoices ?? operandOf(each.name()),
  )
  return {
    name: command.name(),
    summary: command.description(),
    options: command.createHelp().visibleOptions(command).map(optionWords),
    operands: [first, ...rest],
  }
}

function optionWords(option: Option): CompletedOption {
  const value = /[<[](.+?)[>\]]/.exec(option.flags)?.[1]
  return {
    names: [option.short, option.long].flatMap((name) => name ?? []),
    summary: option.description,
    ...(value !== undefined && { value: option.argChoices ?? valueOf(value, option) }),
  }
}

/** The values of options that check their words themselves. */
function valueOf(name: string, { defaultValue }: Option): Operand {
  switch (name) {
    case 'runtime':
      return [...(defaultValue === undefined ? [] : ['all', 'none']), 'crun', 'runc']
    case 'cap':
      return [...contextOf({ capabilities: 'all' }).capabilities, 'all', 'none']
    case 'engine':
      return engineNames
    case 'arch':
      return architectureNames
    default:
      return operandOf(name)
  }
}

function callNames(): readonly string[] {
  const names = architectureNames.flatMap((each) => syscallTable(each).entries.map(({ name }) => name))
  return [...new Set(names)].sort()
}

/** The kind of an operand, by its name in the usage line. */
function operandOf(name: string): Operand {
  if (/^(?:profile|base|head)/.test(name)) return 'profile'
  if (/^(?:file|path)/.test(name)) return 'file'
  if (/^(?:call|name\|)/.test(name)) return 'call'
  return name === 'cmd' ? 'command' : 'nothing'
}
