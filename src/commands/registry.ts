// Artifacts of registries for `push` and `pull`, and for oci://REF in place of a profile or a trace.
import { Option } from 'commander'
import { UserError } from '../errors.ts'
import type { Source } from '../read/source.ts'
import {
  findCredentials,
  parseReference,
  printReference,
  proxyFor,
  pull,
  Registry,
  referencePrefix,
  shardsOf,
  type ClientOptions,
  type Pulled,
  type Reference,
} from '../registry/index.ts'
import type { World } from './world.ts'

export interface RegistryWords {
  readonly plainHttp?: true
}

export const plainHttpOption = (): Option =>
  new Option('--plain-http', 'use no TLS (a registry on this machine never gets TLS)')

/** A client for the repository of a reference, with the credentials of the user's configuration. */
export function registryOf(
  reference: Reference,
  world: World,
  { plainHttp = false, signal }: Pick<ClientOptions, 'plainHttp' | 'signal'> = {},
): Registry {
  return new Registry(reference, {
    credentials: () => findCredentials(reference, world.env),
    plainHttp,
    signal,
    proxyOf: (url) => proxyFor(url, world.env),
  })
}

/** The artifact that a reference names. The digest wins over the tag. With neither, the tag is `latest`. */
export async function pullNamed(
  reference: Reference,
  world: World,
  options: { readonly plainHttp?: boolean } = {},
): Promise<Pulled> {
  return pullFrom(registryOf(reference, world, options), reference)
}

function pullFrom(registry: Registry, reference: Reference): Promise<Pulled> {
  const { digest, tag = 'latest' } = reference
  return pull(registry, digest ?? tag, printReference(reference))
}

/** The text of the profile at oci://REF. @throws UserError */
export async function readProfileArtifact(word: string, world: World): Promise<string> {
  const { kind, bytes } = await pullNamed(parseReference(word), world)
  if (kind === 'observations')
    throw new UserError('artifact-unusable', { artifact: word, fault: 'observations' })
  return textOf(bytes, word)
}

export function textOf(bytes: Uint8Array, name: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    throw new UserError('artifact-unusable', { artifact: name, fault: 'not-text' })
  }
}

/**
 * The sources of oci://REF. With a tag or digest: that artifact. Without: every shard of observations in the
 * repository, in the order of their tags. The bytes are fetched shortly before they are read.
 *
 * @throws UserError if nothing is there.
 */
export async function artifactSources(word: string, world: World): Promise<readonly Source[]> {
  const reference = parseReference(word)
  // One client for all, so that they share its authorization.
  const registry = registryOf(reference, world)
  const isOne = reference.tag !== undefined || reference.digest !== undefined
  const references = isOne ? [reference] : (await shardsOf(registry)).map((tag) => ({ ...reference, tag }))
  if (references.length === 0)
    throw new UserError('artifact-unusable', { artifact: word, fault: 'no-shards' })
  const fetched = fetchedAhead(references.map((each) => () => pullFrom(registry, each)))
  return references.map((each, index) => ({
    name: `${referencePrefix}${printReference(each)}`,
    bytes: bytesOf(() => fetched(index)),
  }))
}

async function* bytesOf(fetched: () => Promise<Pulled>): AsyncGenerator<Uint8Array> {
  yield (await fetched()).bytes
}

/** How many artifacts are fetched before they are read. */
const fetchWidth = 8

/** Each result by its index, asked for in order and once: the next ones are fetched meanwhile. */
function fetchedAhead<T>(fetches: readonly (() => Promise<T>)[]): (index: number) => Promise<T> {
  const begun = new Map<number, Promise<T>>()
  let next = 0
  return (index) => {
    for (; next < Math.min(fetches.length, index + fetchWidth); next++) {
      const fetching = (fetches[next] as () => Promise<T>)()
      // Whoever asks for it gets the failure.
      fetching.catch(() => undefined)
      begun.set(next, fetching)
    }
    const found = begun.get(index) as Promise<T>
    begun.delete(index)
    return found
  }
}
