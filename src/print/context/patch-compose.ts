// Puts a context into compose services: replaces capabilities, only tightens privileges, root and user, keeps mounts.
import type { ContainerContext } from '../../harden/context.ts'
import { composeService } from './compose.ts'
import { composeServiceShape, extendedService, listOf, type ExtendedService } from './compose-extends.ts'
import type { PrintContextOptions } from './forms.ts'
import type { Patching } from './patching.ts'
import { isMountedAt } from './paths.ts'
import { putCapabilities } from './put-capabilities.ts'
import { mapping } from './shapes.ts'
import type { YamlMap } from './yaml-map.ts'

export function patchCompose(services: YamlMap, patching: Patching, options: PrintContextOptions): void {
  for (const name of services.keys()) {
    if (patching.of(name) === undefined) continue
    services.check(mapping({ [name]: composeServiceShape }))
    const service = services.map(name) ?? services.made(name)
    const whole = extendedService(services, service)
    const context = patching.fitting(name, {
      user: textOf(whole.scalar('user')),
      hostNetwork: whole.scalar('network_mode') === 'host',
    })
    if (context === undefined) continue
    patchPrivileged(service, whole, name, patching)
    const stale = staleTmpfs(service, context, options)
    service.removeItems('tmpfs', (each) => stale.includes(each))
    const tmpfsThere = whole.list('tmpfs').filter((each) => !stale.includes(each))
    const mounted = [...targets(whole.list('volumes')), ...targets(tmpfsThere)]
    const missing = context.mounts.filter(({ path }) => !mounted.some((each) => isMountedAt(each, path)))
    const { cap_drop, cap_add, user, group_add, security_opt, read_only, tmpfs, volumes, sysctls } =
      composeService({ ...context, mounts: missing }, options).value
    putCapabilities(service, 'cap_drop', cap_drop)
    putCapabilities(service, 'cap_add', cap_add ?? [])
    if (context.user !== undefined && context.user.uid !== 0) service.put('user', user)
    addMissing(service, 'group_add', group_add)
    patchSecurityOptions(service, security_opt)
    if (read_only !== undefined) service.put('read_only', read_only)
    if (tmpfs !== undefined) {
      // A single tmpfs may be a string instead of a list.
      const [only] = listOf(service.value('tmpfs'))
      if (typeof service.value('tmpfs') === 'string') service.put('tmpfs', [only])
      service.add('tmpfs', tmpfs)
    }
    if (volumes !== undefined) service.add('volumes', volumes)
    patchSysctls(service, sysctls)
    if (whole.list('security_opt').some((each) => /^seccomp[:=]unconfined$/.test(String(each))))
      patching.unconfined.push(name)
    patching.inherited.push(...against(whole, cap_add, security_opt).map((each) => `${name}: ${each}`))
    patching.patched.push(name)
  }
}

/** The tmpfs that an earlier patch wrote for another user or mode. */
function staleTmpfs(
  service: YamlMap,
  context: ContainerContext,
  options: PrintContextOptions,
): readonly unknown[] {
  const wanted = composeService(context, options).value.tmpfs ?? []
  const pathOf = (entry: unknown): string | undefined => {
    const [, path] = /^(\/[^:]*):mode=\d+,noexec,uid=\d+,gid=\d+$/.exec(String(entry)) ?? []
    return path
  }
  const paths = wanted.map(pathOf)
  return listOf(service.value('tmpfs')).filter((each) => {
    const path = pathOf(each)
    return path !== undefined && paths.includes(path) && !wanted.includes(String(each))
  })
}

function patchPrivileged(service: YamlMap, whole: ExtendedService, name: string, patching: Patching): void {
  // The value may be a word or interpolated: `"true"`, `${P:-true}`.
  const isPrivileged = !['undefined', 'null', 'false'].includes(String(whole.scalar('privileged')))
  if (isPrivileged) {
    service.remove('privileged', false)
    patching.unprivileged.push(name)
  }
  // An extended service may set `privileged` too.
  if (whole.unread !== undefined || (isPrivileged && whole.scalar('privileged') !== undefined))
    service.put('privileged', false)
}

/** The inherited settings that contradict the context. */
function against(
  { inherited, unread }: ExtendedService,
  added: readonly string[] = [],
  options: readonly string[] = [],
): readonly string[] {
  const capabilities = inherited('cap_add')
    .map(String)
    .filter((each) => !added.includes(each.replace(/^CAP_/i, '').toUpperCase()))
  const others = inherited('security_opt')
    .map(String)
    .filter((each) => options.some((one) => kindOf(one) === kindOf(each) && one !== each))
  return [
    ...capabilities.map((each) => `cap_add ${each}`),
    ...others.map((each) => `security_opt ${each}`),
    ...(unread === undefined ? [] : [`${unread} was not read`]),
  ]
}

/** The kind of a security option, such as `seccomp` of `seccomp:unconfined`. */
function kindOf(option: string): string {
  return option.split(/[:=]/)[0] as string
}

function patchSecurityOptions(service: YamlMap, wanted: readonly string[] = []): void {
  const there = listOf(service.value('security_opt')).map(String)
  const kept = there.filter((each) => !wanted.some((one) => kindOf(one) === kindOf(each)))
  if (wanted.length > 0) service.put('security_opt', [...kept, ...wanted])
}

/** `sysctls` is a mapping or a list of NAME=VALUE. */
function patchSysctls(service: YamlMap, wanted: Readonly<Record<string, string>> = {}): void {
  const there = service.value('sysctls')
  for (const [name, value] of Object.entries(wanted)) {
    if (!Array.isArray(there)) service.made('sysctls').put(name, value)
    else if (there.some((each) => String(each).startsWith(`${name}=`)))
      service.replaceItems('sysctls', (each) =>
        String(each).startsWith(`${name}=`) ? `${name}=${value}` : each,
      )
    else service.add('sysctls', [`${name}=${value}`])
  }
}

function addMissing(service: YamlMap, key: string, wanted: readonly string[] = []): void {
  const there = listOf(service.value(key)).map(String)
  service.add(
    key,
    wanted.filter((each) => !there.includes(each)),
  )
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : undefined
}

/** The mount paths of volumes and tmpfs: `SOURCE:TARGET:OPTIONS`, `TARGET`, `TARGET:OPTIONS` or an object. */
function targets(value: unknown): readonly string[] {
  return listOf(value).flatMap((each) => {
    if (typeof each === 'object' && each !== null) {
      const { target } = each as { readonly target?: unknown }
      return typeof target === 'string' ? [target] : []
    }
    const [first = '', second] = String(each).split(':')
    return [second?.startsWith('/') === true ? second : first].filter((place) => place.startsWith('/'))
  })
}
