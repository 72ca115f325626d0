// The calls that use a path, and which arguments of each hold the path, mode and owner. All recorders use this table.
// Authority: syscalls(2) and the page of each call.
import type { changeKinds } from './context.ts'
import { creatFlags } from './open-use.ts'

/**
 * How the call names its file: by an open, a name, a descriptor, a mapping, a socket's address or a program. A call that
 * `asks` names it too, and changes nothing: only its EROFS is evidence. access(2) gives that answer to W_OK alone. A
 * `request` names it by a descriptor if the request is one of flag-requests.ts.
 */
export const pathForms = [
  'open',
  'openHow',
  'name',
  'descriptor',
  'map',
  'socket',
  'execute',
  'asks',
  'request',
] as const

export type PathKind = (typeof changeKinds)[number] | 'map-exec' | 'execute'

/** Numbers are argument indexes. `base` is the descriptor of a directory or, without `path`, of the file. */
export interface PathCall {
  readonly call: string
  readonly kind: PathKind
  readonly how: (typeof pathForms)[number]
  readonly base?: number
  readonly path?: number
  readonly mode?: number
  readonly uid?: number
  readonly gid?: number
  readonly flags?: number
  /** For `request`, the argument that holds the request. */
  readonly request?: number
  /** Flags of an open that has no argument for them. */
  readonly constant?: number
}

export const firstPaths: readonly PathCall[] = [
  { call: 'open', kind: 'open', how: 'open', path: 0, flags: 1, mode: 2 },
  { call: 'creat', kind: 'open', how: 'open', path: 0, mode: 1, constant: creatFlags },
  { call: 'openat', kind: 'open', how: 'open', base: 0, path: 1, flags: 2, mode: 3 },
  { call: 'openat2', kind: 'open', how: 'openHow', base: 0, path: 1, flags: 2 },
  { call: 'mkdir', kind: 'mkdir', how: 'name', path: 0, mode: 1 },
  { call: 'mkdirat', kind: 'mkdir', how: 'name', base: 0, path: 1, mode: 2 },
  { call: 'rmdir', kind: 'rmdir', how: 'name', path: 0 },
  { call: 'unlink', kind: 'unlink', how: 'name', path: 0 },
  { call: 'unlinkat', kind: 'unlink', how: 'name', base: 0, path: 1 },
  { call: 'rename', kind: 'rename-from', how: 'name', path: 0 },
  { call: 'renameat', kind: 'rename-from', how: 'name', base: 0, path: 1 },
  { call: 'renameat2', kind: 'rename-from', how: 'name', base: 0, path: 1 },
  { call: 'link', kind: 'link', how: 'name', path: 1 },
  { call: 'linkat', kind: 'link', how: 'name', base: 2, path: 3 },
  { call: 'symlink', kind: 'symlink', how: 'name', path: 1 },
  { call: 'symlinkat', kind: 'symlink', how: 'name', base: 1, path: 2 },
  { call: 'mknod', kind: 'mknod', how: 'name', path: 0, mode: 1 },
  { call: 'mknodat', kind: 'mknod', how: 'name', base: 0, path: 1, mode: 2 },
  { call: 'truncate', kind: 'truncate', how: 'name', path: 0 },
  { call: 'chmod', kind: 'chmod', how: 'name', path: 0, mode: 1 },
  { call: 'fchmodat', kind: 'chmod', how: 'name', base: 0, path: 1, mode: 2 },
  { call: 'fchmodat2', kind: 'chmod', how: 'name', base: 0, path: 1, mode: 2 },
  { call: 'fchmod', kind: 'chmod', how: 'descriptor', base: 0, mode: 1 },
  { call: 'chown', kind: 'chown', how: 'name', path: 0, uid: 1, gid: 2 },
  { call: 'lchown', kind: 'chown', how: 'name', path: 0, uid: 1, gid: 2 },
  { call: 'fchownat', kind: 'chown', how: 'name', base: 0, path: 1, uid: 2, gid: 3 },
  { call: 'fchown', kind: 'chown', how: 'descriptor', base: 0, uid: 1, gid: 2 },
  { call: 'utime', kind: 'utime', how: 'name', path: 0 },
  { call: 'utimes', kind: 'utime', how: 'name', path: 0 },
  { call: 'futimesat', kind: 'utime', how: 'name', base: 0, path: 1 },
  { call: 'utimensat', kind: 'utime', how: 'name', base: 0, path: 1 },
  { call: 'setxattr', kind: 'setxattr', how: 'name', path: 0 },
  { call: 'lsetxattr', kind: 'setxattr', how: 'name', path: 0 },
  { call: 'fsetxattr', kind: 'setxattr', how: 'descriptor', base: 0 },
  { call: 'setxattrat', kind: 'setxattr', how: 'name', base: 0, path: 1 },
  { call: 'removexattr', kind: 'removexattr', how: 'name', path: 0 },
  { call: 'lremovexattr', kind: 'removexattr', how: 'name', path: 0 },
  { call: 'fremovexattr', kind: 'removexattr', how: 'descriptor', base: 0 },
  { call: 'removexattrat', kind: 'removexattr', how: 'name', base: 0, path: 1 },
  { call: 'ioctl', kind: 'setflags', how: 'request', base: 0, request: 1 },
  { call: 'file_setattr', kind: 'setflags', how: 'name', base: 0, path: 1 },
  { call: 'access', kind: 'access', how: 'asks', path: 0 },
  { call: 'faccessat', kind: 'access', how: 'asks', base: 0, path: 1 },
  { call: 'faccessat2', kind: 'access', how: 'asks', base: 0, path: 1 },
  { call: 'mmap', kind: 'map-exec', how: 'map', base: 4, mode: 2, flags: 3 },
  { call: 'bind', kind: 'bind', how: 'socket', path: 1 },
  { call: 'execve', kind: 'execute', how: 'execute', path: 0 },
  { call: 'execveat', kind: 'execute', how: 'execute', base: 0, path: 1 },
]

/** The second path of calls that have two. */
export const secondPaths: readonly PathCall[] = [
  { call: 'rename', kind: 'rename-to', how: 'name', path: 1 },
  { call: 'renameat', kind: 'rename-to', how: 'name', base: 2, path: 3 },
  { call: 'renameat2', kind: 'rename-to', how: 'name', base: 2, path: 3 },
]
