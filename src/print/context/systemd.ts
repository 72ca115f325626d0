// Prints a security context as a drop-in of a systemd service. Authority: systemd.exec(5) (CapabilityBoundingSet,
// AmbientCapabilities, NoNewPrivileges, ProtectSystem, ReadWritePaths, SystemCallFilter), systemd.syntax(7) for
// quoting, systemd.unit(5) for specifiers.
import { UserError } from '../../errors.ts'
import type { ContainerContext, SecurityContext } from '../../harden/context.ts'
import { portsSysctl } from '../../harden/ports.ts'
import { checkPaths } from './paths.ts'
import { comments, headLines, reasonsOf } from './reasons.ts'

const portsCapability = 'CAP_NET_BIND_SERVICE'

/** Directories that stay writable under ProtectSystem=strict if PrivateTmp=yes gives the service its own. */
const temporary: readonly string[] = ['/tmp', '/var/tmp']

/** The drop-in of one service. `calls`: the calls for SystemCallFilter=, which is left out if undefined. */
export function systemdText(context: SecurityContext, calls: readonly string[] | undefined): string {
  const [container, ...others] = context.containers
  if (container === undefined || others.length > 0)
    throw new UserError('one-container-only', {
      names: context.containers.map(({ name }) => name),
      form: 'systemd',
    })
  checkPaths(container, 'systemd', /[\n\r]/)
  const because = reasonsOf(container)
  const settings = settingsOf(container, calls)
  return [
    comments(headLines(container)),
    '[Service]\n',
    ...settings.map(({ key, value, what = [] }) => {
      const reasons = what.map((each) => `# ${each}: ${because(each)}\n`)
      return `${reasons.join('')}${key}=${value}\n`
    }),
  ].join('')
}

interface Setting {
  readonly key: string
  readonly value: string
  readonly what?: readonly string[]
}

function settingsOf(container: ContainerContext, calls: readonly string[] | undefined): readonly Setting[] {
  const { capabilities, user, noNewPrivileges, readOnlyRoot, mounts, sysctls = {} } = container
  // A service uses the host's network, where a port below 1024 needs the capability.
  const isPort = Object.hasOwn(sysctls, portsSysctl)
  const needed = [...new Set([...capabilities.needed, ...(isPort ? [portsCapability] : [])])].sort()
  const what = [...capabilities.needed, ...(isPort ? [portsSysctl] : [])]
  const isOther = user !== undefined && user.uid !== 0
  const groups = user?.groups.filter((each) => each !== user.gid) ?? []
  const places = mounts.filter(({ path }) => !temporary.includes(path))
  return [
    { key: 'CapabilityBoundingSet', value: needed.join(' '), what },
    // A non-root user has capabilities only if they are ambient.
    ...(isOther && needed.length > 0 ? [{ key: 'AmbientCapabilities', value: needed.join(' ') }] : []),
    ...(isOther
      ? [
          { key: 'User', value: String(user.uid), what: ['user'] },
          { key: 'Group', value: String(user.gid) },
          ...(groups.length === 0 ? [] : [{ key: 'SupplementaryGroups', value: groups.join(' ') }]),
        ]
      : []),
    { key: 'NoNewPrivileges', value: noNewPrivileges ? 'yes' : 'no', what: ['noNewPrivileges'] },
    ...(readOnlyRoot
      ? [
          { key: 'ProtectSystem', value: 'strict', what: ['readOnlyRoot'] },
          ...(places.length === mounts.length
            ? []
            : [
                {
                  key: 'PrivateTmp',
                  value: 'yes',
                  what: temporary.filter((each) => mounts.some(({ path }) => path === each)),
                },
              ]),
          ...places.map(({ path }) => ({ key: 'ReadWritePaths', value: quoted(path), what: [path] })),
        ]
      : []),
    ...(calls === undefined
      ? []
      : [
          { key: 'SystemCallArchitectures', value: 'native' },
          // The first line makes the filter an allow-list; systemd adds the calls that it needs to start the program.
          ...lines(calls).map((value) => ({ key: 'SystemCallFilter', value })),
          { key: 'SystemCallErrorNumber', value: 'EPERM' },
        ]),
  ]
}

const perLine = 12

function lines(calls: readonly string[]): readonly string[] {
  const result: string[] = []
  for (let at = 0; at < calls.length; at += perLine) result.push(calls.slice(at, at + perLine).join(' '))
  return result
}

/** A path as a word of a list, with `%` doubled because it begins a specifier. */
function quoted(path: string): string {
  const plain = path.replaceAll('%', '%%')
  return /^[\w@%+=:,./-]+$/.test(plain) ? plain : `"${plain.replaceAll(/["\\]/g, String.raw`\$&`)}"`
}
