// Runs a workload of the table in a real engine: records it once at its work, then starts it afresh under its profile.
import { execa } from 'execa'
import { chmodSync, cpSync, existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { listening } from '../../../src/record/runner/listening.ts'
import { withDescendants } from '../../../src/record/runner/processes.ts'
import { plainEnvironment, seccompGen } from '../command.ts'
import type { Engine, Runtime } from '../engines.ts'
import type { Workload } from './table.ts'

export const image = 'seccomp-gen-usr'
const copied = [
  'passwd',
  'group',
  'nsswitch.conf',
  'ld.so.cache',
  'services',
  'protocols',
  'mime.types',
  'login.defs',
]
const merged = ['bin', 'sbin', 'lib', 'lib32', 'lib64', 'libx32']

/** Makes the root file system: what the machine's /usr needs besides itself. */
export function makeRoot(root: string): void {
  for (const each of [
    'usr',
    'etc',
    'srv',
    'dev',
    'proc',
    'sys',
    'tmp',
    'run',
    'root',
    'data',
    'var/lib',
    'var/log',
  ])
    mkdirSync(join(root, each), { recursive: true })
  // A runtime gives a tmpfs the mode of the directory under it.
  for (const each of ['tmp', 'data', 'run', 'var/lib', 'var/log']) chmodSync(join(root, each), 0o1777)
  for (const each of merged) if (existsSync(`/usr/${each}`)) symlinkSync(`usr/${each}`, join(root, each))
  for (const each of copied) if (existsSync(`/etc/${each}`)) cpSync(`/etc/${each}`, join(root, 'etc', each))
  symlinkSync('../run', join(root, 'var/run'))
  symlinkSync('../run/lock', join(root, 'var/lock'))
  writeFileSync(join(root, 'etc/hosts'), '127.0.0.1 localhost\n')
  // No account has a password, and root is not locked, so sshd accepts a key.
  writeFileSync(join(root, 'etc/shadow'), 'root:*:1:0:99999:7:::\n')
}

/** Why the workload does not run here; undefined if it does. */
export async function whyNot({ needs }: Workload): Promise<string | undefined> {
  for (const each of needs) {
    const found = await execa('sh', ['-c', 'PATH=$PATH:/usr/sbin; command -v "$1"', 'sh', each], {
      reject: false,
    })
    if (found.failed) return `${each} is not installed`
  }
  return undefined
}

export class Prepared {
  readonly #name: string
  readonly #workload: Workload
  readonly #files: string
  readonly #load: string
  readonly #rare: string

  private constructor(name: string, workload: Workload, work: string) {
    this.#name = name
    this.#workload = workload
    this.#files = join(work, 'files')
    this.#load = join(work, 'load')
    this.#rare = join(work, 'rare')
  }

  /** Makes the workload's files and its load in a directory. */
  static async make(name: string, workload: Workload, work: string): Promise<Prepared> {
    const made = new Prepared(name, workload, work)
    mkdirSync(made.#files, { recursive: true })
    for (const [file, text] of Object.entries(workload.files ?? {})) {
      mkdirSync(dirname(join(made.#files, file)), { recursive: true })
      writeFileSync(join(made.#files, file), text)
    }
    if (workload.build !== undefined)
      await execa('sh', ['-ec', workload.build], { cwd: made.#files, stdin: 'ignore' })
    const inNet = 'in_net() { nsenter --net --target "$SECCOMP_GEN_PID" "$@"; }'
    const { load = '', rare = '' } = workload
    for (const [file, text] of [
      [made.#load, load],
      [made.#rare, rare],
    ] as const)
      writeFileSync(file, `#!/bin/sh -e\nFILES=${made.#files}\n${inNet}\n${text}\n`, { mode: 0o755 })
    return made
  }

  #words(container: string, engine: Engine, runtime: Runtime, more: readonly string[]): readonly string[] {
    const { mounts = [], options = [], command } = this.#workload
    const reads = ['/usr', '/etc/alternatives', ...mounts.filter(existsSync)]
    const volumes = [...reads.map((each) => `${each}:${each}:ro`), `${this.#files}:/srv:ro`].flatMap(
      (each) => ['-v', each],
    )
    return [
      ...engine.client(runtime),
      'run',
      '--name',
      container,
      '--network',
      'none',
      ...engine.options(runtime),
      ...volumes,
      ...options,
      ...more,
      image,
      ...command,
    ]
  }

  /** Records it and writes its profile; returns the error output if that failed. */
  async record(
    engine: Engine,
    runtime: Runtime,
    profile: string,
    runs: number,
    more: readonly string[] = [],
  ): Promise<string | undefined> {
    const load = this.#workload.load === undefined ? [] : ['--load', this.#load]
    const container = `sg-${this.#name.replace('+', '-')}-recorded`
    const command = this.#words(container, engine, runtime, ['--rm'])
    return ours('trace', ...load, '--repeat', String(runs), ...more, '-o', profile, '--', ...command)
  }

  /** Writes the calls of its code and of the programs it starts to a file; returns the error output if that failed. */
  async scan(reachable: string): Promise<string | undefined> {
    const { command, programs = [command[0]], libraries = [] } = this.#workload
    const whole = programs.map((each) =>
      each.startsWith('/srv/') ? this.#files + each.slice(4) : found(each),
    )
    const words = ['scan', ...whole, ...libraries.flatMap((each) => ['--with', each])]
    return ours(...words, '--report', 'json', '-o', reachable)
  }

  /** Starts it under its profile, has it do its work and stops it; returns what went wrong. */
  async start(
    engine: Engine,
    runtime: Runtime,
    profile: string,
    noNewPrivileges: boolean,
  ): Promise<string | undefined> {
    const { load, rare, restarts, ends = [0] } = this.#workload
    const container = `sg-${this.#name.replace('+', '-')}-${process.pid}-${++started}`
    const ask = async (...words: readonly string[]) => {
      const [client, ...rest] = [...engine.client(runtime), ...words]
      return execa(client as string, rest, { ...quietly, all: true, timeout: 120_000 })
    }
    const said = async () => (await ask('logs', container)).all.slice(-2000)
    const security = ['--detach', '--security-opt', `seccomp=${profile}`]
    if (noNewPrivileges) security.push('--security-opt', 'no-new-privileges')
    if (restarts) security.push('--restart', 'on-failure:1')

    let first = 0
    /** Runs the script once the container's first process is ready and is another one than before. */
    const drive = async (script: string): Promise<string | undefined> => {
      const before = first
      for (let tries = 0; ; tries++) {
        first = Number((await ask('inspect', '--format', '{{.State.Pid}}', container)).stdout)
        const runs = existsSync(`/proc/${first}`)
        if (runs && first !== before && isReady(first)) break
        if (tries > 300 || (!runs && before === 0)) return `never ready: ${await said()}`
        await wait(200)
      }
      return run(script)
    }
    const run = async (script: string): Promise<string | undefined> => {
      const env = { ...plainEnvironment, SECCOMP_GEN_PID: String(first) }
      const driven = await execa(script, [], { ...quietly, env, all: true, timeout: 120_000 })
      return driven.failed ? `${basename(script)}: ${driven.all} ${await said()}` : undefined
    }

    const [client, ...rest] = this.#words(container, engine, runtime, security)
    try {
      const begun = await execa(client as string, rest, { ...quietly, all: true, timeout: 120_000 })
      if (begun.failed) return `run: ${begun.all}`
      if (load !== undefined) {
        let wrong = await drive(this.#load)
        if (rare !== undefined) wrong ??= await run(this.#rare)
        if (restarts) wrong ??= await drive(this.#load)
        if (wrong !== undefined) return wrong
        await ask('stop', '--time', '20', container)
      }
      const status = Number((await ask('wait', container)).stdout)
      return ends.includes(status) ? undefined : `status ${status}: ${await said()}`
    } finally {
      await ask('rm', '--force', container)
    }
  }
}

let started = 0
const quietly = { env: plainEnvironment, reject: false, stdin: 'ignore' } as const

/** Runs seccomp-gen; returns the error output if it failed. */
export async function ours(...words: readonly string[]): Promise<string | undefined> {
  const [node, ...rest] = [...seccompGen, ...words]
  const { exitCode, all } = await execa(node as string, rest, { ...quietly, all: true, timeout: 600_000 })
  return exitCode === 0 ? undefined : all
}

/** The program's path in the container's PATH. */
function found(program: string): string {
  const places = ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin']
  return places.map((each) => join(each, program)).find(existsSync) ?? program
}

function isReady(pid: number): boolean {
  const { ports, local } = listening(withDescendants(pid))
  return ports || local
}

/** The number of calls that a profile allows. */
export function allowedBy(profile: string): number {
  const { syscalls } = JSON.parse(readFileSync(profile, 'utf8')) as {
    syscalls: readonly { names: readonly string[]; action: string }[]
  }
  const names = syscalls.filter(({ action }) => action === 'SCMP_ACT_ALLOW').flatMap((each) => each.names)
  return new Set(names).size
}
