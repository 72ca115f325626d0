// Decides by the flags of an open what the open may do with its file. Authority: open(2); ACC_MODE and build_open_flags
// of fs/open.c; include/uapi/asm-generic/fcntl.h. Every architecture here has these values.

export const openFlags = {
  /** O_ACCMODE. Its value 3 asks for both permissions and opens for ioctl(2) alone. */
  access: 3,
  create: 0o100,
  exclusive: 0o200,
  truncate: 0o1000,
  path: 0o10000000,
  /** The bit that only O_TMPFILE has. */
  temporary: 0o20000000,
} as const

/** The flags with which creat(2) opens. */
export const creatFlags = openFlags.create | openFlags.truncate | 1

export interface OpenUse {
  readonly reads: boolean
  readonly writes: boolean
  readonly creates: boolean
}

/** O_PATH uses nothing of the file, whatever the other flags are. O_TRUNC needs permission to write, also with O_RDONLY. */
export function openUse(flags: number): OpenUse {
  if ((flags & openFlags.path) !== 0) return { reads: false, writes: false, creates: false }
  const access = flags & openFlags.access
  return {
    reads: access !== 1,
    writes: access !== 0 || (flags & openFlags.truncate) !== 0,
    creates: (flags & (openFlags.create | openFlags.temporary)) !== 0,
  }
}
