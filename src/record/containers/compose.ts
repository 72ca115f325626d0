// Records `docker compose up` and `docker-compose up`: the user's command gets one more file, which gives every service
// the filter and the cgroup of the recording. A named file turns off compose's own search for files, so the command
// also names the files that compose would find. Compose's `config` must print the same text with and without them.
// Authority: docker compose --help (2), docker-compose --help (1.29), Compose specification (services), and
// docs.docker.com/compose: the files looked for, from the working directory upwards; COMPOSE_FILE.
import { execa } from 'execa'
import { existsSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { parse } from 'yaml'
import { UserError } from '../../errors.ts'
import type { Obstacle } from '../../errors/recording.ts'
import type { ComposeUp } from '../command/compose-up.ts'
import { isNative } from '../command/engine-run.ts'
import { recorders } from '../recorders.ts'
import type { CommandOptions, Recording } from '../recording.ts'
import { run } from '../runner/index.ts'
import { inTemporary } from '../temporary.ts'
import { spawnEnvironmentOf } from '../runner/spawn-environment.ts'
import { leavesToSystemd } from './ask.ts'
import { serviceIn, serviceParent, startServices, type Services } from './services.ts'
import { stage, type EnforcedProfile, type Staging } from './staging.ts'
import { startedBy } from './started-by.ts'

export interface Service {
  readonly security_opt?: readonly string[]
  readonly privileged?: boolean
  readonly cap_add?: readonly string[]
  readonly cap_drop?: readonly string[]
  readonly runtime?: string
  readonly platform?: string
  readonly cgroup_parent?: string
}
interface Project {
  readonly version?: string
  readonly services?: Readonly<Record<string, Service>>
}

/** Options that name the files that compose would read anyway. */
function fileWords(up: ComposeUp, options: CommandOptions): readonly string[] {
  if (up.namesFiles) return []
  const cwd = options.cwd ?? process.cwd()
  const env = options.env ?? process.env
  const asked = env['COMPOSE_FILE']
  const files =
    asked === undefined || asked === ''
      ? defaultFiles(resolve(cwd, up.directory ?? '.'), up.defaults)
      : asked.split(env['COMPOSE_PATH_SEPARATOR'] ?? ':')
  return files.flatMap((file) => ['-f', file])
}

function defaultFiles(from: string, names: readonly string[]): readonly string[] {
  for (let directory = from; ; directory = dirname(directory)) {
    const name = names.find((each) => existsSync(join(directory, each)))
    if (name !== undefined) {
      const over = names
        .map((each) => each.replace(/\.(ya?ml)$/, '.override.$1'))
        .find((each) => existsSync(join(directory, each)))
      return [join(directory, name), ...(over === undefined ? [] : [join(directory, over)])]
    }
    if (dirname(directory) === directory) return []
  }
}

/** The user's command before `up`, with all files named, and the project that compose reads. Throws UserError (125). */
async function readProject(
  up: ComposeUp,
  options: CommandOptions,
): Promise<{ readonly before: readonly string[]; readonly project: Project }> {
  const before = [...up.before, ...fileWords(up, options)]
  const [plain, named] = [await config(up.before, options), await config(before, options)]
  if (plain !== named) throw new UserError('compose-files-unknown')
  const project = parse(plain) as Project | null
  const services = Object.entries(project?.services ?? {})
  if (services.length === 0) throw new UserError('compose-without-service')
  for (const [name, service] of services) refuse(name, service)
  return { before, project: project ?? {} }
}

async function config(before: readonly string[], options: CommandOptions): Promise<string> {
  const [client = '', ...words] = before
  const asked = await execa(client, [...words, 'config'], {
    ...spawnEnvironmentOf(options),
    reject: false,
    stdin: 'ignore',
  })
  if (asked.exitCode === 0) return asked.stdout
  // Compose spreads its error message over several lines.
  const why = asked.stderr.replace(/\s+/g, ' ').trim() || asked.shortMessage
  throw new UserError('compose-refuses', { why: why ?? '' })
}

function refuse(name: string, service: Service): void {
  const because = (key: string, obstacle: Obstacle): UserError =>
    new UserError('compose-service', { service: name, key, because: obstacle })
  const profile = service.security_opt?.find((each) => /^seccomp[=:]/.test(each))
  if (profile !== undefined) throw because(`security_opt ${profile}`, 'service-filter')
  if (service.privileged === true) throw because('privileged', 'service-privileged')
  if (service.platform !== undefined && !isNative(service.platform))
    throw because(`platform ${service.platform}`, 'emulated')
  if (service.cgroup_parent !== undefined) throw because('cgroup_parent', 'service-cgroup')
}

/** Writes the added file. It repeats a service's lists: some versions of compose merge lists, others replace them. */
function writeOverride(
  project: Project,
  { directory, filter }: Staging,
  parentOf: (service: number) => string,
): string {
  const services = Object.entries(project.services ?? {}).map(([name, service], at) => [
    name,
    {
      security_opt: [...(service.security_opt ?? []), `seccomp=${filter}`],
      cgroup_parent: parentOf(at),
      // After the recording nothing may start the service with this filter and in this cgroup.
      restart: 'no',
    },
  ])
  const file = join(directory, 'compose.json')
  const { version } = project
  writeFileSync(
    file,
    `${JSON.stringify({ ...(version !== undefined && { version }), services: Object.fromEntries(services) as unknown })}\n`,
  )
  return file
}

/** The services of a project as compose reads them. Throws UserError (125). */
export async function servicesOf(up: ComposeUp, options: CommandOptions): Promise<readonly Service[]> {
  const { project } = await readProject(up, options)
  return Object.values(project.services ?? {})
}

/** Records all containers of a project, together or, with `each`, by service. Throws UserError (125). */
export async function recordCompose(
  name: string,
  options: CommandOptions,
  up: ComposeUp,
  under?: EnforcedProfile,
): Promise<Recording> {
  const { before, project } = await readProject(up, options)
  const systemd = await leavesToSystemd({ engine: 'docker', client: up.client }, options)
  const remove = [...before, 'rm', '--stop', '--force']
  const staging = await stage(systemd, { remove, ...(under && { profile: under.profile }) })
  let services: Services | undefined
  try {
    const override = inTemporary(() =>
      writeOverride(project, staging, (at) => serviceParent(staging, systemd, at)),
    )
    const names = Object.keys(project.services ?? {})
    if (options.each === true) services = await startServices(names, staging, options)
    const rest = options.command.slice(up.before.length)
    const command = [...before, '-f', override, ...rest] as unknown as [string, ...string[]]
    const recording = await run(recorders.ebpf, {
      name,
      options: { ...options, command },
      scope: {
        cgroup: staging.membership,
        processes: staging.processes,
        serviceIn: (path) => serviceIn(names, path),
      },
      started: staging.startedBy,
      ...(under && { watch: under.watch }),
    })
    options.notice?.({ code: 'project-kept' })
    const known = { ...startedBy('docker', recording), ...(services && { each: services.read() }) }
    return noNewPrivileges(project) ? { ...known, noNewPrivileges: true } : known
  } finally {
    services?.close()
    await staging.end()
  }
}

/** Whether every service runs with no_new_privs. */
function noNewPrivileges({ services }: Project): boolean {
  return Object.values(services ?? {}).every(({ security_opt: given }) =>
    given?.some((each) => /^no-new-privileges(?:[:=]true)?$/.test(each)),
  )
}
