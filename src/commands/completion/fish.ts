// For fish 3 and later. Authority: fish's complete(1).
import { quoted, type CompletedCommand, type KnownWords, type Operand } from './words.ts'

export function fish(commands: readonly CompletedCommand[], { builtins, calls }: KnownWords): string {
  const names = commands.map(({ name }) => name).join(' ')
  const lines = commands.flatMap((command) => [
    `complete -c seccomp-gen -n '__fish_use_subcommand' -f -a ${command.name} -d ${quoted(command.summary)}`,
    ...sectionOf(command),
  ])
  return `# fish completion of seccomp-gen
function __seccomp_gen_profiles
  printf '%s\\n' ${builtins.join(' ')}
end
function __seccomp_gen_calls
  printf '%s\\n' ${calls.join(' ')}
end
# How many operands stand before the word; the options that take a value are given.
function __seccomp_gen_position
  set -l words (commandline -opc)
  set -l count 0
  for i in (seq 3 (count $words))
    string match -q -- '-*' $words[$i]; or contains -- $words[(math $i - 1)] $argv; or set count (math $count + 1)
  end
  echo $count
end
complete -c seccomp-gen -f
complete -c seccomp-gen -n '__fish_use_subcommand' -f -a help -d 'show how to use a command'
complete -c seccomp-gen -n '__fish_seen_subcommand_from help' -f -a '${names}'
${lines.join('\n')}
`
}

function sectionOf({ name, options, operands }: CompletedCommand): readonly string[] {
  const here = `complete -c seccomp-gen -n '__fish_seen_subcommand_from ${name}'`
  const flags = options.map(({ names, summary, value }) => {
    const spelled = names.map((each) =>
      each.startsWith('--') ? `-l ${each.slice(2)}` : `-s ${each.slice(1)}`,
    )
    const takes = value === undefined ? [] : ['-r', answer(value)]
    return [here, ...spelled, ...takes, '-d', quoted(summary)].join(' ')
  })
  const valued = options.flatMap(({ names, value }) => (value === undefined ? [] : names)).join(' ')
  const last = operands.length - 1
  const places = operands.flatMap((operand, index) => {
    if (operand === 'nothing') return []
    const test = index === last ? `-ge ${index}` : `-eq ${index}`
    const where = `complete -c seccomp-gen -n '__fish_seen_subcommand_from ${name}; and test (__seccomp_gen_position ${valued}) ${test}'`
    return [`${last === 0 ? here : where} ${answer(operand)}`]
  })
  return [...flags, ...places]
}

function answer(operand: Operand): string {
  if (operand === 'nothing') return '-f'
  if (operand === 'file') return '-F'
  if (operand === 'profile') return `-F -a '(__seccomp_gen_profiles)'`
  if (operand === 'call') return `-f -a '(__seccomp_gen_calls)'`
  if (operand === 'command') return `-f -a '(__fish_complete_subcommand)'`
  return `-f -a ${quoted(operand.join(' '))}`
}
