// Real workloads under the context that harden derives from their recording, in Docker and Podman. They work under all
// layers together, and fail without one of the needed capabilities or mounts.
import { execa } from 'execa'
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import type { SecurityContext } from '../../src/index.ts'
import { noEbpf, plainEnvironment, seccompGen } from './command.ts'
import { importImage, startEngines, type Engine } from './engines.ts'
import { rootfs } from './rootfs.ts'
import { skipFile } from './skip.ts'

skipFile(
  process.getuid?.() === 0
    ? await noEbpf()
    : 'containers of Docker are run as root here, and this is not root',
)

t.setTimeout(600_000)
const work = mkdtempSync('/tmp/sg-harden-')
const at = (...names: string[]): string => join(work, ...names)
const quietly = {
  env: { ...plainEnvironment, TMPDIR: work },
  reject: false,
  stdin: 'ignore',
  cwd: work,
  timeout: 120_000,
} as const

interface Workload {
  readonly packages: readonly string[]
  readonly prepare?: (root: string) => void
  readonly script: string
  /** A pattern of its output if it worked. */
  readonly says: RegExp
  readonly needs: readonly string[]
  /** Needed in Podman only: Docker lets every user bind every port. */
  readonly needsInPodman?: readonly string[]
  readonly mounts: readonly string[]
  /** A user that can start it instead of root. */
  readonly as?: number
}

const site = 'server { listen 80 default_server; root /usr/share/nginx/html; }'
const workloads: Readonly<Record<string, Workload>> = {
  tools: {
    packages: ['busybox-static'],
    script:
      'busybox mkdir /run/app && busybox chown 33:33 /run/app && echo >/data/n && busybox chroot / /bin/busybox true && echo worked',
    says: /^worked$/m,
    needs: ['CAP_CHOWN', 'CAP_SYS_CHROOT'],
    mounts: ['/data', '/run'],
  },
  nginx: {
    packages: ['busybox-static', 'nginx', 'nginx-common'],
    prepare: (root) => {
      writeFileSync(join(root, 'etc/nginx/sites-enabled/default'), site)
      mkdirSync(join(root, 'usr/share/nginx/html'), { recursive: true })
      writeFileSync(join(root, 'usr/share/nginx/html/index.html'), 'Welcome\n')
    },
    script:
      'nginx -g "daemon off;" & n=$!; for i in 1 2 3 4 5 6; do busybox timeout 1 busybox wget -q -O - http://127.0.0.1/ && break; busybox sleep 0.5; done; kill -QUIT $n; wait $n',
    says: /^Welcome$/m,
    needs: ['CAP_CHOWN', 'CAP_SETGID', 'CAP_SETUID'],
    needsInPodman: ['CAP_NET_BIND_SERVICE'],
    mounts: ['/run', '/var/lib/nginx', '/var/log/nginx'],
    as: 33,
  },
}

const { engines, end } = await startEngines(work, ['runc'])
const missing = new Map<string, string | undefined>()
for (const [name, { packages, prepare }] of Object.entries(workloads)) {
  const root = at(name)
  missing.set(name, await rootfs(root, packages))
  if (missing.get(name) === undefined) prepare?.(root)
}

let containers = 0
async function run(engine: Engine, name: string, options: readonly string[], before: readonly string[] = []) {
  const { script, says } = workloads[name] as Workload
  const place = ['--rm', '--name', `sg-harden-${process.pid}-${++containers}`, '--network', 'none']
  const [first = '', ...rest] = [
    ...before,
    ...engine.client('runc'),
    'run',
    ...place,
    ...engine.options('runc'),
    ...options,
    `sg-harden-${name}`,
    'busybox',
    'sh',
    '-c',
    script,
  ]
  const { exitCode, stdout, stderr } = await execa(first, rest, quietly)
  return { worked: exitCode === 0 && says.test(stdout), output: `${exitCode} ${stdout}${stderr}` }
}

async function harden(...words: readonly string[]): Promise<string> {
  const [node, ...own] = seccompGen
  const { stdout, stderr, exitCode } = await execa(node, [...own, 'harden', ...words], quietly)
  if (exitCode !== 0) throw new Error(`harden ${words.join(' ')}: ${exitCode} ${stderr}`)
  return stdout
}

/** The options of the printed command, as a shell splits them. */
async function optionsOf(text: string): Promise<readonly string[]> {
  const { stdout } = await execa('sh', [
    '-c',
    `docker() { printf '%s\\n' "$@"; }\npodman() { docker "$@"; }\n${text}`,
  ])
  return stdout.split('\n').slice(1, -1)
}

/** The options without one option and its value. */
function without(options: readonly string[], wanted: (value: string) => boolean): readonly string[] {
  const place = options.findIndex((each, index) => index > 0 && wanted(each))
  return options.filter((_, index) => index !== place && index !== place - 1)
}

for (const [engineName, engine] of engines)
  for (const [name, { needs: always, needsInPodman = [], mounts, as }] of Object.entries(workloads))
    t.test(`${name} under ${engineName}`, { skip: engine.why ?? missing.get(name) ?? false }, async (t) => {
      const needs = [...always, ...(engineName === 'podman' ? needsInPodman : [])].sort()
      await importImage(engine, `sg-harden-${name}`, at(name))
      const file = at(`${name}-${engineName}.json`)
      const recorded = await run(
        engine,
        name,
        [],
        [...seccompGen, 'trace', '--recorder', 'ebpf', '--observations', file, '-o', `${file}.profile`, '--'],
      )
      if (!t.ok(recorded.worked, recorded.output)) return

      const [container] = (JSON.parse(await harden(file, '--as', 'json')) as SecurityContext).containers
      t.same(container?.capabilities.needed, needs)
      t.same(
        container?.mounts.map(({ path }) => path),
        mounts,
      )
      const options = await optionsOf(await harden(file, '--as', engineName))
      for (let round = 1; round <= 3; round++) {
        const { worked, output } = await run(engine, name, options)
        t.ok(worked, `all layers together, round ${round}: ${worked ? '' : output}`)
      }
      for (const each of needs) {
        const fewer = without(options, (value) => value === each.replace('CAP_', ''))
        t.notOk((await run(engine, name, fewer)).worked, `not without ${each}`)
      }
      for (const path of mounts) {
        const fewer = without(options, (value) => value === path || value.startsWith(`${path}:`))
        t.notOk((await run(engine, name, fewer)).worked, `not without ${path}`)
      }
      if (as === undefined) return
      const { worked, output } = await run(
        engine,
        name,
        await optionsOf(await harden(file, '--user', String(as), '--as', engineName)),
      )
      t.ok(worked, `as uid ${as}: ${worked ? '' : output}`)
      t.match(await harden(file, '--user', String(as)), /^ {2}Pod Security +restricted$/m)
    })

t.teardown(end)
