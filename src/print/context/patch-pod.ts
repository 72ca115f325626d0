// Puts a context into a PodSpec. If the context cannot promise no_new_privs, a read-only root or a non-root user, the
// manifest keeps its own setting. The capabilities become the context's.
import type { ContainerContext, ContextMount } from '../../harden/context.ts'
import { shortName, type PrintContextOptions } from './forms.ts'
import { podSecurity } from './kubernetes.ts'
import type { NamedContainers, Patching, Stated } from './patching.ts'
import { checkPaths, isMountedAt } from './paths.ts'
import { listOfMappings, mapping, scalar, scalars, type ManifestShape } from './shapes.ts'
import { putCapabilities } from './put-capabilities.ts'
import { isPreparedFor, isPreparing, volumesOf } from './volumes.ts'
import type { YamlMap } from './yaml-map.ts'

/** The path of the PodSpec in a kind; undefined if the kind starts no pod. */
export function podSpecPath(kind: string | undefined): readonly string[] | undefined {
  switch (kind) {
    case 'Pod':
      return ['spec']
    case 'CronJob':
      return ['spec', 'jobTemplate', 'spec', 'template', 'spec']
    case 'PodTemplate':
      return ['template', 'spec']
    case 'Deployment':
    case 'StatefulSet':
    case 'DaemonSet':
    case 'ReplicaSet':
    case 'ReplicationController':
    case 'Job':
      return ['spec', 'template', 'spec']
    default:
      return undefined
  }
}

const container: ManifestShape = mapping({
  name: scalar,
  image: scalar,
  securityContext: mapping({
    privileged: scalar,
    runAsUser: scalar,
    runAsNonRoot: scalar,
    capabilities: mapping({ add: scalars, drop: scalars }),
    seccompProfile: mapping({ type: scalar }),
  }),
  volumeMounts: listOfMappings({ name: scalar, mountPath: scalar }),
})

/** What a patch reads or changes of a PodSpec. */
export const podSpecShape: ManifestShape = mapping({
  containers: { kinds: ['list'], items: container },
  initContainers: { kinds: ['list'], items: container },
  volumes: listOfMappings({ name: scalar }),
  hostNetwork: scalar,
  securityContext: mapping({
    runAsUser: scalar,
    runAsNonRoot: scalar,
    supplementalGroups: scalars,
    sysctls: listOfMappings({ name: scalar }),
  }),
})

const initContainers = 'initContainers'

/** The names of the containers, without the init containers that an earlier patch added. */
export function namesIn(spec: YamlMap): NamedContainers {
  const inits = spec.maps(initContainers).filter((each) => !isPreparing(each))
  return { names: namesOf(spec.maps('containers')), inits: namesOf(inits) }
}

function namesOf(maps: readonly YamlMap[]): readonly string[] {
  return maps.flatMap((each) => each.text('name') ?? [])
}

/** `claims`: names of the volumes that a StatefulSet adds to each pod. */
export function patchPod(
  spec: YamlMap,
  claims: readonly string[],
  patching: Patching,
  options: PrintContextOptions,
): void {
  const patched: ContainerContext[] = []
  for (const container of [...spec.maps('containers'), ...spec.maps(initContainers)]) {
    const name = container.text('name') ?? ''
    const context = patching.fitting(name, statedOf(spec, container))
    if (context === undefined) continue
    checkPaths(context, 'kubernetes', /:/)
    const security = container.made('securityContext')
    if (patchSecurity(security, context, options)) patching.unprivileged.push(name)
    if (security.map('seccompProfile')?.text('type') === 'Unconfined') patching.unconfined.push(name)
    withdrawPrepared(spec, container, context)
    patchMounts(spec, claims, container, context)
    patched.push(context)
    patching.patched.push(name)
  }
  if (patched.length > 0) patchPodSecurity(spec, patched)
}

/** A container's own setting goes before the pod's. */
function statedOf(spec: YamlMap, container: YamlMap): Stated {
  const member = (holder: YamlMap, key: string): unknown =>
    (holder.value('securityContext') as Readonly<Record<string, unknown>> | null | undefined)?.[key]
  const stated = (key: string): unknown => member(container, key) ?? member(spec, key) ?? undefined
  const uid = stated('runAsUser')
  const isOther = uid === undefined && stated('runAsNonRoot') === true
  return {
    user: uid === undefined ? (isOther ? 'a user that is not root' : undefined) : String(uid),
    hostNetwork: spec.value('hostNetwork') === true,
  }
}

/** Returns whether the container was privileged. */
function patchSecurity(
  security: YamlMap,
  context: ContainerContext,
  { seccomp }: PrintContextOptions,
): boolean {
  const { capabilities, user, runAsNonRoot, noNewPrivileges, readOnlyRoot } = context
  const wasPrivileged = security.value('privileged') === true
  // The API refuses `privileged` together with allowPrivilegeEscalation: false.
  if (wasPrivileged) security.remove('privileged', false)
  if (noNewPrivileges) security.put('allowPrivilegeEscalation', false)
  const sets = security.made('capabilities')
  putCapabilities(sets, 'drop', ['ALL'])
  putCapabilities(sets, 'add', capabilities.needed.map(shortName))
  if (readOnlyRoot) security.put('readOnlyRootFilesystem', true)
  if (runAsNonRoot) security.put('runAsNonRoot', true)
  if (user !== undefined && user.uid !== 0) {
    security.put('runAsUser', user.uid)
    security.put('runAsGroup', user.gid)
  }
  if (seccomp !== undefined) security.put('seccompProfile', { type: 'Localhost', localhostProfile: seccomp })
  else if (security.value('seccompProfile') === undefined)
    security.put('seccompProfile', { type: 'RuntimeDefault' })
  return wasPrivileged
}

/** Takes back the directories that an earlier patch prepared, if the context needs any for another user or mode now. */
function withdrawPrepared(spec: YamlMap, container: YamlMap, context: ContainerContext): void {
  const all = spec.maps(initContainers).filter(isPreparing)
  const prepared = container.maps('volumeMounts').flatMap((each) => {
    const volume = each.text('name')
    const by = all.find((one) => one.maps('volumeMounts').some((its) => its.text('name') === volume))
    return volume === undefined || by === undefined ? [] : [{ volume, by, path: each.text('mountPath') }]
  })
  const isAsNow = prepared.every(({ volume, by, path }) => {
    const mount = context.mounts.find((each) => each.path === path)
    return mount === undefined || isPreparedFor(mount, volume, by)
  })
  if (isAsNow) return
  const isNamed = (names: readonly (string | undefined)[]) => (item: unknown) =>
    names.includes((item as { readonly name?: string } | null)?.name)
  const volumes = prepared.map(({ volume }) => volume)
  container.removeItems('volumeMounts', isNamed(volumes))
  spec.removeItems('volumes', isNamed(volumes))
  spec.removeItems(initContainers, isNamed(prepared.map(({ by }) => by.text('name'))))
}

/** Adds the missing mounts. A path at or below an existing mount gets none: an empty volume would hide its content. */
function patchMounts(
  spec: YamlMap,
  claims: readonly string[],
  container: YamlMap,
  context: ContainerContext,
): void {
  const there = container.maps('volumeMounts').flatMap((each) => each.text('mountPath') ?? [])
  const isMounted = ({ path }: ContextMount): boolean => there.some((each) => isMountedAt(each, path))
  const lists = ['volumes', 'containers', initContainers].map((key) => namesOf(spec.maps(key)))
  const taken = new Set([...claims, ...lists.flat()])
  const name = container.text('name') ?? context.name
  const made = volumesOf(
    { ...context, name, mounts: context.mounts.filter((each) => !isMounted(each)) },
    container.text('image') ?? '',
    taken,
  )
  container.add('volumeMounts', made.volumeMounts)
  spec.add('volumes', made.volumes)
  // Init containers run in order, so the directories of one are made before it.
  const place = spec.maps(initContainers).findIndex((each) => each.text('name') === name)
  spec.add(initContainers, made.initContainers, place < 0 ? undefined : place)
}

function patchPodSecurity(spec: YamlMap, containers: readonly ContainerContext[]): void {
  const { fsGroup, supplementalGroups = [], sysctls = [] } = podSecurity({ version: 1, containers })
  if (fsGroup === undefined && supplementalGroups.length === 0 && sysctls.length === 0) return
  const security = spec.made('securityContext')
  if (fsGroup !== undefined && security.value('fsGroup') === undefined) security.put('fsGroup', fsGroup)
  const groups = (security.value('supplementalGroups') ?? []) as readonly number[]
  security.add(
    'supplementalGroups',
    supplementalGroups.filter((each) => !groups.includes(each)),
  )
  for (const { name, value } of sysctls) {
    const there = security.maps('sysctls').find((each) => each.text('name') === name)
    if (there === undefined) security.add('sysctls', [{ name, value }])
    else there.put('value', value)
  }
}
