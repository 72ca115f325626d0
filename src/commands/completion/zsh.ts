// For zsh's completion system. Authority: zshcompsys(1), _arguments.
import {
  quoted,
  type CompletedCommand,
  type CompletedOption,
  type KnownWords,
  type Operand,
} from './words.ts'

export function zsh(commands: readonly CompletedCommand[], { builtins, calls }: KnownWords): string {
  const names = commands.map(({ name, summary }) => `    ${quoted(`${name}:${plain(summary)}`)}`)
  return `#compdef seccomp-gen
_seccomp_gen() {
  local -a commands
  commands=(
${names.join('\n')}
  )
  if ((CURRENT == 2)); then
    _describe command commands
    return
  fi
  local i
  for ((i = 3; i < CURRENT; i++)); do
    [[ \${words[i]} == -- ]] || continue
    shift $i words
    ((CURRENT -= i))
    _normal
    return
  done
  local command=\${words[2]}
  shift words
  ((CURRENT--))
  case $command in
    help) _describe command commands ;;
${commands.map(section).join('\n')}
  esac
}
_seccomp_gen_profiles() {
  _alternative 'builtins:built-in profile:(${builtins.join(' ')})' 'files:file:_files'
}
_seccomp_gen_calls() {
  local -a calls
  calls=(${calls.join(' ')})
  compadd -a calls
}
if [[ \${funcstack[1]} == _seccomp_gen ]]; then _seccomp_gen "$@"; else compdef _seccomp_gen seccomp-gen; fi
`
}

function section({ name, options, operands }: CompletedCommand): string {
  const last = operands.length - 1
  const places = operands.map((operand, index) =>
    quoted(`${index === last ? '*' : index + 1}:${name}:${action(operand)}`),
  )
  const specs = [...options.map(optionSpec), ...places]
  return `    ${name})
      _arguments -S \\
        ${specs.join(' \\\n        ')} ;;`
}

function optionSpec({ names, summary, value }: CompletedOption): string {
  const what = `[${plain(summary)}]${value === undefined ? '' : `:value:${action(value)}`}`
  // _arguments: `=` allows the value in the same word.
  const spelled = names.map((each) => (value !== undefined && each.startsWith('--') ? `${each}=` : each))
  const [only = ''] = spelled
  // Every option may repeat: the command itself refuses a repetition.
  return names.length === 1 ? quoted(`*${only}${what}`) : `'*'{${spelled.join(',')}}${quoted(what)}`
}

function action(operand: Operand): string {
  if (operand === 'nothing') return ' '
  if (operand === 'file') return '_files'
  if (operand === 'profile') return '_seccomp_gen_profiles'
  if (operand === 'call') return '_seccomp_gen_calls'
  if (operand === 'command') return '_command_names -e'
  return `(${operand.join(' ')})`
}

/** The text without characters that _arguments and _describe interpret. */
function plain(text: string): string {
  return text.replace(/[[\]:\\]/g, ' ')
}
