// `completion SHELL`: a script that completes our words in bash, zsh or fish. It is made from what the commands declare
// of themselves, so that an option completes from the day it exists.
import { Argument, type Command, type Option } from 'commander'
import { builtinNames, builtinReleases } from '../meaning/builtin.ts'
import { bash } from './completion/bash.ts'
import { fish } from './completion/fish.ts'
import { zsh } from './completion/zsh.ts'
import type { CompletedCommand, Operand, CompletedOption } from './completion/words.ts'
import type { Declare } from './world.ts'

const printers = { bash, zsh, fish } as const

/** A profile is a file or one of these. */
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
      world.stdout.write(printers[shell]((command.parent?.commands ?? []).map(wordsOf), builtinWords))
      end(0)
    })
}

function wordsOf(command: Command): CompletedCommand {
  const [operand] = command.registeredArguments
  return {
    name: command.name(),
    summary: command.description(),
    options: command.createHelp().visibleOptions(command).map(optionWords),
    operand: operand?.argChoices ?? operandOf(operand?.name() ?? ''),
  }
}

function optionWords(option: Option): CompletedOption {
  const value = /[<[](.+?)[>\]]/.exec(option.flags)?.[1]
  return {
    names: [option.short, option.long].flatMap((name) => name ?? []),
    summary: option.description,
    ...(value !== undefined && { value: option.argChoices ?? operandOf(value) }),
  }
}

/** What is written there, from the name that usage gives it. */
function operandOf(name: string): Operand {
  if (/^(?:profile|base|head)/.test(name)) return 'profile'
  if (/^(?:file|path)/.test(name)) return 'file'
  return name === 'cmd' ? 'command' : 'nothing'
}
