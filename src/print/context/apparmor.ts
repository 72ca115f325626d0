// Prints an AppArmor profile from the evidence of the context, without abstractions: files as they were read, written,
// mapped and executed, capabilities, network families, and the signals that a runtime sends to a container. Authority:
// apparmor.d(5); security/apparmor of the kernel for the permissions that rename and link need.
import { constantValue } from '../../abi/constants.ts'
import type { ContainerContext, SecurityContext } from '../../harden/context.ts'
import type { FileUse, Observations, ObservedContext } from '../../observe/index.ts'
import { ascending } from '../../order.ts'
import { comments, headLines, reasonsOf } from './reasons.ts'

export function apparmorText(context: SecurityContext, observations: Observations): string {
  return context.containers
    .map((container) => {
      const evidence = observations.context?.find(({ name }) => name === container.name)
      return profileText(container, evidence, observations)
    })
    .join('\n')
}

function profileText(
  container: ContainerContext,
  evidence: ObservedContext | undefined,
  observations: Observations,
): string {
  const because = reasonsOf(container)
  const name = `"seccomp-gen.${pattern(container.name)}"`
  const rules = [
    ...container.capabilities.needed.map(
      (each) => `capability ${each.replace(/^CAP_/, '').toLowerCase()}, # ${because(each)}`,
    ),
    ...networkRules(observations),
    'signal (receive) peer=unconfined,',
    `signal (send, receive) peer=${name},`,
    ...(evidence === undefined ? [] : fileRules(container, evidence, locks(observations))),
  ]
  return [
    comments(headLines(container)),
    `profile ${name} flags=(attach_disconnected, mediate_deleted) {\n`,
    ...rules.map((rule) => `  ${rule}\n`),
    '}\n',
  ].join('')
}

/** The values of DOMAIN in apparmor.d(5). */
const domains: readonly string[] =
  `unix inet ax25 ipx appletalk netrom bridge atmpvc x25 inet6 rose netbeui security key netlink packet ash econet atmsvc
   rds sna irda pppox wanpipe llc ib mpls can tipc bluetooth iucv rxrpc isdn phonet ieee802154 caif alg nfc vsock kcm
   qipcrtr smc xdp mctp`.split(/\s+/)

function domainOf(family: string): string | undefined {
  return domains.find((each) => constantValue(`AF_${each.toUpperCase()}`) === BigInt(family))
}

/** Sockets are counted for the whole recording. If a family is unknown, every network is allowed. */
function networkRules({ architectures }: Observations): readonly string[] {
  const values = Object.values(architectures).flatMap(({ socket, socketpair }) =>
    [socket, socketpair].flatMap((call) => (call === undefined ? [] : [call.args?.['0'] ?? null])),
  )
  if (values.includes(null)) return ['network,', 'unix,']
  const families = [...new Set(values.flatMap((each) => each ?? []))].map(domainOf)
  if (families.includes(undefined)) return ['network,', 'unix,']
  return families
    .sort()
    .flatMap((each) => (each === 'unix' ? ['network unix,', 'unix,'] : [`network ${each},`]))
}

/** The recording does not show which file is locked: if a lock call was seen, every opened file may be locked. */
function locks({ architectures }: Observations): boolean {
  return Object.values(architectures).some(({ flock, fcntl }) => flock !== undefined || fcntl !== undefined)
}

type Permission = 'r' | 'w' | 'm' | 'k' | 'l' | 'ix'

const order: readonly Permission[] = ['r', 'w', 'm', 'k', 'l', 'ix']

function fileRules(
  { mounts }: ContainerContext,
  { changes, reads, executions }: ObservedContext,
  canLock: boolean,
): readonly string[] {
  const found = new Map<string, Set<Permission>>()
  const put = (path: string, ...permissions: readonly Permission[]): void => {
    const known = found.get(path) ?? new Set()
    found.set(path, known)
    for (const each of permissions) known.add(each)
  }
  // File names below a writable directory differ from run to run.
  for (const { path } of mounts) {
    put(`${pattern(path)}/`, 'r', 'w')
    put(`${pattern(path)}/**`, 'r', 'w', ...(canLock ? (['k'] as const) : []))
  }
  const isWritable = (path: string): boolean => mounts.some((each) => path.startsWith(`${each.path}/`))
  for (const use of [...changes, ...reads]) {
    if (!use.started || use.refused !== undefined || !use.path.startsWith('/')) continue
    if (isWritable(use.path) && use.kind !== 'map-exec' && use.kind !== 'link') continue
    put(placePattern(use), ...permissionsOf(use), ...(use.kind === 'open' && canLock ? (['k'] as const) : []))
  }
  for (const { path, refused } of executions)
    if (refused === undefined && path.startsWith('/')) put(pattern(path), 'r', 'm', 'ix')
  return [...found]
    .sort(([a], [b]) => ascending(a, b))
    .map(([path, permissions]) => `"${path}" ${order.filter((each) => permissions.has(each)).join('')},`)
}

function permissionsOf({ kind, reads, writes, creates }: FileUse): readonly Permission[] {
  switch (kind) {
    case 'open':
      return [
        ...(reads === true || writes !== true ? (['r'] as const) : []),
        ...(writes === true || creates === true ? (['w'] as const) : []),
      ]
    case 'map-exec':
      return ['r', 'm']
    case 'rename-from':
      return ['r', 'w']
    case 'link':
      return ['l', 'w']
    default:
      return ['w']
  }
}

/** A directory ends in a slash. Process numbers become patterns, because they differ in each run. */
function placePattern({ path, fileType, kind }: FileUse): string {
  const isDirectory = fileType === 'directory' || kind === 'mkdir' || kind === 'rmdir'
  const plain = pattern(path)
    .replace(/^\/proc\/\d+(?=\/|$)/, '/proc/[0-9]*')
    .replace(/(\/task)\/\d+(?=\/|$)/, '$1/[0-9]*')
  return isDirectory && !plain.endsWith('/') ? `${plain}/` : plain
}

/** Escapes the characters of patterns and variables with a backslash, for a name in double quotes. */
function pattern(text: string): string {
  return Array.from(text, (character) => {
    // apparmor_parser 3.0 loses the backslash of `?`, so a range with it in the middle replaces it.
    if (character === '?') return '[>-@]'
    if (/[*[\]{}^,"\\@$]/.test(character)) return `\\${character}`
    if (/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u.test(character))
      return Array.from(
        new TextEncoder().encode(character),
        (byte) => `\\${byte.toString(8).padStart(3, '0')}`,
      ).join('')
    return character
  }).join('')
}
