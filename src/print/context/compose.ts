// Prints a security context as a compose file. Authority: the Compose Specification, services (cap_add, cap_drop,
// group_add, read_only, security_opt, sysctls, tmpfs, user, volumes) and interpolation, where `$$` is a dollar sign.
import type { ContainerContext, ContextMount, SecurityContext } from '../../harden/context.ts'
import { groupWords, imagePlaceholder, shortName, userWord, type PrintContextOptions } from './forms.ts'
import { checkPaths } from './paths.ts'
import { comments, headLines, reasonsOf } from './reasons.ts'
import { label } from './volumes.ts'
import { commentedYaml, type Commented } from './yaml-comments.ts'

export function composeText(context: SecurityContext, options: PrintContextOptions): string {
  const services = Object.fromEntries(
    context.containers.map((each) => [
      serviceName(each.name),
      { image: dollars(options.image ?? imagePlaceholder), ...composeService(each, options).value },
    ]),
  )
  const remarks = context.containers.flatMap((each) =>
    composeService(each, options).remarks.map(
      ([path, reason]) => [['services', serviceName(each.name), ...path], reason] as const,
    ),
  )
  return comments(context.containers.flatMap(headLines)) + commentedYaml({ value: { services }, remarks })
}

export interface ComposeService {
  readonly cap_drop: readonly string[]
  readonly cap_add?: readonly string[]
  readonly user?: string
  readonly group_add?: readonly string[]
  readonly security_opt?: readonly string[]
  readonly read_only?: true
  readonly tmpfs?: readonly string[]
  readonly volumes?: readonly string[]
  readonly sysctls?: Readonly<Record<string, string>>
}

/** The members of a service, each with its evidence. Throws a UserError for a path that a compose file cannot hold. */
export function composeService(
  container: ContainerContext,
  { seccomp }: PrintContextOptions,
): Commented<ComposeService> {
  checkPaths(container, 'compose', /:/)
  const because = reasonsOf(container)
  const { capabilities, user, noNewPrivileges, readOnlyRoot, mounts, sysctls } = container
  const empty = readOnlyRoot ? mounts.filter(({ kind }) => kind === 'tmpfs') : []
  const filled = readOnlyRoot ? mounts.filter(({ kind }) => kind === 'volume') : []
  const security = [
    ...(noNewPrivileges ? ['no-new-privileges:true'] : []),
    ...(seccomp === undefined ? [] : [dollars(`seccomp:${seccomp}`)]),
  ]
  const groups = groupWords(user)
  return {
    value: {
      cap_drop: ['ALL'],
      ...(capabilities.needed.length === 0 ? {} : { cap_add: capabilities.needed.map(shortName) }),
      ...(user === undefined ? {} : { user: userWord(user) }),
      ...(groups.length === 0 ? {} : { group_add: groups }),
      ...(security.length === 0 ? {} : { security_opt: security }),
      ...(readOnlyRoot ? { read_only: true } : {}),
      ...(empty.length === 0 ? {} : { tmpfs: empty.map(tmpfsWord).map(dollars) }),
      ...(filled.length === 0 ? {} : { volumes: filled.map(({ path }) => dollars(path)) }),
      ...(sysctls === undefined ? {} : { sysctls: { ...sysctls } }),
    },
    remarks: [
      ...capabilities.needed.map((each, at) => [['cap_add', at], because(each)] as const),
      ...(user === undefined ? [] : [[['user'], because('user')] as const]),
      ...(noNewPrivileges ? [[['security_opt', 0], because('noNewPrivileges')] as const] : []),
      ...(readOnlyRoot ? [[['read_only'], because('readOnlyRoot')] as const] : []),
      ...empty.map(({ path }, at) => [['tmpfs', at], because(path)] as const),
      ...filled.map(({ path }, at) => [['volumes', at], because(path)] as const),
      ...Object.keys(sysctls ?? {}).map((name) => [['sysctls', name], because(name)] as const),
    ],
  }
}

export function tmpfsWord({ path, mode, uid, gid, exec }: ContextMount): string {
  return `${path}:mode=${mode},${exec === true ? 'exec' : 'noexec'},uid=${uid},gid=${gid}`
}

/** A valid service name: the Compose Specification's pattern. */
function serviceName(name: string): string {
  return /^[\w.-]+$/.test(name) ? name : label(name)
}

function dollars(text: string): string {
  return text.replaceAll('$', '$$$$')
}
