// For bash 4 and later, with or without bash-completion. Authority: bash(1), "Programmable Completion".
import { quoted, type CompletedCommand, type KnownWords, type Operand } from './words.ts'

export function bash(commands: readonly CompletedCommand[], { builtins, calls }: KnownWords): string {
  const names = [...commands.map(({ name }) => name), 'help', '--help', '--version']
  return `# bash completion of seccomp-gen
_seccomp_gen() {
  local word=\${COMP_WORDS[COMP_CWORD]} before=\${COMP_WORDS[COMP_CWORD-1]} command=\${COMP_WORDS[1]} engine= valued= position=0 i
  # COMP_WORDBREAKS holds @: docker@28 comes as three words, and the last is completed.
  if [[ $word == @ ]] && ((COMP_CWORD > 2)); then
    engine=$before@ word=$before@ before=\${COMP_WORDS[COMP_CWORD-2]}
  elif [[ $before == @ ]] && ((COMP_CWORD > 3)); then
    engine=\${COMP_WORDS[COMP_CWORD-2]}@ word=\${COMP_WORDS[COMP_CWORD-2]}@$word before=\${COMP_WORDS[COMP_CWORD-3]}
  fi
  # It holds = too: --recorder=s comes as three words.
  if [[ $word == = ]]; then word=
  elif [[ $before == = ]]; then before=\${COMP_WORDS[COMP_CWORD-2]}
  fi
  COMPREPLY=()
  if ((COMP_CWORD == 1)); then
    COMPREPLY=($(compgen -W ${quoted(names.join(' '))} -- "$word"))
    return
  fi
  for ((i = 2; i < COMP_CWORD; i++)); do
    [[ \${COMP_WORDS[i]} == -- ]] || continue
    if declare -F _command_offset >/dev/null; then _command_offset $((i + 1))
    elif ((COMP_CWORD == i + 1)); then mapfile -t COMPREPLY < <(compgen -c -- "$word")
    else mapfile -t COMPREPLY < <(compgen -f -- "$word"); fi
    return
  done
  case $command in
    help) COMPREPLY=($(compgen -W ${quoted(commands.map(({ name }) => name).join(' '))} -- "$word")) ;;
${commands.map(section).join('\n')}
  esac
  COMPREPLY=("\${COMPREPLY[@]#"$engine"}")
}
# How many operands stand before the word, where the options of the command that take a value are known.
_seccomp_gen_position() {
  for ((i = 2; i < COMP_CWORD; i++)); do
    case \${COMP_WORDS[i]} in -* | @ | =) continue ;; esac
    [[ \${COMP_WORDS[i-1]} == [@=] || " $valued " == *" \${COMP_WORDS[i-1]} "* ]] || ((position++))
  done
  [[ -z $engine ]] || ((position--))
}
_seccomp_gen_calls() {
  COMPREPLY=($(compgen -W ${quoted(calls.join(' '))} -- "$1"))
}
_seccomp_gen_profiles() {
  mapfile -t COMPREPLY < <(compgen -W ${quoted(builtins.join(' '))} -- "$1"; compgen -f -- "$1")
}
complete -o filenames -F _seccomp_gen seccomp-gen
`
}

function section({ name, options, operands }: CompletedCommand): string {
  const values = options.flatMap(({ names, value }) =>
    value === undefined ? [] : [`        ${names.join('|')}) ${answer(value)} ;;`],
  )
  const valued = options.flatMap(({ names, value }) => (value === undefined ? [] : names))
  const words = options.flatMap((option) => option.names).join(' ')
  return `    ${name})
      case $before in
${values.join('\n')}${values.length > 0 ? '\n' : ''}        *)
          if [[ $word == -* ]]; then COMPREPLY=($(compgen -W ${quoted(words)} -- "$word"))
          else ${operandsAnswer(operands, valued)} fi
          ;;
      esac
      ;;`
}

function operandsAnswer(operands: CompletedCommand['operands'], valued: readonly string[]): string {
  const last = operands.length - 1
  if (last === 0) return answer(operands[0])
  const cases = operands.map((each, index) => `${index === last ? '*' : index}) ${answer(each)} ;;`)
  return `valued=${quoted(valued.join(' '))}; _seccomp_gen_position; case $position in ${cases.join(' ')} esac;`
}

function answer(operand: Operand): string {
  if (operand === 'nothing') return ':;'
  // mapfile reads one name a line, because names can contain blanks and patterns.
  if (operand === 'file') return 'mapfile -t COMPREPLY < <(compgen -f -- "$word");'
  if (operand === 'profile') return '_seccomp_gen_profiles "$word";'
  if (operand === 'call') return '_seccomp_gen_calls "$word";'
  if (operand === 'command') return 'mapfile -t COMPREPLY < <(compgen -c -- "$word");'
  return `COMPREPLY=($(compgen -W ${quoted(operand.join(' '))} -- "$word"));`
}
