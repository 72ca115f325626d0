// Finds the credentials that `docker login`, `podman login` or `oras login` left; asks for none and stores none.
// Authority: docker/cli docs (config.json: auths, credHelpers, credsStore), docker/docker-credential-helpers (`get`),
// containers-auth.json(5) (the files; a repository's entry precedes its registry's).
import { execa } from 'execa'
import { readFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { UserError } from '../errors.ts'
import { causeOf } from '../errors/row.ts'
import { isNotFound } from '../not-found.ts'
import type { Environment } from './proxy.ts'
import type { Reference } from './reference.ts'

/** A password (Basic and token servers), a refresh token (token servers only), or the registry's own Bearer token. */
export type Credentials =
  | { readonly kind: 'password'; readonly user: string; readonly secret: string }
  | { readonly kind: 'refresh-token'; readonly token: string }
  | { readonly kind: 'bearer-token'; readonly token: string }

/** The names of docker.io in these files: Docker's own, and Podman's. */
const dockerHub = ['https://index.docker.io/v1/', 'docker.io'] as const

/**
 * The credentials of the first file that has some for the registry; undefined if none has.
 *
 * @throws UserError if a file cannot be read or is not such a document, or a helper cannot be started or fails.
 */
export async function findCredentials(
  reference: Reference,
  env: Environment,
): Promise<Credentials | undefined> {
  for (const file of filesOf(env)) {
    const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return undefined
      throw new UserError('cannot-read', { file, ...causeOf(error) })
    })
    if (text === undefined) continue
    const found = await credentialsIn(parsed(text, file), reference, env)
    if (found !== undefined) return found
  }
  return undefined
}

function filesOf(env: Environment): readonly string[] {
  const given = env['REGISTRY_AUTH_FILE']
  if (given) return [given]
  const home = env['HOME'] ?? homedir()
  const runtime = env['XDG_RUNTIME_DIR']
  return [
    join(env['DOCKER_CONFIG'] ?? join(home, '.docker'), 'config.json'),
    ...(runtime ? [join(runtime, 'containers/auth.json')] : []),
    join(env['XDG_CONFIG_HOME'] ?? join(home, '.config'), 'containers/auth.json'),
  ]
}

interface AuthFile {
  readonly auths?: Readonly<Record<string, AuthEntry | undefined>>
  readonly credHelpers?: Readonly<Record<string, string | undefined>>
  readonly credsStore?: string
}
interface AuthEntry {
  readonly auth?: string
  readonly username?: string
  readonly password?: string
  readonly identitytoken?: string
  readonly registrytoken?: string
}

function parsed(text: string, file: string): AuthFile {
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value === 'object' && value !== null) return value
  } catch {
    // The error below reports it.
  }
  throw new UserError('credentials-unreadable', { file })
}

async function credentialsIn(
  { auths = {}, credHelpers = {}, credsStore }: AuthFile,
  { registry, repository }: Reference,
  env: Environment,
): Promise<Credentials | undefined> {
  const servers: readonly string[] = registry === 'docker.io' ? dockerHub : [registry]
  for (const server of servers) {
    const helper = own(credHelpers, server) ?? (server === servers[0] ? credsStore : undefined)
    const answer = helper ? await askHelper(helper, server, env) : undefined
    if (answer !== undefined) return answer
  }
  for (const entry of entriesFor(registry, repository, auths)) {
    // `docker login` with a helper leaves an empty entry.
    const found = credentialsOf(entry)
    if (found !== undefined) return found
  }
  return undefined
}

/**
 * The entries from the repository's own up to its registry's, then those whose key is a URL of the registry: Docker's
 * client compares the hosts only.
 */
function entriesFor(
  registry: string,
  repository: string,
  auths: NonNullable<AuthFile['auths']>,
): readonly AuthEntry[] {
  const parts = repository.split('/')
  const scopes = parts.map((_, index) => [registry, ...parts.slice(0, parts.length - index)].join('/'))
  const hosts =
    registry === 'docker.io' ? ['docker.io', 'index.docker.io', 'registry-1.docker.io'] : [registry]
  const urls = Object.keys(auths).filter((key) => {
    const [, scheme, host = '', path = ''] = /^(https?:\/\/)?([^/]*)(\/.*)?$/.exec(key) ?? []
    return hosts.includes(host) && (scheme !== undefined || /^\/?(?:v[12]\/?)?$/.test(path))
  })
  return [...scopes, registry, ...urls].flatMap((key) => own(auths, key) ?? [])
}

function own<T>(record: Readonly<Record<string, T>>, key: string): T | undefined {
  return Object.hasOwn(record, key) ? record[key] : undefined
}

/** Docker’s order (moby, distribution/registry.go; registry/auth.go): a registry's token, a refresh token, a password. */
function credentialsOf(entry: AuthEntry): Credentials | undefined {
  const { auth, username, password, identitytoken, registrytoken } = entry
  if (registrytoken) return { kind: 'bearer-token', token: registrytoken }
  if (identitytoken) return { kind: 'refresh-token', token: identitytoken }
  if (auth) {
    const text = Buffer.from(auth, 'base64').toString('utf8').replace(/\0+$/, '')
    const colon = text.indexOf(':')
    return colon < 0
      ? undefined
      : { kind: 'password', user: text.slice(0, colon), secret: text.slice(colon + 1) }
  }
  return username && password ? { kind: 'password', user: username, secret: password } : undefined
}

async function askHelper(name: string, server: string, env: Environment): Promise<Credentials | undefined> {
  // A name from a file must not become a path to another program.
  if (!/^[\w.-]+$/.test(name)) throw new UserError('credential-helper-name', { name })
  const program = `docker-credential-${name}`
  const asked = await execa(program, ['get'], {
    input: server,
    reject: false,
    timeout: 30_000,
    extendEnv: false,
    env: { ...env },
  })
  if (isNotFound(asked)) throw new UserError('no-credential-helper', { program })
  const { stdout, stderr, failed } = asked
  if (failed) {
    // What helpers print on standard output if they have no credentials for this server.
    if (stdout.startsWith('credentials not found in native keychain')) return undefined
    const words = [stdout, stderr].map((each) => each.trim().split('\n')[0] ?? '').find((each) => each !== '')
    throw new UserError('credential-helper-failed', { program, server, words })
  }
  try {
    const { Username, Secret } = JSON.parse(stdout) as { Username?: string; Secret?: string }
    if (!Secret) return undefined
    // In the helper's protocol this name marks a refresh token.
    return Username === '<token>'
      ? { kind: 'refresh-token', token: Secret }
      : { kind: 'password', user: Username ?? '', secret: Secret }
  } catch {
    throw new UserError('credential-helper-answer', { program, server })
  }
}
