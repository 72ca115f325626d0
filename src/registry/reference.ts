// Parses names of artifacts in a registry: REGISTRY/REPOSITORY[:TAG][@DIGEST]. Authority:
// github.com/distribution/reference (the grammar), the OCI distribution specification 1.1 (names, tags and digests).
import { UserError } from '../errors.ts'

export interface Reference {
  /** Host and optional port: `registry.example.org`, `localhost:5000`, `[::1]:5000`. */
  readonly registry: string
  readonly repository: string
  readonly tag: string | undefined
  /** `sha256:` and 64 hex digits. */
  readonly digest: string | undefined
}

/** The prefix that distinguishes a reference from a file name. */
export const referencePrefix = 'oci://'

const host =
  /^(?:[a-z\d](?:[a-z\d-]*[a-z\d])?(?:\.[a-z\d](?:[a-z\d-]*[a-z\d])?)*|\[[a-f\d:]+\])(?::\d{1,5})?$/i
const repository = /^[a-z\d]+(?:(?:\.|_|__|-+)[a-z\d]+)*(?:\/[a-z\d]+(?:(?:\.|_|__|-+)[a-z\d]+)*)*$/
const tag = /^\w[\w.-]{0,127}$/
const digest = /^sha256:[a-f\d]{64}$/

/**
 * Parses a reference. It must name its registry, because there is no default.
 *
 * @throws UserError that says which part is wrong.
 */
export function parseReference(word: string): Reference {
  const text = word.startsWith(referencePrefix) ? word.slice(referencePrefix.length) : word
  const refuse = (fault: UserError<'not-a-reference'>['facts']['fault']): UserError =>
    new UserError('not-a-reference', { reference: word, fault })
  const [named = '', hash, ...rest] = text.split('@')
  if (rest.length > 0) throw refuse('two-digests')
  if (hash !== undefined && !digest.test(hash)) throw refuse('digest')
  const slash = named.indexOf('/')
  const registry = named.slice(0, Math.max(slash, 0))
  // docker and podman use this rule to distinguish a host from the first part of a repository's name.
  if (slash < 0 || !(/[.:]/.test(registry) || registry === 'localhost')) throw refuse('no-registry')
  if (!host.test(registry)) throw refuse('host')
  const path = named.slice(slash + 1)
  const colon = path.indexOf(':')
  const name = colon < 0 ? path : path.slice(0, colon)
  const label = colon < 0 ? undefined : path.slice(colon + 1)
  if (!repository.test(name) || name.length > 255) throw refuse('repository')
  if (label !== undefined && !tag.test(label)) throw refuse('tag')
  return { registry, repository: name, tag: label, digest: hash }
}

/** A reference as people write it. */
export function printReference({ registry, repository, tag, digest }: Reference): string {
  return `${registry}/${repository}${tag === undefined ? '' : `:${tag}`}${digest === undefined ? '' : `@${digest}`}`
}

/** Whether a registry is on this machine, which docker and podman reach without TLS. */
export function isLoopback(registry: string): boolean {
  return /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])(?::\d+)?$/i.test(registry)
}
