// The security context as a document (schemas/context.schema.json): how a runtime should run each container, and in
// `because` the evidence for that. Reads, checks and prints the document.
import { UserError } from '../errors.ts'
import type { ContextFault } from '../errors/context.ts'
import { harmlessJson } from '../json-string.ts'
import { isObject, text as anyText, valueOf } from '../options.ts'
import { capabilities as knownCapabilities } from '../profile/words.ts'

/** The security contexts of a recording (schemas/context.schema.json). */
export interface SecurityContext {
  readonly version: 1
  /** Sorted by name; names are unique. */
  readonly containers: readonly ContainerContext[]
}

/** A security context. */
export const contextValue = valueOf<SecurityContext>(
  'a security context: give what hardenContext or parseContext returns',
  (value) => isObject(value) && Array.isArray(value['containers']),
)

/** The security context of one container. */
export interface ContainerContext {
  readonly name: string
  readonly capabilities: CapabilitySets
  /** The user that the container starts as; absent if not evidenced. */
  readonly user?: User
  readonly runAsNonRoot: boolean
  readonly noNewPrivileges: boolean
  readonly readOnlyRoot: boolean
  /** Directories that must be writable below a read-only root, sorted by path; none lies below another. */
  readonly mounts: readonly ContextMount[]
  /** Sysctls of the network namespace, by name; absent if there are none. */
  readonly sysctls?: Readonly<Record<string, string>>
  readonly podSecurity: PodSecurityLevel
  readonly because: readonly Because[]
}

/** Capabilities by their names in capabilities(7). */
export interface CapabilitySets {
  readonly needed: readonly string[]
  /** Refused in the recording, and the workload went on. */
  readonly tolerated: readonly string[]
}

/** Numeric ids, as in /etc/passwd. */
export interface User {
  readonly uid: number
  readonly gid: number
  /** Supplementary groups, in numeric order. */
  readonly groups: readonly number[]
}

/** A writable place that a read-only root file system needs. `mode` is octal, as chmod(1) takes it. */
export interface ContextMount {
  /** Absolute, without `.`, `..` or a slash at the end. */
  readonly path: string
  /** A `tmpfs` begins empty; a `volume` begins with the image's content of that path. */
  readonly kind: 'tmpfs' | 'volume'
  /** Octal, four digits. */
  readonly mode: string
  readonly uid: number
  readonly gid: number
  /** Files below it are executed or mapped as code. */
  readonly exec?: true
}

/** The strictest Pod Security Standard of Kubernetes that the context meets. */
export type PodSecurityLevel = 'privileged' | 'baseline' | 'restricted'

/** A statement of a security context and what it rests on. */
export interface Because {
  /** A capability, a path or a member of the context. */
  readonly what: string
  readonly evidence: string
}

/** Joins entries with the same evidence, in the order of the first. */
export function grouped(because: readonly Because[]): readonly Because[] {
  const found = new Map<string, string[]>()
  for (const { what, evidence } of because) found.set(evidence, [...(found.get(evidence) ?? []), what])
  return [...found].map(([evidence, whats]) => ({ what: whats.join(' '), evidence }))
}

/** The document as canonical JSON: the same bytes for the same context. */
export function printContext(context: SecurityContext): string {
  return `${harmlessJson(JSON.stringify(context, null, 2))}\n`
}

/** Whether the JSON value is meant as a context rather than as observations. */
export function isContext(value: unknown): boolean {
  return isRecord(value) && 'containers' in value && !('architectures' in value)
}

/**
 * Reads and checks a document. `name`: its file, for messages.
 *
 * @throws UserError that names the first fault.
 */
export function parseContext(text: string, name = 'context'): SecurityContext {
  anyText(text, 'parseContext: text')
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    throw wrong(name, 'not-json')
  }
  if (!isRecord(value) || value['version'] !== 1 || !Array.isArray(value['containers']))
    throw wrong(name, 'no-context')
  if (value['containers'].length === 0) throw wrong(name, 'no-container')
  const containers = value['containers'].map((each: unknown) => containerOf(each, name))
  const names = containers.map((each) => each.name)
  const twice = names.find((each, index) => names.indexOf(each) !== index)
  if (twice !== undefined) throw wrong(name, 'repeated', twice)
  return { version: 1, containers }
}

function wrong(file: string, fault: ContextFault['fault'], member = ''): UserError {
  return new UserError('not-a-context', { file, fault, member })
}

function containerOf(value: unknown, file: string): ContainerContext {
  if (!isRecord(value)) throw wrong(file, 'no-context')
  const { name, capabilities, user, mounts, sysctls, podSecurity, because } = value
  const fail = (member: string): never => {
    throw wrong(file, 'member', member)
  }
  if (typeof name !== 'string' || name === '') return fail('name')
  if (!isRecord(capabilities) || !isCapabilities(capabilities['needed'])) return fail('capabilities.needed')
  if (!isCapabilities(capabilities['tolerated'])) return fail('capabilities.tolerated')
  if (user !== undefined && !isUser(user)) return fail('user')
  const flag = (member: 'runAsNonRoot' | 'noNewPrivileges' | 'readOnlyRoot'): boolean => {
    const given = value[member]
    return typeof given === 'boolean' ? given : fail(member)
  }
  if (!Array.isArray(mounts) || !mounts.every(isMount)) return fail('mounts')
  if (sysctls !== undefined && !isSysctls(sysctls)) return fail('sysctls')
  if (podSecurity !== 'privileged' && podSecurity !== 'baseline' && podSecurity !== 'restricted')
    return fail('podSecurity')
  if (!Array.isArray(because) || !because.every(isBecause)) return fail('because')
  return {
    name,
    capabilities: { needed: capabilities['needed'], tolerated: capabilities['tolerated'] },
    ...(user === undefined ? {} : { user }),
    runAsNonRoot: flag('runAsNonRoot'),
    noNewPrivileges: flag('noNewPrivileges'),
    readOnlyRoot: flag('readOnlyRoot'),
    mounts,
    ...(sysctls === undefined ? {} : { sysctls }),
    podSecurity,
    because,
  }
}

function isCapabilities(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((each) => knownCapabilities.has(each as string))
}

/** The kernel's ids are 32 bits wide, and -1 is not an id (man 2 chown). */
function isId(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value < 0xffffffff
}

function isUser(value: unknown): value is User {
  if (!isRecord(value) || !isId(value['uid']) || !isId(value['gid'])) return false
  return Array.isArray(value['groups']) && value['groups'].every(isId)
}

function isMount(value: unknown): value is ContextMount {
  if (!isRecord(value) || !isPath(value['path']) || !isId(value['uid']) || !isId(value['gid'])) return false
  const { kind, mode, exec } = value
  return (
    (kind === 'tmpfs' || kind === 'volume') &&
    typeof mode === 'string' &&
    /^[0-7]{4}$/.test(mode) &&
    (exec === undefined || exec === true)
  )
}

function isPath(value: unknown): boolean {
  if (typeof value !== 'string' || !value.startsWith('/') || value.includes('\0')) return false
  return value
    .slice(1)
    .split('/')
    .every((part) => part !== '' && part !== '.' && part !== '..')
}

/** sysctl.d(5): names contain dots; a value is one line. */
function isSysctls(value: unknown): value is Readonly<Record<string, string>> {
  return (
    isRecord(value) &&
    Object.entries(value).every(
      ([key, each]) => /^[a-z0-9_.-]+$/.test(key) && typeof each === 'string' && /^[\w .-]+$/.test(each),
    )
  )
}

function isBecause(value: unknown): value is Because {
  return isRecord(value) && typeof value['what'] === 'string' && typeof value['evidence'] === 'string'
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
