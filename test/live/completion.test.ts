// `completion` in the real shells: the words that each shell offers.
import { execa } from 'execa'
import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { plainEnvironment, seccompGen } from './command.ts'

// A shell must neither split these names nor run what they say.
const hostile = ['sp ace.json', 'st*r.json', 'dol$(touch pwned).json']
const directory = t.testdir({ 'app.json': '{}', ...Object.fromEntries(hostile.map((each) => [each, '{}'])) })
const [node, ...words] = seccompGen

const offers: readonly (readonly [line: string, offered: readonly string[]])[] = [
  ['seccomp-gen gen', ['generate']],
  ['seccomp-gen trace --rec', ['--recorder']],
  ['seccomp-gen trace --recorder s', ['strace']],
  ['seccomp-gen generate -o app', ['app.json']],
  ['seccomp-gen diff app', ['app.json']],
  ['seccomp-gen validate sp', ['sp ace.json']],
  ['seccomp-gen validate st', ['st*r.json']],
  ['seccomp-gen validate dol', ['dol$(touch pwned).json']],
  ['seccomp-gen diff sp', ['sp ace.json']],
  ['seccomp-gen observe -o sp', ['sp ace.json']],
  ['seccomp-gen diff podman@4', ['podman@4.0', 'podman@4.1', 'podman@4.2']],
  ['seccomp-gen generate --within cri-o@1.24', ['cri-o@1.24']],
  ['seccomp-gen completion ', ['bash', 'fish', 'zsh']],
  ['seccomp-gen eval docker io_uring_se', ['io_uring_setup']],
  ['seccomp-gen eval --arch x86_64 docker io_uring_se', ['io_uring_setup']],
  ['seccomp-gen explain --cap none app.json --cap all io_uring_se', ['io_uring_setup']],
  ['seccomp-gen syscalls io_uring_se', ['io_uring_setup']],
  ['seccomp-gen generate --runtime r', ['runc']],
  ['seccomp-gen diff --cap CAP_BP', ['CAP_BPF']],
  ['seccomp-gen diff --report gitl', ['gitlab']],
  ['seccomp-gen trace --recorder=s', ['strace']],
  ['seccomp-gen trace -- /usr/bin/basena', ['/usr/bin/basename']],
]

const scripts = {
  bash: `source completion.bash
COMP_WORDS=(\${1//=/ = }); [[ $1 == *' ' ]] && COMP_WORDS+=(''); COMP_CWORD=$((\${#COMP_WORDS[@]} - 1))
_seccomp_gen; printf '%s\\n' "\${COMPREPLY[@]}"`,
  fish: `source completion.fish; complete -C $argv[1] | string replace -r '\\t.*' ''`,
  // Runs another zsh in a pseudo-terminal, where the Tab key can be pressed.
  zsh: `zmodload zsh/zpty
zpty z zsh -f -i
zpty -w z "PS1=; autoload -Uz compinit; compinit -u -D; source completion.zsh; bindkey '^I' complete-word; echo rea''dy"
while zpty -r z out '*ready*'; do break; done
zpty -w -n z "$1"$'\\t'$'\\t'
for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15; do sleep 0.1; while zpty -r -t z out; do print -r -- "$out"; done; done
zpty -d z`,
}

for (const [shell, script] of Object.entries(scripts)) {
  const there = await execa(shell, ['--version'], { reject: false })
  t.test(`${shell} completes`, { skip: there.failed ? `${shell} is not installed` : false }, async (t) => {
    const { stdout } = await execa(node, [...words, 'completion', shell], { env: plainEnvironment })
    writeFileSync(join(directory, `completion.${shell}`), `${stdout}\n`)
    for (const [line, offered] of offers) {
      const command = shell === 'fish' ? ['-c', script, line] : ['-c', script, shell, line]
      const run = await execa(shell, command, { cwd: directory, reject: false, env: { TERM: 'dumb' } })
      // zsh completes the word, or lists the words if there are several.
      if (shell === 'zsh')
        for (const each of offered)
          t.match(run.stdout, each.slice(0, 40).replaceAll(/[ $()*]/g, '\\$&'), line)
      // fish prints the whole word, with the option before it.
      else
        t.strictSame(
          [...new Set(run.stdout.split('\n'))].map((each) => each.replace(/^--.*=/, '')).sort(),
          [...offered],
          line,
        )
    }
    t.notOk(existsSync(join(directory, 'pwned')), 'nothing in a name was run')
  })
}
