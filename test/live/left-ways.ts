// The ways in which a recording or a verification ends, for nothing-left.test.ts. Each has its own container and files, so
// that several can go at once.
import { writeFileSync } from 'node:fs'

export interface Way {
  readonly name: string
  readonly words: readonly string[]
  /** Signals sent once the workload has said that it has begun, a second apart. */
  readonly signals?: readonly NodeJS.Signals[]
  readonly status?: number
  /** Runs before the comparison, because nobody weakens what the way leaves running: it has its own filter. */
  readonly after?: readonly [string, ...string[]]
  /** The name of a container that runs before and after. */
  readonly beside?: string
  /** The workload says nothing: the way has begun when programs of the kernel are attached. */
  readonly silent?: true
  readonly skip?: string | undefined
}

/** What the ways need of the machine. */
export interface Place {
  readonly at: (name: string) => string
  /** The beginning of the names of the containers. */
  readonly prefix: string
  /** Podman's client, and the options of its `run`. */
  readonly podman: readonly [client: readonly string[], options: readonly string[]]
  /** A process that no recorder started. */
  readonly pid: number
  readonly missing: Readonly<Record<'docker' | 'podman' | 'compose' | 'memory', string | undefined>>
}

export const image = 'seccomp-gen-test'
export const looping = [
  'sh',
  '-c',
  'trap "exit 0" TERM INT; echo begun; while :; do sleep 0.2; done',
] as const
const deaf = ['sh', '-c', 'trap "" TERM INT; echo begun; while :; do sleep 0.2; done'] as const

/** The words of `run` up to the image, with this container's name. */
export const runOf = (container: string): readonly string[] => [
  'run',
  '--rm',
  '--network',
  'none',
  '--name',
  container,
]

type Kind = Omit<Way, 'name' | 'words' | 'beside'> & { readonly beside?: true }

export function waysOf({ at, prefix, podman: [podman, options], pid, missing }: Place): readonly Way[] {
  const ways: Way[] = []
  let container = ''
  let profile = ''
  /** `words` is called when `container` and `profile` are those of this way. */
  const add = (name: string, words: () => readonly string[], { beside, ...kind }: Kind = {}): void => {
    container = `${prefix}-${ways.length}`
    profile = at(`${container}.json`)
    ways.push({ name, words: words(), ...kind, ...(beside === true && { beside: container }) })
  }
  const trace = (...more: readonly string[]): readonly string[] => ['trace', '-o', profile, ...more]
  const docker = (...more: readonly string[]): readonly string[] => [
    '--',
    'docker',
    ...runOf(container),
    image,
    ...more,
  ]
  const runc = (): readonly string[] => ['--', 'runc', 'run', '--bundle', at('bundle'), container]
  const ofDocker = { skip: missing.docker }

  add('ends', () => trace(...docker('ls', '/')), { status: 0, ...ofDocker })
  add('fails', () => trace(...docker('sh', '-c', 'exit 7')), { status: 7, ...ofDocker })
  add('the program is not there', () => trace(...docker('typo')), { status: 127, ...ofDocker })
  add('--repeat', () => trace('--repeat', '2', ...docker('ls', '/')), { status: 0, ...ofDocker })
  add('--under', () => trace('--under', 'docker', ...docker('ls', '/')), { status: 0, ...ofDocker })
  add('--for', () => trace('--for', '1s', ...docker(...looping)), { status: 0, ...ofDocker })
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGKILL'] as const)
    add(signal, () => trace(...docker(...looping)), { signals: [signal], ...ofDocker })
  add('a second SIGINT', () => trace(...docker(...deaf)), {
    signals: ['SIGINT', 'SIGINT', 'SIGKILL'],
    ...ofDocker,
  })
  const kept = (): readonly string[] => runOf(container).filter((word) => word !== '--rm')
  add(
    '-d --restart always',
    () => trace('--', 'docker', ...kept(), '-d', '--restart', 'always', image, 'true'),
    { status: 125, ...ofDocker },
  )
  // A buffer of 256 MB, which dd fills.
  const large = ['busybox', 'dd', 'if=/dev/zero', 'of=/dev/null', 'bs=256M', 'count=1']
  add(
    'no memory is left',
    () => trace('--', 'docker', ...runOf(container), '--memory', '32m', image, ...large),
    {
      status: 137,
      skip: missing.docker ?? missing.memory,
    },
  )

  const failing = at('fails.sh')
  writeFileSync(failing, '#!/bin/sh\nexit 3\n', { mode: 0o755 })
  const load = (words: string) => () => trace('--ready', 'true', '--load', words, ...docker(...looping))
  add('the load succeeds', load('true'), { status: 0, ...ofDocker })
  add('the load fails', load(failing), { status: 3, ...ofDocker })

  add('Podman, SIGKILL', () => trace('--', ...podman, ...runOf(container), ...options, image, ...looping), {
    signals: ['SIGKILL'],
    skip: missing.podman,
  })

  const refusing = at('refusing.json')
  writeFileSync(
    refusing,
    JSON.stringify({
      defaultAction: 'SCMP_ACT_ALLOW',
      syscalls: [{ names: ['getdents64'], action: 'SCMP_ACT_ERRNO' }],
    }),
  )
  const verify = (...more: readonly string[]): readonly string[] => ['verify', ...more]
  add('runc', () => trace(...runc()), { status: 0 })
  add('verify', () => verify(refusing, ...runc()))
  add('verify --repair', () => verify('--repair', refusing, ...runc()))
  add('verify, SIGKILL', () => verify(refusing, '--', 'sh', '-c', 'echo begun; sleep 30'), {
    signals: ['SIGKILL'],
  })
  add('verify, a second SIGINT', () => verify(refusing, ...docker(...deaf)), {
    signals: ['SIGINT', 'SIGINT'],
    ...ofDocker,
  })

  const besides =
    (...more: readonly string[]) =>
    () =>
      trace(...more, '--container', container)
  add('--container', besides('--for', '1s'), { beside: true, status: 0, ...ofDocker })
  for (const signal of ['SIGINT', 'SIGKILL'] as const)
    add(`--container, ${signal}`, besides(), { beside: true, silent: true, signals: [signal], ...ofDocker })
  add('--pid', () => trace('--for', '1s', '--pid', String(pid)), { status: 0 })
  add('--pid, SIGKILL', () => trace('--pid', String(pid)), { silent: true, signals: ['SIGKILL'] })
  add('--cgroup', () => trace('--for', '1s', '--cgroup', 'docker'), ofDocker)

  const compose = (): string => at(`${container}.yml`)
  const up = (): readonly string[] => {
    const service = { image, command: looping, network_mode: 'none' }
    writeFileSync(compose(), JSON.stringify({ version: '2.4', services: { one: service } }))
    return trace('--', 'docker-compose', '-p', container, '-f', compose(), 'up', '--no-color')
  }
  for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
    const project = `${prefix}-${ways.length}`
    const after = [
      'docker-compose',
      '-p',
      project,
      '-f',
      at(`${project}.yml`),
      'down',
      '--timeout',
      '1',
    ] as const
    add(`compose, ${signal}`, up, { signals: [signal], after, skip: missing.docker ?? missing.compose })
  }

  const each = (): readonly string[] => {
    const started = `exec docker ${[...runOf(container), image, looping[0], looping[1]].join(' ')} '${looping[2]}'`
    return ['trace', '--each', at(`each-${container}`), '--', 'sh', '-c', started]
  }
  add('--each, SIGINT', each, { signals: ['SIGINT'], ...ofDocker })
  const after = ['docker', 'rm', '-f', `${prefix}-${ways.length}`] as const
  add('--each, SIGKILL', each, { signals: ['SIGKILL'], after, ...ofDocker })
  return ways
}
