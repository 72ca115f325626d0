// For fish 3 and later. Authority: fish's complete(1).
import { quoted, type CompletedCommand, type Operand } from './words.ts'

export function fish(commands: readonly CompletedCommand[], builtins: readonly string[]): string {
  const names = commands.map(({ name }) => name).join(' ')
  const lines = commands.flatMap((command) => [
    `complete -c seccomp-gen -n '__fish_use_subcommand' -f -a ${command.name} -d ${quoted(command.summary)}`,
    ...sectionOf(command),
  ])
  return `# fish completion of seccomp-gen
function __seccomp_gen_profiles
  printf '%s\\n' ${builtins.join(' ')}
end
complete -c seccomp-gen -f
complete -c seccomp-gen -n '__fish_use_subcommand' -f -a help -d 'show how to use a command'
complete -c seccomp-gen -n '__fish_seen_subcommand_from help' -f -a '${names}'
${lines.join('\n')}
`
}

function sectionOf({ name, options, operand }: CompletedCommand): readonly string[] {
  const here = `complete -c seccomp-gen -n '__fish_seen_subcommand_from ${name}'`
  const flags = options.map(({ names, summary, value }) => {
    const spelled = names.map((each) =>
      each.startsWith('--') ? `-l ${each.slice(2)}` : `-s ${each.slice(1)}`,
    )
    const takes = value === undefined ? [] : ['-r', answer(value)]
    return [here, ...spelled, ...takes, '-d', quoted(summary)].join(' ')
  })
  return [...flags, ...(operand === 'nothing' ? [] : [`${here} ${answer(operand)}`])]
}

function answer(operand: Operand): string {
  if (operand === 'nothing') return '-f'
  if (operand === 'file') return '-F'
  if (operand === 'profile') return `-F -a '(__seccomp_gen_profiles)'`
  if (operand === 'command') return `-f -a '(__fish_complete_subcommand)'`
  return `-f -a ${quoted(operand.join(' '))}`
}
