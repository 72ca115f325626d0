// The requests of ioctl(2) that change the flags of an inode, as chattr(1) does. Both need a writable mount, also for a
// descriptor that was opened for reading. Authority: include/uapi/linux/fs.h for the names; ioctl_setflags and
// ioctl_fssetxattr of fs/file_attr.c; include/uapi/asm-generic/ioctl.h, and for ppc64le arch/powerpc's own
// asm/ioctl.h, for the numbers. 32-bit programs pass FS_IOC32_SETFLAGS.

interface FlagRequest {
  readonly name: string
  readonly number: number
  /** The number on ppc64le, which has other bits for "write". */
  readonly powerpc: number
}

export const flagRequests: readonly FlagRequest[] = [
  { name: 'FS_IOC_SETFLAGS', number: 0x40086602, powerpc: 0x80086602 },
  { name: 'FS_IOC32_SETFLAGS', number: 0x40046602, powerpc: 0x80046602 },
  { name: 'FS_IOC_FSSETXATTR', number: 0x401c5820, powerpc: 0x801c5820 },
]
