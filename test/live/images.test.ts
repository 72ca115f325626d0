// Debian's nginx, redis, python3 and busybox, each in a container of a real engine: recorded once at work, then run at
// the same work under the written profile, with Docker and Podman, under runc and crun, with and without
// no-new-privileges. Prints the number of calls that each profile allows, and that of the oci-seccomp-bpf-hook.
import { execa, type ResultPromise } from 'execa'
import { chownSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import t from 'tap'
import {
  builtinProfile,
  compareProfiles,
  derivePolicy,
  parseProfile,
  type Change,
  type Observations,
} from '../../src/index.ts'
import { needsShared, sharedText } from '../shared.ts'
import { noEbpf, plainEnvironment, seccompGen } from './command.ts'
import { importImage, startEngines, type Engine, type Runtime, type Words } from './engines.ts'
import { rootfs } from './rootfs.ts'
import { skipFile } from './skip.ts'

const reason =
  process.getuid?.() === 0
    ? await noEbpf()
    : 'containers of Docker are run as root here, and this is not root'
skipFile(reason)

t.setTimeout(600_000)
t.jobs = 2
const work = mkdtempSync('/tmp/sg-images-')
const at = (...names: string[]): string => join(work, ...names)
const quietly = {
  env: { ...plainEnvironment, TMPDIR: work },
  reject: false,
  stdin: 'ignore',
  cwd: work,
  timeout: 120_000,
} as const

const run = ([first, ...rest]: Words) => execa(first, rest, quietly)

interface Image {
  /** The engine that runs it for the recording, if that engine is here. */
  readonly recordedIn: 'docker' | 'podman'
  /** Patterns of dpkg-query. */
  readonly packages: readonly string[]
  /** Adds to the packages' files. */
  readonly prepare?: (root: string) => void
  readonly options?: readonly string[]
  readonly command: Words
  /** Talks to the program from outside, in its network namespace; returns what must be the same every time. */
  readonly talk?: (inside: (words: Words) => ResultPromise<typeof quietly>) => Promise<string>
  /** The signal that ends it gracefully; absent: it ends by itself. */
  readonly stop?: string
  /** A pattern of its output if all went well. */
  readonly says: RegExp
  /** The hook's profile of the same kind of container, for each runtime. */
  readonly hook?: { readonly runc: string; readonly crun: string }
}

const site = `server {
  listen 80 default_server;
  root /usr/share/nginx/html;
  location /copy { proxy_pass http://127.0.0.1:80/; }
}`
const requests = `
const answers = []
for (const [path, init] of [['/', {}], ['/none', {}], ['/', { method: 'HEAD' }], ['/', { headers: { range: 'bytes=5-9' } }], ['/copy', {}]]) {
  const answer = await fetch('http://127.0.0.1' + path, init)
  answers.push(answer.status + ' ' + (await answer.text()).length)
}
console.log(answers.join(', '))`
const script = `
import asyncio, concurrent.futures, http.server, multiprocessing, os, socket, subprocess, sys, tempfile, threading, urllib.request
class Page(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200); self.end_headers(); self.wfile.write(b'page')
    def log_message(self, *words): pass
server = http.server.ThreadingHTTPServer(('127.0.0.1', 8080), Page)
threading.Thread(target=server.serve_forever, daemon=True).start()
def fetch(n): return urllib.request.urlopen('http://127.0.0.1:8080/%d' % n).read()
with concurrent.futures.ThreadPoolExecutor(8) as pool: pages = list(pool.map(fetch, range(64)))
server.shutdown()
one, other = socket.socketpair()
one.sendall(b'pair'); pair = other.recv(4)
child = subprocess.run([sys.executable, '-c', 'print(6 * 7)'], capture_output=True, text=True, check=True).stdout.strip()
shell = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)']); shell.terminate(); shell.wait()
async def later():
    process = await asyncio.create_subprocess_exec(sys.executable, '-c', '', stdout=subprocess.PIPE)
    return await process.wait()
async_status = asyncio.run(later())
with multiprocessing.get_context('fork').Pool(2) as pool: squares = pool.map(abs, [-1, -2, -3])
with tempfile.NamedTemporaryFile() as file:
    file.write(b'x' * 100000); file.flush(); os.fsync(file.fileno()); size = os.stat(file.name).st_size
print(set(pages), pair, child, async_status, squares, size, 'done')
`

const images: Readonly<Record<string, Image>> = {
  nginx: {
    recordedIn: 'docker',
    packages: ['nginx', 'nginx-common'],
    prepare: (root) => {
      writeFileSync(join(root, 'etc/nginx/sites-enabled/default'), site)
      mkdirSync(join(root, 'usr/share/nginx/html'), { recursive: true })
      writeFileSync(join(root, 'usr/share/nginx/html/index.html'), 'Welcome\n'.repeat(2000))
    },
    command: ['nginx', '-g', 'daemon off; error_log /dev/stderr notice;'],
    talk: async (inside) =>
      untilDone(() => inside([process.execPath, '--input-type=module', '-e', requests]), /^200 /),
    stop: 'QUIT',
    says: /gracefully shutting down[^]*exited with code 0/,
  },
  redis: {
    recordedIn: 'podman',
    packages: ['redis-server', 'redis-tools'],
    prepare: (root) => chownSync(join(root, 'data'), 33, 33),
    options: ['--user', '33:33', '--workdir', '/data'],
    command: ['redis-server', '--save', '60', '1', '--appendonly', 'yes'],
    talk: async (inside) => {
      const asked = (...words: readonly string[]) => inside(['redis-cli', ...words])
      await untilDone(() => asked('PING'), /^PONG$/)
      const answers = []
      for (const words of ['SET name value', 'GET name', 'LPUSH list a b c', 'EXPIRE list 1', 'BGSAVE'])
        answers.push((await asked(...words.split(' '))).stdout)
      await untilDone(() => asked('INFO', 'persistence'), /rdb_saves:[1-9]/)
      answers.push((await asked('EVAL', 'return redis.call("GET", "name")', '0')).stdout)
      return answers.join(', ')
    },
    stop: 'TERM',
    says: /DB saved on disk[^]*bye bye/,
  },
  python3: {
    recordedIn: 'docker',
    packages: [
      'python3-minimal',
      'python3.[0-9]*-minimal',
      'libpython3.[0-9]*-minimal',
      'libpython3.[0-9]*-stdlib',
    ],
    command: ['python3', '-c', script],
    says: /^\{b'page'\} b'pair' 42 0 \[1, 2, 3\] 100000 done$/m,
    hook: { runc: 'python3-web-runc', crun: 'python3-web' },
  },
  busybox: {
    recordedIn: 'podman',
    packages: ['busybox-static'],
    command: ['busybox', 'ls', '-la', '/'],
    says: /bin/,
    hook: { runc: 'ls', crun: 'ls-crun' },
  },
}

/** Asks until the answer has this shape, because a program needs time to start. */
async function untilDone(
  ask: () => ResultPromise<typeof quietly>,
  shape: RegExp,
  patience = 150,
): Promise<string> {
  let last = ''
  for (let tries = 0; tries < patience; tries++) {
    const { stdout, stderr } = await ask()
    if (shape.test(stdout)) return stdout
    last = `${stdout}${stderr}`
    await wait(100)
  }
  throw new Error(`never answered: ${last}`)
}

const { engines, end } = await startEngines(work)
const made = new Map<string, string | undefined>()
for (const [name, { packages, prepare }] of Object.entries(images)) {
  const root = at('images', name)
  made.set(name, await rootfs(root, packages))
  if (made.get(name) === undefined) prepare?.(root)
}

let containers = 0
/** Runs the image at its work; `before` stands before the client's words. */
async function atWork(
  name: string,
  { command, talk, stop, options = [] }: Image,
  engine: Engine,
  runtime: Runtime,
  {
    before = [],
    security = [],
  }: { readonly before?: readonly string[]; readonly security?: readonly string[] },
) {
  const container = `seccomp-gen-images-${process.pid}-${++containers}`
  const client = engine.client(runtime)
  const words = ['run', '--rm', '--name', container, '--network', 'none', ...engine.options(runtime)]
  const running = run([
    ...before,
    ...client,
    ...words,
    ...options,
    ...security,
    `seccomp-gen-${name}`,
    ...command,
  ] as unknown as Words)
  let answers = ''
  if (talk !== undefined) {
    const over = new AbortController()
    void running.then(() => over.abort())
    const inspect: Words = [...client, 'inspect', '--format', '{{.State.Pid}}', container]
    let pid = 0
    for (; !over.signal.aborted && pid === 0; await wait(100)) pid = Number((await run(inspect)).stdout)
    const inside = (words: Words) => run(['nsenter', '--net', '--target', String(pid), ...words])
    answers = await talk(inside).catch((error: Error) => error.message)
    await run([...client, 'kill', '--signal', stop ?? 'KILL', container])
  }
  const { exitCode, stdout, stderr } = await running
  return { exitCode, answers, output: `${stdout}\n${stderr}` }
}

const allowedBy = (text: string): readonly string[] => {
  const { syscalls } = JSON.parse(text) as {
    syscalls: readonly { names: readonly string[]; action: string }[]
  }
  return [
    ...new Set(syscalls.filter(({ action }) => action === 'SCMP_ACT_ALLOW').flatMap(({ names }) => names)),
  ]
}
const withoutFloor = (observations: Observations): number =>
  derivePolicy(observations, { runtime: 'none' }).rules.filter(({ action }) => action.type === 'allow').length

const theDefault = builtinProfile('docker').profile
/** The changes by which a profile is wider than the engines' default. */
function widerThanDefault(text: string): readonly Change[] {
  const { changes } = compareProfiles(theDefault, parseProfile(text))
  return changes.filter(({ direction }) => direction === 'wider')
}

for (const [name, image] of Object.entries(images)) {
  const here = engines.filter(([, { why }]) => why === undefined)
  const [engineName, engine] = here.find(([each]) => each === image.recordedIn) ?? here[0] ?? engines[0]
  t.test(
    `${name}: recorded once with ${engineName}, then run under its profile`,
    { skip: engine.why ?? made.get(name) ?? false },
    async (t) => {
      const [profile, seen] = [at(`${name}.json`), at(`${name}.seen.json`)]
      await importImage(engine, `seccomp-gen-${name}`, at('images', name))
      const trace = [...seccompGen, 'trace', '-o', profile, '--observations', seen, '--']
      const recorded = await atWork(name, image, engine, 'runc', { before: trace })
      if (!t.equal(recorded.exitCode, 0, 'it ends well while it is recorded')) t.comment(recorded.output)
      t.match(recorded.output, image.says, 'having done its work')

      const text = readFileSync(profile, 'utf8')
      const observations = JSON.parse(readFileSync(seen, 'utf8')) as Observations
      const wider = widerThanDefault(text)
      for (const { syscall, architecture, before, after, args } of wider)
        t.comment(
          `wider than the default: ${architecture} ${syscall}(${args.join(', ')}) ${before.action} -> ${after.action}`,
        )
      t.strictSame(
        wider
          .filter(
            ({ id, architecture, syscall }) =>
              id === 'arguments-allowed' || observations.architectures[architecture]?.[syscall] === undefined,
          )
          .map(({ id, architecture, syscall }) => `${id} ${architecture} ${syscall}`),
        [],
        'allows no call that the default refuses, unless the container made it; and no argument that it refuses',
      )
      const allowed = allowedBy(text)
      t.comment(`${name}: ${allowed.length} calls allowed, ${withoutFloor(observations)} with --runtime none`)
      for (const [runtime, file] of Object.entries(needsShared.skip === false ? (image.hook ?? {}) : {})) {
        const hook = allowedBy(sharedText(`traces/recorded/hook/${file}.json`))
        const more = hook.filter((each) => !allowed.includes(each))
        t.comment(`the hook, under ${runtime}: ${hook.length}; not in ours: ${more.join(' ')}`)
      }

      for (const [runName, where] of here) {
        if (where !== engine) await importImage(where, `seccomp-gen-${name}`, at('images', name))
        for (const runtime of ['runc', 'crun'] as const) {
          for (const privileges of [[], ['--security-opt', 'no-new-privileges']]) {
            const security = [...privileges, '--security-opt', `seccomp=${profile}`]
            const again = await atWork(name, image, where, runtime, { security })
            const how = [runName, runtime, ...privileges.slice(1)].join(' ')
            if (!t.equal(again.exitCode, 0, how)) t.comment(again.output)
            t.equal(again.answers, recorded.answers, `${how}: the same answers`)
            t.match(again.output, image.says, `${how}: the same work`)
          }
        }
      }
    },
  )
}

t.teardown(end)
