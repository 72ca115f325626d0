// Groups of calls with the same effect. Refusing only one call of a group refuses nothing: a program can make another.
// Authority: the man pages of section 2 ("the same as …", "VERSIONS"), the kernel's sources (one function does the work
// of the whole group), libc's own fallbacks.
import { architectureNames, type Architecture } from './architectures.ts'
import { multiplexerOf } from './multiplexers.ts'
import { syscallTable } from './tables.ts'

/**
 * Every call of a line can do what its first call does. The first call may do less than the others. clone3 has no line:
 * it is refused so that libc calls clone, whose flags a filter sees.
 */
const table = `
accept accept4
access faccessat faccessat2
alarm setitimer
chmod fchmodat fchmodat2
chown chown32 lchown lchown32 fchownat
clone clone3
clock_settime clock_settime64 settimeofday stime adjtimex clock_adjtime clock_adjtime64
creat open openat openat2
dup2 dup3
epoll_create epoll_create1
epoll_wait epoll_pwait epoll_pwait2
eventfd eventfd2
execve execveat
execveat execve
faccessat faccessat2
fadvise64 fadvise64_64 arm_fadvise64_64
fchmodat fchmodat2
fchown fchown32
fcntl fcntl64
fork vfork clone clone3
fstat fstat64 newfstatat fstatat64 statx
fstatat64 newfstatat statx
fstatfs fstatfs64
ftruncate ftruncate64
futex futex_time64
futimesat utimensat utimensat_time64
getdents getdents64
getrlimit ugetrlimit prlimit64
getxattr getxattrat
init_module finit_module
finit_module init_module
inotify_init inotify_init1
kexec_load kexec_file_load
kexec_file_load kexec_load
kill tkill tgkill rt_sigqueueinfo rt_tgsigqueueinfo pidfd_send_signal
lchown lchown32 fchownat
link linkat
listxattr listxattrat
lseek _llseek
lstat lstat64 newfstatat fstatat64 statx
mkdir mkdirat
mknod mknodat
mlock mlock2
mmap mmap2
mmap2 mmap
mount fsmount move_mount
nanosleep clock_nanosleep clock_nanosleep_time64
newfstatat statx
open openat openat2
openat openat2
openat2 openat
pipe pipe2
poll ppoll ppoll_time64
pread64 preadv preadv2
preadv preadv2
process_vm_readv ptrace
process_vm_writev ptrace
pwrite64 pwritev pwritev2
pwritev pwritev2
quotactl quotactl_fd
readlink readlinkat
recv recvfrom recvmsg recvmmsg recvmmsg_time64
recvfrom recvmsg recvmmsg recvmmsg_time64
recvmsg recvmmsg recvmmsg_time64
removexattr removexattrat
rename renameat renameat2
renameat renameat2
rmdir unlinkat
rt_sigaction sigaction signal
rt_sigprocmask sigprocmask
rt_sigsuspend sigsuspend
sched_setscheduler sched_setattr
sched_setparam sched_setattr
select _newselect pselect6 pselect6_time64
send sendto sendmsg sendmmsg
sendfile sendfile64
sendmsg sendmmsg
sendto sendmsg sendmmsg
setfsgid setfsgid32
setfsuid setfsuid32
setgid setgid32
setgroups setgroups32
setregid setregid32
setresgid setresgid32
setresuid setresuid32
setreuid setreuid32
setrlimit prlimit64
settimeofday clock_settime clock_settime64 stime adjtimex clock_adjtime clock_adjtime64
setuid setuid32
setxattr setxattrat
signalfd signalfd4
stat stat64 newfstatat fstatat64 statx
statfs statfs64
stime settimeofday clock_settime clock_settime64
symlink symlinkat
sync_file_range arm_sync_file_range sync_file_range2
tkill tgkill
tgkill tkill
truncate truncate64
umount umount2
umount2 umount
unlink unlinkat
unshare clone clone3
utime utimes futimesat utimensat utimensat_time64
utimensat utimensat_time64
utimes utime futimesat utimensat utimensat_time64
vfork fork clone clone3
wait4 waitpid waitid
waitpid wait4 waitid
`

let groups: ReadonlyMap<string, readonly string[]> | undefined

/** The other calls with the effect of a call on these architectures, the preferred one first. */
export function sameEffect(call: string, architectures: readonly Architecture[]): readonly string[] {
  groups ??= new Map(
    table
      .trim()
      .split('\n')
      .map((line) => {
        const [first = '', ...others] = line.split(' ')
        return [first, others]
      }),
  )
  const there = architectures.length === 0 ? architectureNames : architectures
  const multiplexer = there.includes('x86') ? multiplexerOf(call) : undefined
  return [...(groups.get(call) ?? []), ...(multiplexer === undefined ? [] : [multiplexer])].filter((each) =>
    there.some((architecture) => syscallTable(architecture).byName(each) !== undefined),
  )
}
