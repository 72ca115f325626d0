// The error numbers of Linux by name. Authority: include/uapi/asm-generic/errno-base.h and errno.h, which every
// architecture of rows.ts uses (mips, sparc, alpha and parisc have numbers of their own above 34). 41 and 58 are
// unused. powerpc names 58 EDEADLOCK, but its kernel returns EDEADLK.

const byNumber: readonly string[] = `
 EPERM ENOENT ESRCH EINTR EIO ENXIO E2BIG ENOEXEC EBADF ECHILD EAGAIN ENOMEM EACCES EFAULT ENOTBLK EBUSY EEXIST EXDEV
 ENODEV ENOTDIR EISDIR EINVAL ENFILE EMFILE ENOTTY ETXTBSY EFBIG ENOSPC ESPIPE EROFS EMLINK EPIPE EDOM ERANGE EDEADLK
 ENAMETOOLONG ENOLCK ENOSYS ENOTEMPTY ELOOP - ENOMSG EIDRM ECHRNG EL2NSYNC EL3HLT EL3RST ELNRNG EUNATCH ENOCSI EL2HLT
 EBADE EBADR EXFULL ENOANO EBADRQC EBADSLT - EBFONT ENOSTR ENODATA ETIME ENOSR ENONET ENOPKG EREMOTE ENOLINK EADV
 ESRMNT ECOMM EPROTO EMULTIHOP EDOTDOT EBADMSG EOVERFLOW ENOTUNIQ EBADFD EREMCHG ELIBACC ELIBBAD ELIBSCN ELIBMAX
 ELIBEXEC EILSEQ ERESTART ESTRPIPE EUSERS ENOTSOCK EDESTADDRREQ EMSGSIZE EPROTOTYPE ENOPROTOOPT EPROTONOSUPPORT
 ESOCKTNOSUPPORT EOPNOTSUPP EPFNOSUPPORT EAFNOSUPPORT EADDRINUSE EADDRNOTAVAIL ENETDOWN ENETUNREACH ENETRESET
 ECONNABORTED ECONNRESET ENOBUFS EISCONN ENOTCONN ESHUTDOWN ETOOMANYREFS ETIMEDOUT ECONNREFUSED EHOSTDOWN EHOSTUNREACH
 EALREADY EINPROGRESS ESTALE EUCLEAN ENOTNAM ENAVAIL EISNAM EREMOTEIO EDQUOT ENOMEDIUM EMEDIUMTYPE ECANCELED ENOKEY
 EKEYEXPIRED EKEYREVOKED EKEYREJECTED EOWNERDEAD ENOTRECOVERABLE ERFKILL EHWPOISON
`
  .trim()
  .split(/\s+/)

const numbers: ReadonlyMap<string, number> = new Map([
  ...byNumber.flatMap((name, index): [string, number][] => (name === '-' ? [] : [[name, index + 1]])),
  ['EWOULDBLOCK', 11],
  ['EDEADLOCK', 35],
  ['ENOTSUP', 95],
])

/** The answer that makes libc and programs try another call, because the kernel seems to lack the first. */
export const ENOSYS = 38

/** The number of an error name such as "ENOSYS"; undefined for an unknown name. */
export function errnoNumber(name: string): number | undefined {
  return numbers.get(name)
}

/** The name of an error number, 1 to 133; undefined if it has none. */
export function errnoName(number: number): string | undefined {
  const name = byNumber[number - 1]
  return name === '-' ? undefined : name
}

/** The name of an error number, else the number. */
export function errnoText(number: number): string {
  return errnoName(number) ?? String(number)
}
