// The places in the keys and values of the maps that keep the evidence about a security context (maps.ts). A key has
// all that distinguishes two rows. A path is in the value and is walked once, when the row is new.

/** Limits of a walk: levels of directories, and bytes of names. A longer path is cut, and its row says so. */
export const levels = 32
const nameBytes = 256
const names = 1024

/** Places in a walked path, leaf first: how the walk ended; mode, uid and gid of each level; the names. */
export const walkPlaces = {
  end: 0,
  length: 4,
  attributes: 8,
  names: 8 + levels * 12,
  size: 8 + levels * 12 + names + nameBytes,
} as const
export const nameLimits = { each: nameBytes, all: names } as const
export const walkEnds = { cut: 0, root: 1, unreachable: 2 } as const
/** A bit in the mode of a level: here the walk left a mount for the mount that it lies on. */
export const crossing = 0x8000_0000

/** A used path. Only the key of `changed` has `text`: there the program's own text tells the path. */
export const pathKey = {
  container: 0,
  granted: 8,
  dentry: 16,
  name: 24,
  parentName: 32,
  fsuid: 40,
  fsgid: 44,
  slot: 48,
  errno: 52,
  mode: 56,
  flags: 60,
  fileMode: 64,
  fileUid: 68,
  fileGid: 72,
  access: 76,
  toUid: 80,
  toGid: 84,
  second: 88,
  comm: 96,
  size: 112,
  text: 112,
} as const
export const textSize = 256
export const changedKeySize = pathKey.size + textSize
export const pathValue = {
  count: 0,
  walk: 8,
  text: 8 + walkPlaces.size,
  /** The time of the first use. */
  time: 8 + walkPlaces.size + textSize,
  size: 16 + walkPlaces.size + textSize,
} as const

export const frames = 16
export const checkKey = {
  capability: 0,
  refused: 4,
  flags: 8,
  slot: 12,
  argument: 16,
  container: 24,
  ids: 32,
  options: 64,
  depth: 68,
  comm: 72,
  stack: 88,
  size: 88 + frames * 8,
} as const
export const checkFlags = {
  own: 1,
  effective: 2,
  withinBounding: 4,
  started: 8,
  otherNamespace: 16,
} as const

export const executionKey = {
  container: 0,
  dentry: 8,
  name: 16,
  parentName: 24,
  ids: 32,
  before: 64,
  permittedBefore: 96,
  permitted: 104,
  noNewPrivileges: 112,
  started: 116,
  comm: 120,
  size: 136,
} as const
export const argumentBytes = 512
export const executionValue = {
  count: 0,
  walk: 8,
  /** The processes that executed the file first and last: one may have started the container, one may still run. */
  first: 8 + walkPlaces.size,
  newest: 12 + walkPlaces.size,
  length: 16 + walkPlaces.size,
  arguments: 24 + walkPlaces.size,
  size: 24 + walkPlaces.size + argumentBytes,
} as const
/** Credentials, permitted set and name of a thread that is about to execute a program. */
export const beforeValue = { ids: 0, permitted: 32, comm: 40, size: 56 } as const

export const groupLimit = 32
export const containerValue = {
  root: 0,
  namespace: 8,
  bounding: 16,
  permitted: 24,
  ids: 32,
  uidMap: 64,
  gidMap: 128,
  rootMode: 192,
  rootUid: 196,
  rootGid: 200,
  mountFlags: 204,
  ports: 208,
  pings: 212,
  noNewPrivileges: 220,
  groupCount: 224,
  groups: 228,
  level: 228 + groupLimit * 4,
  pid: 232 + groupLimit * 4,
  superFlags: 236 + groupLimit * 4,
  size: 240 + groupLimit * 4,
} as const

export const identityKey = {
  container: 0,
  slot: 8,
  ids: 16,
  groupCount: 48,
  comm: 56,
  groups: 72,
  size: 72 + groupLimit * 4,
} as const
export const bindKey = { container: 0, family: 8, port: 12, euid: 16, errno: 20, comm: 24, size: 40 } as const
export const privilegeKey = {
  container: 0,
  set: 8,
  slot: 16,
  option: 20,
  euid: 24,
  errno: 28,
  comm: 32,
  size: 48,
} as const

/** The spec of a call: the kind of its path, and the offsets of its arguments in the registers, `absent` for none. */
export const specPlaces = {
  kind: 0,
  base: 4,
  path: 8,
  mode: 12,
  uid: 16,
  gid: 20,
  /** The flags, or the request of ioctl. */
  flags: 24,
  constant: 28,
  /** The register that points to the arguments; the places above are then offsets in memory. Else `absent`. */
  behind: 32,
  /** The bits that an argument has. */
  mask: 40,
  size: 48,
} as const
export const absent = 0xffff
export const specKinds = {
  none: 0,
  open: 1,
  openHow: 2,
  name: 3,
  descriptor: 4,
  socket: 5,
  map: 6,
  execute: 7,
  asks: 8,
  request: 9,
} as const
/**
 * Slots of `programs` and `specs`: by number of the machine's own call, by number of the 32-bit call, the same for the
 * second path, then `byName`, for bind(2).
 */
export const slots = { compat: 512, second: 1024, byName: 2048, all: 2049 } as const

export const lostPlaces = {
  checks: 0,
  reads: 1,
  changes: 2,
  executions: 3,
  identities: 4,
  binds: 5,
  raises: 6,
  starts: 7,
  all: 8,
} as const
