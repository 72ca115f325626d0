// The rows of evidence about files, directories and mounts. Paths, ids and modes are as the container sees them.
// Authority: path_resolution(7), inode(7).
import type { CapabilityName, Counted } from './evidence.ts'

export const changeKinds = [
  'open',
  'mkdir',
  'mknod',
  'unlink',
  'rmdir',
  'rename-from',
  'rename-to',
  'link',
  'symlink',
  'chmod',
  'chown',
  'utime',
  'setxattr',
  'removexattr',
  'setflags',
  'truncate',
  'bind',
  'access',
] as const
export const readKinds = ['open', 'map-exec'] as const
export const fileTypes = [
  'regular',
  'directory',
  'symlink',
  'character',
  'block',
  'fifo',
  'socket',
  'unknown',
] as const
export const refusedResults = ['EROFS', 'EACCES', 'EPERM'] as const

/** A path that was opened, changed or mapped for execution. */
export interface FileUse<Kind extends string = string> extends Counted {
  readonly kind: Kind
  readonly call: string
  /** From the container's root. */
  readonly path: string
  /** The path comes from the kernel, with symbolic links resolved. Otherwise it is the text that the program passed. */
  readonly resolved: boolean
  /** The path was longer than what the recorder keeps. */
  readonly cut?: true
  /** The container created the file itself, by this open or earlier in the recording. */
  readonly ours?: true
  /** The mount point of the mount that the path is in; `/` is the root file system. Absent if unknown. */
  readonly mount?: string
  /** Absent if the call succeeded. */
  readonly refused?: (typeof refusedResults)[number]
  readonly program: string
  /** File system ids (credentials(7)). */
  readonly uid?: number
  readonly gid?: number
  readonly started: boolean
  /** For open: whether the file was opened for reading, and for writing. */
  readonly reads?: boolean
  readonly writes?: boolean
  /** For open: O_CREAT or O_TMPFILE was passed. */
  readonly creates?: boolean
  /** The mode that was passed, such as 0640. */
  readonly mode?: string
  /** For chown: the ids that were passed; an id that chown leaves unchanged is absent. */
  readonly toUid?: number
  readonly toGid?: number
  /** The file's type, mode and owner, if the kernel reported them. */
  readonly fileType?: (typeof fileTypes)[number]
  readonly fileMode?: string
  readonly fileUid?: number
  readonly fileGid?: number
  /** Capabilities that the kernel granted this call from the thread's own credentials. */
  readonly granted?: readonly CapabilityName[]
}

/** A directory on the way of a path. */
export interface SeenDirectory extends Counted {
  readonly path: string
  readonly mode: string
  readonly uid: number
  readonly gid: number
}

/** A mount of the container. */
export interface SeenMount extends Counted {
  readonly path: string
  readonly filesystem: string
  readonly readOnly: boolean
}
