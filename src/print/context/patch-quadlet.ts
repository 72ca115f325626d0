// Puts a context into the [Container] section of a quadlet. Authority: podman-systemd.unit(5), systemd.syntax(7).
import { UserError } from '../../errors.ts'
import type { ContainerContext, SecurityContext } from '../../harden/context.ts'
import { engineMountWords } from './engine.ts'
import { groupWords, shortName, type PatchOptions, type PrintContextOptions } from './forms.ts'
import { Patching, type PatchResult } from './patching.ts'
import { checkPaths, isMountedAt } from './paths.ts'
import { mountsIn, userIn, withoutDecided } from './podman-args.ts'
import { parse, print, quadletName, section, valuesIn, type QuadletLine } from './quadlet.ts'
import { missingSysctls, sysctlWords, withSysctls } from './quadlet-sysctls.ts'
import { winning, type Settings } from './quadlet-drop-ins.ts'

export function patchQuadlet(
  text: string,
  file: string,
  context: SecurityContext,
  { pod = '', dropIns = [], ...options }: PatchOptions,
): PatchResult {
  const entries = parse(text)
  if (!entries.some((each) => each.section === section)) throw new UserError('not-a-manifest', { file })
  const dropped = dropIns.flatMap((each) => parse(each.text))
  const all = [...entries, ...dropped]
  const values = (key: string): readonly string[] => valuesIn(all, section, key)
  const ofPod = parse(pod)
  const name = nameOf(values('ContainerName').at(-1), file, context)
  const patching = new Patching(context, { names: [name] }, file)
  const args = values('PodmanArgs').join(' ')
  const hostNetwork = isOnHostNetwork(all, section) || isOnHostNetwork(ofPod, 'Pod')
  const user = userIn(args) ?? values('User').at(-1)
  const container = patching.fitting(name, { user, hostNetwork }) as ContainerContext
  // A line end would end the value, a colon the path.
  checkPaths(container, 'quadlet', /[:\n\r]/)
  const covered = [
    ...values('Volume'),
    ...values('Tmpfs'),
    ...values('Mount'),
    ...mountsIn(args),
    ...podMounts(ofPod),
  ]
  const kept = withoutOptions(withOwnSysctls(entries, container), container, options.seccomp !== undefined)
  if (kept.privileged) patching.unprivileged.push(name)
  const own = valuesIn(kept.entries, section, 'Sysctl')
  const settings = settingsOf(container, options, covered)
  const missing = new Map(settings).set('Sysctl', { values: missingSysctls(own, container), more: true })
  const result = apply(kept.entries, missing)
  if ([...result, ...dropped].some(isUnconfined)) patching.unconfined.push(name)
  patching.overridden.push(...winning(dropIns, settings, container))
  patching.patched.push(name)
  return patching.result(print(result))
}

/** The lines without the options of PodmanArgs= that the context decides. */
function withoutOptions(
  entries: readonly QuadletLine[],
  container: ContainerContext,
  hasProfile: boolean,
): { readonly entries: readonly QuadletLine[]; readonly privileged: boolean } {
  const isArgs = (entry: QuadletLine): boolean => entry.section === section && entry.key === 'PodmanArgs'
  const all = entries.filter(isArgs)
  // An empty value takes away those before it.
  const args = all.slice(all.findLastIndex(({ value }) => value === '') + 1)
  const before = args.map(({ value = '' }) => value)
  const { values, privileged } = withoutDecided(before, container, hasProfile)
  return {
    privileged,
    entries: entries.flatMap((entry) => {
      const at = args.indexOf(entry)
      const value = values[at]
      if (value === undefined || value === before[at]) return [entry]
      return value === '' ? [] : [{ ...entry, lines: [`PodmanArgs=${value}`], value }]
    }),
  }
}

function withOwnSysctls(
  entries: readonly QuadletLine[],
  container: ContainerContext,
): readonly QuadletLine[] {
  return entries.map((entry) => {
    if (entry.section !== section || entry.key !== 'Sysctl') return entry
    const value = withSysctls(entry.value ?? '', container)
    return value === entry.value ? entry : { ...entry, lines: [`Sysctl=${value}`], value }
  })
}

/**
 * The name of the quadlet's container: that of ContainerName=, else that of the file. A template without an instance
 * means the one container with evidence whose name fits, whatever stands for `%i`.
 */
function nameOf(given: string | undefined, file: string, { containers }: SecurityContext): string {
  const { unit, instance, isTemplate } = quadletName(file)
  if (given === undefined) return unit
  const whole = isTemplate ? `${unit}@${instance}` : unit
  // Authority: systemd.unit(5), "Specifiers".
  const withInstance = (i: string): string => {
    const specified: Readonly<Record<string, string>> = { i, p: unit, N: whole, '%': '%' }
    return given.replaceAll(/%([ipN%])/g, (_, letter: string) => specified[letter] ?? '')
  }
  if (!isTemplate || instance !== '') return withInstance(instance)
  const fitting = containers.filter((each) => {
    const [before = '', after] = withInstance('\n').split('\n')
    return after === undefined
      ? each.name === before
      : each.name.length > before.length + after.length &&
          each.name.startsWith(before) &&
          each.name.endsWith(after)
  })
  return fitting.length === 1 ? (fitting[0] as ContainerContext).name : given
}

function isOnHostNetwork(entries: readonly QuadletLine[], its: string): boolean {
  const args = valuesIn(entries, its, 'PodmanArgs').join(' ')
  return valuesIn(entries, its, 'Network').at(-1) === 'host' || /--net(?:work)?[= ]host(?:\s|$)/.test(args)
}

/** The mounts that a pod gives to all its containers. */
function podMounts(entries: readonly QuadletLine[]): readonly string[] {
  return [
    ...valuesIn(entries, 'Pod', 'Volume'),
    ...mountsIn(valuesIn(entries, 'Pod', 'PodmanArgs').join(' ')),
  ]
}

function settingsOf(
  container: ContainerContext,
  { seccomp }: PrintContextOptions,
  covered: readonly string[],
): Settings {
  const { capabilities, user, noNewPrivileges, readOnlyRoot, mounts } = container
  const isOther = user !== undefined && user.uid !== 0
  const missing = readOnlyRoot
    ? mounts.filter(({ path }) => !covered.some((each) => isCovered(path, each)))
    : []
  const words = missing.map((each) => engineMountWords(each, container, 'podman'))
  const of = (option: string): readonly string[] =>
    words.filter(([word]) => word === option).map(([, value = '']) => value)
  return new Map<string, { readonly values: readonly string[]; readonly more?: true }>([
    ['DropCapability', { values: ['all'] }],
    ['AddCapability', { values: capabilities.needed.map((each) => `CAP_${shortName(each)}`) }],
    ...(noNewPrivileges ? [['NoNewPrivileges', { values: ['true'] }] as const] : []),
    ...(isOther
      ? [
          ['User', { values: [String(user.uid)] }] as const,
          ['Group', { values: [String(user.gid)] }] as const,
          ['GroupAdd', { values: groupWords(user), more: true }] as const,
        ]
      : []),
    ...(readOnlyRoot
      ? [['ReadOnly', { values: ['true'] }] as const, ['ReadOnlyTmpfs', { values: ['false'] }] as const]
      : []),
    ['Tmpfs', { values: of('--tmpfs'), more: true }],
    ['Volume', { values: of('--volume'), more: true }],
    ['Sysctl', { values: sysctlWords(container), more: true }],
    ...(seccomp === undefined ? [] : [['SeccompProfile', { values: [seccomp] }] as const]),
  ])
}

function isUnconfined({ section: its, key, value = '' }: QuadletLine): boolean {
  if (its !== section) return false
  return key === 'SeccompProfile'
    ? value === 'unconfined'
    : key === 'PodmanArgs' && /seccomp=unconfined/.test(value)
}

/** Whether a value of Volume=, Tmpfs= or Mount= mounts on the path or above it. */
function isCovered(path: string, value: string): boolean {
  const places = value.split(/[:,]/).map((part) => part.replace(/^(?:destination|dst|target)=/, ''))
  return places.some((place) => place.startsWith('/') && isMountedAt(place, path))
}

/** Writes the settings. A key keeps its place; a new key comes after the last setting of the section. */
function apply(entries: readonly QuadletLine[], settings: Settings): readonly QuadletLine[] {
  const line = (key: string, value: string): QuadletLine => {
    const plain = value.replaceAll('%', '%%')
    return { lines: [`${key}=${plain}`], section, key, value: plain }
  }
  let result = [...entries]
  for (const [key, { values, more }] of settings) {
    const wanted = values.map((value) => line(key, value))
    const isOld = (each: QuadletLine): boolean => each.section === section && each.key === key
    const old = result.filter(isOld)
    const keep = more === true ? old : old.filter((each) => wanted.some(({ value }) => value === each.value))
    const there = valuesIn(keep, section, key)
    const added = wanted.filter(({ value = '' }) => !there.includes(value))
    const first = result.findIndex(isOld)
    const last = result.findLastIndex((each) => each.section === section && each.key !== undefined)
    const title = result.findIndex((each) => each.section === section)
    const kept = result.filter((each) => !isOld(each) || keep.includes(each))
    const lastKept = kept.findLastIndex(isOld)
    const place = lastKept >= 0 ? lastKept + 1 : first >= 0 ? first : (last >= 0 ? last : title) + 1
    result = [...kept.slice(0, place), ...added, ...kept.slice(place)]
  }
  return result
}
