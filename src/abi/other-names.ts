// Names that people write for calls and that an architecture's table lacks: functions of the C library, the kernel's
// functions and macros, names of other architectures. Authority: the sources of glibc and musl (which call a function
// makes), the kernel's SYSCALL_DEFINE names and its tables of numbers, spellings.ts for what loggers print.
import type { Architecture } from './architectures.ts'
import { equivalentOnAarch64 } from './equivalents.ts'
import { resolvePrinted, type Logger } from './spellings.ts'
import { syscallTable } from './tables.ts'

/** Prefixes of a call's name in the kernel's sources, in kallsyms and in headers. */
const prefix =
  /^(?:__(?:(?:x64|ia32|arm64|x32|s390x?|riscv|powerpc|loongarch|se|do|compat)_)*(?:compat_)?sys_|__nr_|(?:compat_|k|do_)?sys_)/

/** A name and its calls, the most usual first. The first call that the architecture has is meant. */
const table = `
_exit exit_group
accept4_nocancel accept4
adjtime adjtimex
arc4random getrandom
arm_fadvise64_64 fadvise64
arm_sync_file_range sync_file_range
clock clock_gettime
closedir close
creat64 creat openat
eaccess faccessat2 faccessat
euidaccess faccessat2 faccessat
execl execve
execle execve
execlp execve
execv execve
execvp execve
execvpe execve
fadvise fadvise64 arm_fadvise64_64
fadvise64_64 fadvise64 arm_fadvise64_64
fclose close
fdopendir fcntl
fexecve execveat
fopen openat
fopen64 openat
fread read
fseek lseek _llseek
fseeko lseek _llseek
fstatat newfstatat fstatat64
fstatat64 newfstatat
fstatvfs fstatfs fstatfs64
ftime gettimeofday
ftok newfstatat
futimens utimensat
futimes utimensat
fwrite write
getdtablesize prlimit64
getentropy getrandom
gethostname uname
getloadavg sysinfo
getpt openat
getrlimit64 prlimit64
getw read
getwd getcwd
grantpt ioctl
isatty ioctl
killpg kill
llseek lseek _llseek
_llseek lseek
lockf fcntl
lutimes utimensat
malloc brk
mkdtemp mkdir mkdirat
mkfifo mknodat
mkfifoat mknodat
mkostemp openat
mkstemp openat
mmap_pgoff mmap mmap2
mmap2 mmap
mq_close close
mq_getattr mq_getsetattr
mq_receive mq_timedreceive
mq_send mq_timedsend
mq_setattr mq_getsetattr
newselect select _newselect pselect6
_newselect select pselect6
nice setpriority
ntp_adjtime clock_adjtime adjtimex
ntp_gettime clock_adjtime adjtimex
old_mmap mmap
open64 openat
opendir openat
posix_fadvise fadvise64 arm_fadvise64_64
posix_fadvise64 fadvise64 arm_fadvise64_64
posix_fallocate fallocate
posix_madvise madvise
posix_openpt openat
posix_spawn clone3 clone
posix_spawnp clone3 clone
popen clone3 clone
pselect pselect6
psignal rt_sigaction
pthread_cond_wait futex
pthread_create clone3 clone
pthread_exit exit
pthread_join futex
pthread_kill tgkill
pthread_mutex_lock futex
pthread_setaffinity_np sched_setaffinity
pthread_getaffinity_np sched_getaffinity
pthread_sigmask rt_sigprocmask
pthread_sigqueue rt_tgsigqueueinfo
raise tgkill
readdir getdents64
readdir64 getdents64
realpath readlink readlinkat
recv recvfrom
remove unlink unlinkat
sbrk brk
sem_post futex
sem_wait futex
send sendto
sendfile64 sendfile
setrlimit64 prlimit64
shm_open openat
shm_unlink unlink unlinkat
sigblock rt_sigprocmask
signal rt_sigaction
sigqueue rt_sigqueueinfo
sigsetmask rt_sigprocmask
sigtimedwait rt_sigtimedwait
sigwait rt_sigtimedwait
sigwaitinfo rt_sigtimedwait
sleep clock_nanosleep
statvfs statfs statfs64
stime clock_settime settimeofday
sync_file_range2 sync_file_range arm_sync_file_range
system clone3 clone
tcgetattr ioctl
tcsetattr ioctl
timerfd timerfd_create
ttyname ioctl
ugetrlimit getrlimit prlimit64
umount umount2
unlockpt ioctl
usleep clock_nanosleep nanosleep
wait wait4
wait3 wait4
waitpid wait4
`

let rows: ReadonlyMap<string, readonly string[]> | undefined

function madeWith(name: string): readonly string[] {
  rows ??= new Map(
    table
      .trim()
      .split('\n')
      .map((line) => {
        const [first = '', ...calls] = line.split(' ')
        return [first, calls]
      }),
  )
  return rows.get(name) ?? []
}

const loggers: readonly Logger[] = ['strace', 'audit', 'perf']

/**
 * The call that a name means, on the first architecture that has such a call. Undefined if one of the architectures has
 * a call of the name itself, or if the name is unknown. Calls have libseccomp's names.
 */
export function callNamed(name: string, architectures: readonly Architecture[]): string | undefined {
  if (architectures.some((each) => syscallTable(each).byName(name) !== undefined)) return undefined
  const bare = withoutDecoration(name)
  for (const architecture of architectures) {
    const has = (call: string): boolean => syscallTable(architecture).byName(call) !== undefined
    const meant = [...candidates(bare, architecture)].find(has)
    if (meant !== undefined) return meant
  }
  return undefined
}

function withoutDecoration(name: string): string {
  return name
    .trim()
    .toLowerCase()
    .replace(/\((?:\d\w*)?\)$/, '')
    .replace(/^(?:(?:raw_)?syscalls?:)?(?:sys_(?:enter|exit)_)?/, '')
    .replace(prefix, '')
    .replace(/@plt$/, '')
}

/** The candidates, the most certain first. */
function* candidates(bare: string, architecture: Architecture): Generator<string> {
  // newuname, oldolduname are functions of the kernel; setuid32, stat64, futex_time64 are calls of 32-bit
  // architectures.
  const plain = bare.replace(/^(?:new|old(?:old)?_?)/, '').replace(/(?:_time)?(?:64|32)$/, '')
  for (const name of new Set([bare, plain])) {
    yield name
    yield* madeWith(name)
    for (const logger of loggers) yield* resolvePrinted(architecture, name, logger)?.names ?? []
    if (architecture === 'aarch64') yield* equivalentOnAarch64(name)?.aarch64 ?? []
    // sysctl, sigpending and prlimit are functions of C: _sysctl, rt_sigpending, prlimit64.
    yield* [`_${name}`, `rt_${name}`, `${name}64`]
  }
}
