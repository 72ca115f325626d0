// Makes directories writable below a read-only root of a pod. An emptyDir is empty, belongs to root and has mode 0777.
// If a mount needs another mode or owner or the image's content, an init container that runs as its owner makes a
// directory in the emptyDir, which is mounted from there (subPath). This needs no capability unless root copies.
// Authority: Kubernetes, "Volumes" (emptyDir, subPath) and "Init Containers"; pkg/volume/emptydir for owner and mode.
import { shellWord } from '../../escape.ts'
import type { ContainerContext, ContextMount } from '../../harden/context.ts'
import type { YamlMap } from './yaml-map.ts'

export interface Volumes {
  readonly volumes: readonly { readonly name: string; readonly emptyDir: Readonly<Record<never, never>> }[]
  /** In the order of the context's mounts. */
  readonly volumeMounts: readonly VolumeMount[]
  readonly initContainers: readonly InitContainer[]
}

export interface VolumeMount {
  readonly name: string
  readonly mountPath: string
  readonly subPath?: string
}

export interface InitContainer {
  readonly name: string
  readonly image: string
  readonly command: readonly string[]
  readonly securityContext: Readonly<Record<string, unknown>>
  readonly volumeMounts: readonly VolumeMount[]
}

const inside = 'content'
const preparePath = '/prepare/'
const everybody = 0o777

/** `taken`: names that the pod's volumes and containers already have. */
export function volumesOf(
  container: ContainerContext,
  image: string,
  taken: ReadonlySet<string> = new Set(),
): Volumes {
  const mounts = container.readOnlyRoot ? container.mounts : []
  const names = volumeNames(container, taken)
  const named = mounts.map((mount, at) => ({ mount, name: names[at] as string }))
  const prepared = named.filter(({ mount }) => isPrepared(mount))
  const owners = new Map<string, typeof prepared>()
  for (const each of prepared) {
    const owner = `${each.mount.uid}:${each.mount.gid}`
    owners.set(owner, [...(owners.get(owner) ?? []), each])
  }
  return {
    volumes: named.map(({ name }) => ({ name, emptyDir: {} })),
    volumeMounts: named.map(({ mount, name }) => ({
      name,
      mountPath: mount.path,
      ...(isPrepared(mount) ? { subPath: inside } : {}),
    })),
    initContainers: [...owners.values()].map((group, at) =>
      preparing(
        group,
        image,
        unused(label(`prepare-${container.name}${at === 0 ? '' : `-${at + 1}`}`), taken),
      ),
    ),
  }
}

/** The init container is one that volumesOf() made. */
export function isPreparing(container: YamlMap): boolean {
  const places = container.maps('volumeMounts').map((each) => each.text('mountPath') ?? '')
  return places.length > 0 && places.every((each) => each.startsWith(preparePath))
}

/** Whether the init container prepares the volume as it would be prepared for the mount now. */
export function isPreparedFor(
  { uid, gid, ...mount }: ContextMount,
  volume: string,
  preparing: YamlMap,
): boolean {
  const { runAsUser, runAsGroup } = (preparing.value('securityContext') ?? {}) as Readonly<
    Record<string, unknown>
  >
  const script = ((preparing.value('command') ?? []) as readonly unknown[]).join(' ')
  return runAsUser === uid && runAsGroup === gid && script.includes(scriptFor(mount, volume))
}

function scriptFor(
  { path, kind, mode }: Pick<ContextMount, 'path' | 'kind' | 'mode'>,
  volume: string,
): string {
  const place = `${preparePath}${volume}/${inside}`
  const copy = kind === 'volume' ? ` && cp -Rp ${shellWord(`${path}/.`)} ${place}` : ''
  return `mkdir -p ${place}${copy} && chmod ${mode} ${place}`
}

function isPrepared({ kind, mode }: ContextMount): boolean {
  return kind === 'volume' || (parseInt(mode, 8) & everybody) !== everybody
}

function preparing(
  group: readonly { readonly mount: ContextMount; readonly name: string }[],
  image: string,
  name: string,
): InitContainer {
  const { uid, gid } = (group[0] as { readonly mount: ContextMount }).mount
  const script = group.map(({ mount, name: volume }) => scriptFor(mount, volume))
  const copies = group.some(({ mount }) => mount.kind === 'volume')
  return {
    name,
    image,
    command: ['sh', '-c', script.join(' && ')],
    securityContext: {
      allowPrivilegeEscalation: false,
      // Root needs these to keep the owners of copied files and to read files that their mode does not let root read.
      capabilities: {
        drop: ['ALL'],
        ...(copies && uid === 0 ? { add: ['CHOWN', 'DAC_OVERRIDE', 'FOWNER'] } : {}),
      },
      readOnlyRootFilesystem: true,
      ...(uid === 0 ? {} : { runAsNonRoot: true }),
      runAsUser: uid,
      runAsGroup: gid,
      seccompProfile: { type: 'RuntimeDefault' },
    },
    volumeMounts: group.map(({ name: volume }) => ({ name: volume, mountPath: `${preparePath}${volume}` })),
  }
}

function volumeNames({ name, mounts }: ContainerContext, taken: ReadonlySet<string>): readonly string[] {
  const met = new Set(taken)
  return mounts.map(({ path }) => {
    const found = unused(label(`${name}${path}`), met)
    met.add(found)
    return found
  })
}

/** A name of RFC 1123 (at most 63 characters) made of the text's permitted characters. */
export function label(text: string): string {
  const plain = text
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-+|-+$/g, '')
  return plain.slice(0, 50).replace(/-+$/, '') || 'writable'
}

function unused(name: string, taken: ReadonlySet<string>): string {
  for (let number = 1; ; number++) {
    const candidate = number === 1 ? name : `${name}-${number}`
    if (!taken.has(candidate)) return candidate
  }
}
