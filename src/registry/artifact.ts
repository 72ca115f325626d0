// Pushes and pulls artifacts: a profile or observations in one layer, unchanged. A repository holds many observations,
// each under its own tag, so that nobody overwrites another's. Authority: KEP-6061 (kubernetes/enhancements: media type
// on the manifest's config, exactly one layer, no archive), security-profiles-operator#3421 (the layer's media type and
// title), OCI image specification 1.1 (manifests).
import { UserError } from '../errors.ts'
import { digestOf, manifestType, type Manifest, type Registry } from './client.ts'

export const profileType = 'application/vnd.cncf.seccomp-profile.config.v1+json'
export const observationsType = 'application/vnd.seccomp-gen.observations.v1+json'
const emptyType = 'application/vnd.oci.empty.v1+json'
const title = 'org.opencontainers.image.title'

/** The largest profile that runtimes accept by default (KEP-6061). Bytes. */
export const profileLimit = 1 << 20
/** The most entries for one call (KEP-6061). */
export const entryLimit = 128
/** The largest shard of observations; thousands of sources take a few megabytes. Bytes. */
export const observationsLimit = 64 << 20

/** Tags of shards: `o-` and a part of the digest, or the user's own word. */
const shardTag = /^o-[\w.-]{1,126}$/

/** Returns the manifest's digest, which pins the artifact. @throws UserError */
export async function pushProfile(
  registry: Registry,
  text: string,
  tag: string | undefined,
): Promise<string> {
  const config = await registry.push(new TextEncoder().encode('{}'), profileType)
  const layer = await registry.push(new TextEncoder().encode(text), 'application/json', {
    [title]: 'profile.json',
  })
  return registry.pushManifest(
    {
      schemaVersion: 2,
      mediaType: manifestType,
      artifactType: profileType,
      config,
      layers: [layer],
    } as Manifest,
    tag,
  )
}

/** Pushes the empty config of every shard, which shows whether the repository accepts pushes. @throws UserError */
export async function prepareRepository(registry: Registry): Promise<void> {
  await registry.push(new TextEncoder().encode('{}'), emptyType)
}

/** The default tag follows from the content, so the same observations are pushed once. @throws UserError */
export async function pushObservations(
  registry: Registry,
  text: string,
  tag: string = `o-${digestOf(text).slice('sha256:'.length, 'sha256:'.length + 32)}`,
): Promise<{ readonly digest: string; readonly tag: string }> {
  const config = await registry.push(new TextEncoder().encode('{}'), emptyType)
  const layer = await registry.push(new TextEncoder().encode(text), observationsType, {
    [title]: 'observations.json',
  })
  const digest = await registry.pushManifest(
    { schemaVersion: 2, mediaType: manifestType, artifactType: observationsType, config, layers: [layer] },
    tag,
  )
  return { digest, tag }
}

export interface Pulled {
  readonly kind: 'profile' | 'observations'
  readonly bytes: Uint8Array
  /** The manifest's digest. */
  readonly digest: string
}

/**
 * Reads one artifact by tag or digest. An artifact without the type of observations is read as a profile, because
 * CRI-O's annotation and older tools push untyped profiles.
 *
 * @throws UserError if the artifact does not have exactly one layer, or holds an archive.
 */
export async function pull(registry: Registry, name: string, where: string): Promise<Pulled> {
  const { manifest, digest } = await registry.manifest(name)
  const kind = typeOf(manifest) === observationsType ? 'observations' : 'profile'
  const [layer, ...others] = manifest.layers
  if (layer === undefined || others.length > 0)
    throw new UserError('artifact-unusable', {
      artifact: where,
      fault: 'layers',
      count: manifest.layers.length,
    })
  const bytes = await registry.read(layer, kind === 'observations' ? observationsLimit : profileLimit)
  if (isArchive(bytes)) throw new UserError('artifact-unusable', { artifact: where, fault: 'archive' })
  return { kind, bytes, digest }
}

/** The tags of all shards of observations in a repository, sorted. @throws UserError */
export async function shardsOf(registry: Registry): Promise<readonly string[]> {
  return (await registry.tags()).filter((each) => shardTag.test(each))
}

/** The type of an artifact (KEP-6061): the config's media type or, if the config is empty, the artifact type. */
function typeOf({ config, artifactType }: Manifest): string {
  return config.mediaType === emptyType ? (artifactType ?? '') : config.mediaType
}

/** Whether the bytes begin as gzip, zstd or tar. */
function isArchive(bytes: Uint8Array): boolean {
  const starts = (...magic: readonly number[]): boolean => magic.every((each, index) => bytes[index] === each)
  const isTar = Buffer.from(bytes.subarray(257, 262)).toString('latin1') === 'ustar'
  return starts(0x1f, 0x8b) || starts(0x28, 0xb5, 0x2f, 0xfd) || isTar
}
