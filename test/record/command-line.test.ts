// The program that a command runs: a table of command lines as people write them.
import t from 'tap'
import { runsContainer } from '../../src/record/command/clients.ts'
import { privilegeRaiser, programOfStrace, readCommand } from '../../src/record/command/starters.ts'

const programs: readonly (readonly [line: string, program: string])[] = [
  ['ls -l', 'ls'],
  ['/usr/bin/ls -- -n', 'ls'],
  ['sudo ls', 'ls'],
  ['sudo -n true', 'true'],
  ['sudo -nE false', 'false'],
  ['sudo -nu bob ls', 'ls'],
  ['sudo -ubob ls', 'ls'],
  ['sudo -u -odd ls', 'ls'],
  ['sudo --user bob -- ls -x -- y', 'ls'],
  ['sudo --preserve-env=A,B X=1 Y= ls', 'ls'],
  ['sudo -- -strange', '-strange'],
  ['sudo env -i A=b nice -n 5 timeout -k 5 10 ls', 'ls'],
  ['env - PATH=/bin ls', 'ls'],
  ['env -uHOME -C /tmp ls', 'ls'],
  ['env', 'env'],
  ['env A=b', 'env'],
  ['timeout 5', 'timeout'],
  ['timeout --signal=KILL 5s sleep 9', 'sleep'],
  ['nohup setsid -w stdbuf -oL ls', 'ls'],
  ['taskset -c 0,1 ls', 'ls'],
  ['chrt -f 10 ls', 'ls'],
  ['setpriv --reuid=65534 --clear-groups ls', 'ls'],
  ['gosu nobody ls', 'ls'],
  ['tini -- ls', 'ls'],
  ['time -f %e ls', 'ls'],
  ['strace -f ls', 'strace'],
]

t.test('the program behind the programs that start it', async (t) => {
  for (const [line, program] of programs) {
    const words = line.split(' ')
    const reading = readCommand(words)
    t.equal(reading.kind === 'program' ? reading.name : reading.kind, program, line)
    if (reading.kind === 'program')
      t.ok(words[reading.at]?.endsWith(program), `${line}: the place is the word's`)
  }
})

t.test('an option nobody told us of is not guessed', async (t) => {
  for (const [line, at] of [
    ['sudo --weird v ls', 1],
    ['sudo -w ls', 1],
    ['sudo -nw v ls', 1],
    ['sudo -n env --frobnicate ls', 3],
    ['nice -10 ls', 1],
    ['env -S "ls -l"', 1],
    ['sudo --no-user x ls', 1],
    ['sudo -u', 1],
  ] as const) {
    const reading = readCommand(line.split(' '))
    t.match(reading, { kind: 'unread', at }, line)
  }
})

t.test('words are data: names of object properties, empty words, numbers', async (t) => {
  for (const line of [
    ['__proto__'],
    ['constructor', '-x'],
    [''],
    ['5', '0x10'],
    ['sudo', '--__proto__', 'a'],
  ]) {
    t.doesNotThrow(() => readCommand(line))
    t.equal(runsContainer(line, 0), false)
  }
})

t.test('the program given to strace', async (t) => {
  for (const [line, program] of [
    ['strace ls', 'ls'],
    ['strace -f -o out ls -l', 'ls'],
    ['strace -fotrace.txt ls', 'ls'],
    ['strace -fe trace=file -s 99 -- ls', 'ls'],
    ['strace --follow-forks --output=x ls', 'ls'],
    ['strace -p 1', undefined],
    ['strace --unheard-of x ls', undefined],
  ] as const) {
    const words = line.split(' ')
    const at = programOfStrace(words, 0)
    t.equal(at === undefined ? undefined : words[at], program, line)
  }
})

t.test('container clients that are about to run a container', async (t) => {
  for (const [line, expected] of [
    ['docker run --rm alpine true', true],
    ['docker -H unix:///x --debug run alpine', true],
    ['docker -Hunix:///x exec c true', true],
    ['docker container start c', true],
    ['docker compose -f x.yml up', true],
    ['docker compose ps', false],
    ['docker --unheard-of v ps', false],
    ['docker --unheard-of v run x', true],
    ['docker --version', false],
    ['docker ps', false],
    ['docker image ls', false],
    ['docker', false],
    ['podman --runtime runc run --rm x', true],
    ['podman images', false],
    ['nerdctl -n k8s.io run x', true],
    ['docker-compose up', true],
    ['kubectl exec pod -- true', true],
    ['kubectl get pods', false],
    ['runc run x', true],
    ['runc --version', false],
    ['ctr task exec x', true],
    ['systemd-run true', true],
    ['ls docker run', false],
  ] as const) {
    t.equal(runsContainer(line.split(' '), 0), expected, line)
  }
})

t.test('programs that raise privileges', async (t) => {
  for (const [line, expected] of [
    ['sudo ls', 'sudo'],
    ['env A=1 sudo ls', 'sudo'],
    ['sudo --weird ls', 'sudo'],
    ['su -c ls', 'su'],
    ['ls sudo', undefined],
  ] as const) {
    t.equal(privilegeRaiser(readCommand(line.split(' '))), expected, line)
  }
})
