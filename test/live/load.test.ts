// `--load`: a server gets its load once it is ready and is stopped as in production; the load's status counts.
import { execa } from 'execa'
import { chmodSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import t from 'tap'
import { noEbpf, noStrace } from './command.ts'
import { skipFile } from './skip.ts'

skipFile(await noEbpf())
t.setTimeout(600_000)
const { allowed, at, close, engines, leftovers, node, quietly, words } = await import('./containers.ts')
t.teardown(close)
const noStraceHere = (await noStrace()) ?? false
const busybox = (await execa('busybox', ['true'], { reject: false })).failed ? 'no busybox' : false

const script = (name: string, text: string): string => {
  writeFileSync(at(name), `#!/bin/sh\n${text}\n`)
  chmodSync(at(name), 0o755)
  return at(name)
}
const ours = (...more: readonly string[]) => execa(node, [...words, ...more], quietly)
/** A free port. */
async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { port: number }
  await new Promise((resolve) => server.close(resolve))
  return port
}
const port = await freePort()
const server = ['busybox', 'httpd', '-f', '-p', `127.0.0.1:${port}`] as const
const fetching = script('fetch', `exec busybox wget -q -O /dev/null http://127.0.0.1:${port}/filter-none`)
const served = script('served', `busybox wget -q -O - http://127.0.0.1:${port}/page; exit $1`)
writeFileSync(at('page'), 'the page\n')

for (const recorder of ['ebpf', 'strace'] as const)
  t.test(
    `${recorder}: the load begins when the server listens, and ends it`,
    { skip: busybox || (recorder === 'strace' && noStraceHere) },
    async (t) => {
      const profile = at(`${recorder}.json`)
      const record = (status: string) =>
        ours('trace', '--recorder', recorder, '--load', `${served} ${status}`, '-o', profile, '--', ...server)
      const loaded = await record('0')
      t.equal(loaded.exitCode, 0, loaded.stderr)
      t.match(loaded.stderr, /ready after \d+\.\d s: the load begins/)
      t.match(loaded.stderr, /^the page$/m, 'what the load writes is no result')
      t.match(
        loaded.stderr,
        /not seen in this run: .*SIGHUP, SIGUSR1, its own end \(SIGTERM ended it, without a handler\)/,
      )
      t.equal(loaded.stdout, '')
      t.ok(allowed(profile).includes('accept') || allowed(profile).includes('accept4'))
      const failed = await record('7')
      t.equal(failed.exitCode, 7)
      t.match(failed.stderr, /the load ended with status 7/)
      t.match(failed.stderr, /the load failed with status 7: the profile holds only/)
    },
  )

t.test('a condition of the user’s', { skip: busybox }, async (t) => {
  const ready = script('ready', `echo asked >>${at('asked')}; test $(wc -l <${at('asked')}) -ge 3`)
  const load = script('pid', `test -d /proc/$SECCOMP_GEN_PID && tr '\\0' ' ' </proc/$SECCOMP_GEN_PID/cmdline`)
  const found = await ours('trace', '--load', load, '--ready', ready, '-o', at('x.json'), '--', 'sleep', '60')
  t.equal(found.exitCode, 0, found.stderr)
  t.match(found.stderr, /^sleep 60 /m)
  t.equal(readFileSync(at('asked'), 'utf8'), 'asked\nasked\nasked\n')
})

t.test('what ends before it is ready', async (t) => {
  for (const [command, status, account, failure] of [
    [
      'true',
      125,
      /; the command ended before the load ran$/m,
      /the command ended before the load ran: the profile holds/,
    ],
    [
      'false',
      1,
      /; the command ended with status 1, before the load ran$/m,
      /the command failed with status 1: the profile/,
    ],
  ] as const) {
    const found = await ours('trace', '--load', 'true', '--ready', 'false', '-o', at('x.json'), '--', command)
    t.equal(found.exitCode, status, command)
    t.match(found.stderr, account)
    t.match(found.stderr, failure)
  }
  const outlived = [
    '--load',
    'sleep 1',
    '--ready',
    'true',
    '-o',
    at('x.json'),
    '--',
    'sh',
    '-c',
    'sleep 0.5; exit 9',
  ] as const
  const early = await ours('trace', ...outlived)
  t.equal(early.exitCode, 0, 'the load decides')
  t.match(early.stderr, /; the command ended with status 9, before the load did$/m)
  t.notMatch(early.stderr, /before it was asked to end/)
  const missing = await ours('trace', '--load', './nowhere', '--', 'touch', at('touched'))
  t.equal(missing.exitCode, 125)
  t.match(missing.stderr, /^seccomp-gen: \.\/nowhere: not found$/m)
  t.throws(() => readFileSync(at('touched')), 'nothing was started')
})

t.test('several runs, and what they say of the next', { skip: busybox }, async (t) => {
  const found = await ours(
    'trace',
    '--repeat',
    '3',
    '--load',
    fetching,
    '--observations',
    at('runs.json'),
    '-o',
    at('x.json'),
    '--',
    ...server,
  )
  t.not(found.exitCode, 0, 'the page is not there')
  t.match(found.stderr, /^seccomp-gen: 3 runs: \d+ of \d+ calls in every run/m)
  t.equal((JSON.parse(readFileSync(at('runs.json'), 'utf8')) as { runs: number }).runs, 3)
})

t.test('verify drives every round', { skip: busybox }, async (t) => {
  const profile = at('verified.json')
  const record = await ours('trace', '--load', `${served} 0`, '-o', profile, '--', ...server)
  t.equal(record.exitCode, 0, record.stderr)
  const full = readFileSync(profile, 'utf8')
  const verify = (...more: readonly string[]) =>
    ours('verify', ...more, '--load', `${served} 0`, profile, '--', ...server)
  const suffices = await verify()
  t.equal(suffices.exitCode, 0, suffices.stdout + suffices.stderr)
  t.match(suffices.stdout, /suffices: nothing was refused/)
  // httpd makes these calls for a request only.
  const lacking = full.replace(/^.*"(?:vfork|fork|sendfile|shutdown)",?\n/gm, '')
  writeFileSync(profile, lacking)
  const refused = await verify()
  t.not(refused.exitCode, 0)
  const [, calls = ''] = /refuses \d+ calls? that the program made: (.*) \(seen/.exec(refused.stdout) ?? []
  t.match(calls, /fork|sendfile|shutdown/)
  const repaired = await verify('--repair', '-o', profile)
  t.equal(repaired.exitCode, 0, repaired.stdout + repaired.stderr)
  for (const call of calls.split(', ')) t.ok(allowed(profile).includes(call), call)
})

for (const [engine, why, client, options] of engines)
  t.test(`${engine}: the container is stopped as its engine stops it`, { skip: why ?? false }, async (t) => {
    const inside = 'trap "echo asked to reload; exit 3" USR1; httpd -f -p 80 -h / & while :; do sleep 1; done'
    const load = script(
      `${engine}-load`,
      `set -e
${client.join(' ')} exec $SECCOMP_GEN_CONTAINER sh -c 'wget -q -O - http://127.0.0.1/etc/page'
nsenter -t $SECCOMP_GEN_PID -n true`,
    )
    const profile = at(`${engine}.json`)
    const run = ['run', '--rm', '--network', 'none', '--stop-signal', 'SIGUSR1', ...options]
    const recorder = execa(
      node,
      [
        ...words,
        'trace',
        '--load',
        load,
        '-o',
        profile,
        '--',
        ...client,
        ...run,
        'seccomp-gen-test',
        'sh',
        '-c',
        `echo the page >/etc/page; ${inside}`,
      ],
      quietly,
    )
    const found = await recorder
    t.equal(found.exitCode, 0, found.stderr)
    t.match(found.stderr, /^the page$/m)
    t.match(found.stdout, /asked to reload/, 'by its own stop signal')
    t.match(found.stderr, /last new call \d+ s before it was asked to end: \w+/)
    const [, missing] = /not seen in this run: (.*)/.exec(found.stderr) ?? []
    t.match(missing, /SIGHUP/)
    t.notMatch(missing, /SIGUSR1|child process|another program/, 'it was sent, and the shell starts others')
    t.ok(allowed(profile).includes('accept') || allowed(profile).includes('accept4'))
    t.strictSame(leftovers(recorder.pid), [])
  })
