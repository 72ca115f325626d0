// The floors against the installed runtimes. With only its program's observed calls and the floor, a container starts,
// works and ends, twenty times out of twenty. It does not start without the floor, nor without a call that the upgrade
// check calls needed.
import { execFileSync, spawnSync } from 'node:child_process'
import { chownSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import {
  runtimeWords,
  version,
  whyNotRun,
  writeBundle,
  type BundleProcess,
  type Runtime,
} from '../../scripts/bundle.ts'
import { observe, type Observations } from '../../src/observe/index.ts'
import {
  derivePolicy,
  callsOn,
  versionFloor,
  type PolicyOptions,
  type RuntimeVersion,
} from '../../src/policy/index.ts'
import { floorProblems } from '../../src/check/floor.ts'
import { buildProfile, printProfile } from '../../src/print/index.ts'
import { parseProfile } from '../../src/profile/index.ts'

const program = ['/bin/ls', '-l', '/bin']
const user = { uid: 1000, gid: 1000, additionalGids: [10, 2000] }
const capabilities = ['CAP_CHOWN', 'CAP_SETGID', 'CAP_SETUID', 'CAP_SETPCAP', 'CAP_NET_BIND_SERVICE']
const processes: Readonly<Record<string, Pick<BundleProcess, 'user' | 'cwd' | 'capabilities' | 'ambient'>>> =
  {
    root: { capabilities },
    'uid 1000 with groups, a home and ambient capabilities': {
      user,
      cwd: '/home/app',
      capabilities: ['CAP_NET_BIND_SERVICE'],
      ambient: true,
    },
  }

function whyNot(runtime: Runtime): string | false {
  if (process.arch !== 'x64') return 'this test records on x86_64'
  return whyNotRun(runtime) ?? (version('strace') === undefined ? 'strace is not installed' : false)
}

/** The program's calls, seen on the host as the same user: busybox asks who it is and acts on the answer. */
async function observed({ uid, gid }: { readonly uid: number; readonly gid: number }): Promise<Observations> {
  const directory = mkdtempSync(join(tmpdir(), 'floor-test-'))
  try {
    chownSync(directory, uid, gid)
    const trace = join(directory, 'ls.strace')
    const words = ['-f', '-o', trace, '/bin/busybox', 'ls', '-l', '/bin/busybox', '/etc']
    execFileSync('strace', words, { stdio: 'ignore', uid, gid })
    return await observe([{ name: 'ls.strace', bytes: [readFileSync(trace)] }])
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

/** The profile's text without some calls. */
function profileText(
  observations: Observations,
  options: PolicyOptions,
  without: readonly string[] = [],
): string {
  const policy = derivePolicy(observations, options)
  const rules = policy.rules.filter(({ syscall }) => !without.includes(syscall))
  return printProfile(buildProfile({ ...policy, rules }))
}

interface Ended {
  readonly status: number | null
  readonly printed: string
}

function run(runtime: Runtime, process: BundleProcess, text: string): Ended {
  const profile: unknown = JSON.parse(text)
  const bundle = mkdtempSync(join(tmpdir(), 'floor-test-'))
  const name = `floor-test-${globalThis.process.pid}`
  const words = (...rest: readonly string[]): readonly [string, ...string[]] =>
    runtimeWords(runtime, [runtime, '--root', join(bundle, 'state'), ...rest])
  try {
    writeBundle(bundle, process, profile)
    const [command, ...rest] = words('run', '--bundle', bundle, name)
    const { status, stdout, stderr } = spawnSync(command, rest, { encoding: 'utf8', timeout: 30_000 })
    return { status, printed: stdout + stderr }
  } finally {
    const [command, ...rest] = words('delete', '--force', name)
    spawnSync(command, rest, { stdio: 'ignore' })
    rmSync(bundle, { recursive: true, force: true })
  }
}

for (const runtime of ['runc', 'crun'] as const) {
  t.test(`${runtime} ${version(runtime) ?? ''}`, { skip: whyNot(runtime) }, async (t) => {
    for (const [who, process] of Object.entries(processes)) {
      const observations = await observed(process.user ?? { uid: 0, gid: 0 })
      for (const noNewPrivileges of [false, true]) {
        const container = { ...process, args: program, noNewPrivileges }
        for (const chosen of [runtime, 'all'] as const) {
          for (const defaultAction of ['errno', 'kill-process'] as const) {
            const options = { runtime: chosen, noNewPrivileges, defaultAction }
            const { status, printed } = run(runtime, container, profileText(observations, options))
            const name = `${who}, no_new_privs ${noNewPrivileges}, floor of ${chosen}, ${defaultAction}`
            t.equal(status, 0, `${name}: ${status === 0 ? 'runs' : printed}`)
            t.match(printed, /busybox/, name)
          }
        }
        // Leaves out the observed execve: with no_new_privs it may be the only call that the runtime still makes.
        const { execve: _, ...rest } = observations.architectures.x86_64 ?? {}
        const without = { ...observations, architectures: { x86_64: rest } }
        const bare = run(runtime, container, profileText(without, { runtime: 'none', noNewPrivileges }))
        t.not(bare.status, 0, `${who}, no_new_privs ${noNewPrivileges}, no floor: does not start`)
      }
    }
  })
}

for (const runtime of ['runc', 'crun'] as const) {
  t.test(
    `${runtime}: twenty fresh starts under the floor of its version`,
    { skip: whyNot(runtime) },
    async (t) => {
      const process = processes['uid 1000 with groups, a home and ambient capabilities'] ?? {}
      const observations = await observed(user)
      for (const noNewPrivileges of [false, true]) {
        const container = { ...process, args: program, noNewPrivileges }
        for (const chosen of [`${runtime}@${version(runtime)}`, 'all'] as const) {
          const text = profileText(observations, { runtime: chosen, noNewPrivileges })
          const failed = Array.from({ length: 20 }, () => run(runtime, container, text)).filter(
            ({ status }) => status !== 0,
          )
          t.strictSame(failed, [], `${chosen}, no_new_privs ${noNewPrivileges}: 20 of 20`)
        }
      }
    },
  )

  t.test(`${runtime}: the calls that it is said to need`, { skip: whyNot(runtime) }, async (t) => {
    const pinned: RuntimeVersion = `${runtime}@${version(runtime)}`
    for (const noNewPrivileges of [false, true]) {
      const floor = versionFloor(pinned, noNewPrivileges)
      if (floor.version === undefined || !floor.measured.includes(floor.version)) {
        t.comment(`${pinned} was not measured: its calls may differ`)
        continue
      }
      // The program's own calls stay allowed: without such a call the program would fail too.
      const observations = await observed({ uid: 0, gid: 0 })
      const own = observations.architectures.x86_64 ?? {}
      const needed = floor.calls.filter(
        ({ certainty, syscall }) => certainty === 'needed' && !(syscall in own),
      )
      for (const { syscall } of needed) {
        const text = profileText(observations, { runtime, noNewPrivileges }, [syscall])
        const said = floorProblems(parseProfile(text, { name: 'p.json' }), floor, { callsOn })
        t.strictSame(
          said.filter(({ severity }) => severity === 'error').map(({ facts }) => facts['name']),
          [syscall],
          `${pinned}, no_new_privs ${noNewPrivileges}: ${syscall} is named`,
        )
        const container = { user, cwd: '/home/app', args: program, noNewPrivileges }
        t.not(run(runtime, container, text).status, 0, `without ${syscall} it does not start`)
      }
    }
  })
}
