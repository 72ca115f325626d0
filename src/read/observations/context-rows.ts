// The members of each kind of row in a context, in the order in which they are printed, with checks of their values.
// Authority: schemas/observations.schema.json; a test keeps the two equal.
import {
  blindSpots,
  changeKinds,
  contextLists,
  fileTypes,
  readKinds,
  refusedResults,
  type CapabilityCheck,
  type CapabilityRaise,
  type ContainerStart,
  type ContextList,
  type Execution,
  type FileUse,
  type Identity,
  type ObservedContext,
  type PortBound,
  type SeenDirectory,
  type SeenMount,
  type ThreadIds,
  type UserNamespaceMade,
} from './context.ts'

/** Checks a value. Each check has the name that the schema gives the type. */
type MemberCheck = (value: unknown) => boolean
type RowShape<T> = { readonly [K in Exclude<keyof T, 'count' | 'first'>]-?: MemberCheck }

const text: MemberCheck = (value) => typeof value === 'string'
const flag: MemberCheck = (value) => typeof value === 'boolean'
const yes: MemberCheck = (value) => value === true
const whole: MemberCheck = (value) => typeof value === 'number' && Number.isSafeInteger(value) && value >= 0
const decimal: MemberCheck = (value) => typeof value === 'string' && /^(?:0|[1-9]\d{0,19})$/.test(value)
const mode: MemberCheck = (value) => typeof value === 'string' && /^[0-7]{4,6}$/.test(value)
const capability: MemberCheck = (value) => typeof value === 'string' && /^CAP_[A-Z0-9_]+$/.test(value)
const oneOf =
  (values: readonly string[]): MemberCheck =>
  (value) =>
    typeof value === 'string' && values.includes(value)
const listOf =
  (member: MemberCheck): MemberCheck =>
  (value) =>
    Array.isArray(value) && value.every(member)
const optional =
  (member: MemberCheck): MemberCheck =>
  (value) =>
    value === undefined || member(value)
const maybe = {
  text: optional(text),
  flag: optional(flag),
  yes: optional(yes),
  whole: optional(whole),
  mode: optional(mode),
  texts: optional(listOf(text)),
  wholes: optional(listOf(whole)),
  capabilities: optional(listOf(capability)),
  refused: optional(oneOf(refusedResults)),
} as const

const ids = {
  uid: whole,
  euid: whole,
  suid: whole,
  gid: whole,
  egid: whole,
  sgid: whole,
} satisfies RowShape<ThreadIds>
const fileUse = (kinds: readonly string[]): RowShape<FileUse> => ({
  path: text,
  kind: oneOf(kinds),
  call: text,
  resolved: flag,
  cut: maybe.yes,
  ours: maybe.yes,
  mount: maybe.text,
  refused: maybe.refused,
  program: text,
  uid: maybe.whole,
  gid: maybe.whole,
  started: flag,
  reads: maybe.flag,
  writes: maybe.flag,
  creates: maybe.flag,
  mode: maybe.mode,
  toUid: maybe.whole,
  toGid: maybe.whole,
  fileType: optional(oneOf(fileTypes)),
  fileMode: maybe.mode,
  fileUid: maybe.whole,
  fileGid: maybe.whole,
  granted: maybe.capabilities,
})

export const rowShapes: { readonly [L in ContextList]: RowShape<ObservedContext[L][number]> } = {
  starts: {
    recorder: oneOf(['tracepoint', 'fexit', 'calls', 'strace']),
    engine: maybe.text,
    path: text,
    arguments: maybe.texts,
    uid: maybe.whole,
    gid: maybe.whole,
    groups: maybe.wholes,
    permitted: maybe.capabilities,
    bounding: maybe.capabilities,
    noNewPrivileges: maybe.flag,
    ownUserNamespace: maybe.flag,
    rootMode: maybe.mode,
    rootUid: maybe.whole,
    rootGid: maybe.whole,
    readOnlyRoot: maybe.flag,
    unprivilegedPorts: maybe.whole,
    pingGroups: maybe.wholes,
  } satisfies RowShape<ContainerStart>,
  checks: {
    capability,
    granted: flag,
    effective: flag,
    own: flag,
    withinBounding: flag,
    started: flag,
    depth: whole,
    otherNamespace: flag,
    functions: listOf(text),
    noAudit: maybe.yes,
    call: maybe.text,
    argument: optional(decimal),
    program: text,
    ...ids,
  } satisfies RowShape<CapabilityCheck>,
  changes: fileUse(changeKinds),
  reads: fileUse(readKinds),
  directories: { path: text, mode, uid: whole, gid: whole } satisfies RowShape<SeenDirectory>,
  mounts: { path: text, filesystem: text, readOnly: flag } satisfies RowShape<SeenMount>,
  executions: {
    path: text,
    program: text,
    arguments: maybe.texts,
    started: flag,
    uid: maybe.whole,
    euidBefore: maybe.whole,
    egidBefore: maybe.whole,
    euid: maybe.whole,
    egid: maybe.whole,
    noNewPrivileges: maybe.flag,
    gained: maybe.capabilities,
    fileCapabilities: maybe.capabilities,
    fileEffective: maybe.flag,
    refused: maybe.refused,
  } satisfies RowShape<Execution>,
  identities: {
    call: text,
    program: text,
    started: flag,
    uid: maybe.whole,
    euid: maybe.whole,
    suid: maybe.whole,
    gid: maybe.whole,
    egid: maybe.whole,
    sgid: maybe.whole,
    groups: maybe.wholes,
  } satisfies RowShape<Identity>,
  raises: {
    call: oneOf(['capset', 'ambient', 'securebits', 'drop-bounding']),
    capabilities: listOf(capability),
    program: text,
    started: flag,
    euid: maybe.whole,
    refused: maybe.refused,
  } satisfies RowShape<CapabilityRaise>,
  userNamespaces: {
    call: text,
    program: text,
    started: flag,
    euid: maybe.whole,
    refused: maybe.refused,
  } satisfies RowShape<UserNamespaceMade>,
  binds: {
    port: whole,
    family: oneOf(['inet', 'inet6']),
    program: text,
    euid: maybe.whole,
    started: flag,
    refused: maybe.refused,
  } satisfies RowShape<PortBound>,
  rings: { program: text },
  blind: { what: oneOf(blindSpots) },
  lost: { what: oneOf(contextLists.filter((each) => each !== 'lost')) },
}
