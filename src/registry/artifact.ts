// What our artifacts are made of. A profile is one layer, the document of the runtime specification as it stands;
// observations are one layer as well, and a repository holds many, a tag each, so that nobody overwrites another.
// Authority: KEP-6061 (kubernetes/enhancements: the media type stands on the manifest's config, exactly one layer, no
// archive), security-profiles-operator#3421 (the layer's media type and title), OCI image specification 1.1 (manifests).
import { UserError } from '../errors.ts'
import { digestOf, manifestType, type Manifest, type Registry } from './client.ts'

export const profileType = 'application/vnd.cncf.seccomp-profile.config.v1+json'
export const observationsType = 'application/vnd.seccomp-gen.observations.v1+json'
const emptyType = 'application/vnd.oci.empty.v1+json'
const title = 'org.opencontainers.image.title'

/** What runtimes take of a profile by default (KEP-6061). Bytes. */
export const profileLimit = 1 << 20
/** Entries that one call may have in it (KEP-6061). */
export const entryLimit = 128
/** A shard of observations; thousands of sources are some megabytes. Bytes. */
export const observationsLimit = 64 << 20

/** Tags of shards: the part of the digest that tells them apart. */
const shardTag = /^o-[\w.-]{1,126}$/

/** Gives the manifest's digest, by which the artifact is pinned. @throws UserError */
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

/** Without a tag, one that the content decides: the same observations are pushed once. @throws UserError */
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
  /** Of the manifest. */
  readonly digest: string
}

/**
 * One artifact, by tag or digest. An artifact without a type of ours is taken for a profile: the annotation of CRI-O
 * and older tools push such.
 *
 * @throws UserError for one that is neither, and for an archive.
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

/** KEP-6061: the config's media type; where the config is the empty one, the artifact type. */
function typeOf({ config, artifactType }: Manifest): string {
  return config.mediaType === emptyType ? (artifactType ?? '') : config.mediaType
}

/** gzip, zstd, or tar. */
function isArchive(bytes: Uint8Array): boolean {
  const starts = (...magic: readonly number[]): boolean => magic.every((each, index) => bytes[index] === each)
  const isTar = Buffer.from(bytes.subarray(257, 262)).toString('latin1') === 'ustar'
  return starts(0x1f, 0x8b) || starts(0x28, 0xb5, 0x2f, 0xfd) || isTar
}
