// Which arguments the kernel takes as a 32-bit `int` or `unsigned int`. It drops the upper half of the register, which
// a filter sees, so only a masked comparison shows what the call will do. Authority: the prototypes in
// include/linux/syscalls.h (SYSCALL_DEFINE in fs/, kernel/, net/, mm/, ipc/), the same on every 64-bit architecture
// except for the order of clone's. `unsigned long` (mmap's prot and flags), `long` (ptrace) and pointers are compared
// whole. unshare's flags are compared whole too, because the kernel refuses unknown upper bits. clone takes an
// `unsigned long` and keeps its lower half (both kernel/fork.c).

import type { Architecture } from './architectures.ts'
import { indexOn } from './scalars.ts'

// prettier-ignore
const indexes: Readonly<Record<string, string>> = {
  accept: '0', accept4: '03', access: '1', arch_prctl: '0', bind: '02', bpf: '02', clock_adjtime: '0', clone: '0',
  clock_gettime: '0', clock_nanosleep: '01', clock_settime: '0', close: '0', close_range: '012', connect: '02', dup: '0', dup2: '01',
  dup3: '012', epoll_create: '0', epoll_create1: '0', epoll_ctl: '012', epoll_pwait: '023', epoll_wait: '023', eventfd: '0', eventfd2: '01',
  execveat: '04', faccessat: '02', faccessat2: '023', fallocate: '01', fanotify_init: '01', fanotify_mark: '013', fchdir: '0',
  fchmodat2: '03', fchownat: '0234', fcntl: '01', finit_module: '02', flock: '01', fsconfig: '014', fsmount: '012', fsopen: '1',
  fspick: '02', fstat: '0', ftruncate: '0', futex: '125', futex_waitv: '124', getdents: '02', getdents64: '02', getitimer: '0',
  getpriority: '01', getrandom: '2', getrlimit: '0', getrusage: '0', getsockopt: '012', inotify_add_watch: '02', inotify_init1: '0',
  io_uring_enter: '0123', io_uring_register: '013', io_uring_setup: '0', ioctl: '01', ioprio_set: '012', keyctl: '0', kill: '01',
  landlock_add_rule: '013', landlock_restrict_self: '01', linkat: '024', listen: '01', lseek: '02', madvise: '2', membarrier: '012',
  memfd_create: '1', mlock2: '2', mlockall: '0', mount_setattr: '02', move_mount: '024', msgctl: '01', msgget: '01', msync: '2',
  name_to_handle_at: '04', newfstatat: '03', open: '1', open_by_handle_at: '02', open_tree: '02', openat: '02', openat2: '0',
  perf_event_open: '123', personality: '0', pidfd_getfd: '012', pidfd_open: '01', pidfd_send_signal: '013', pipe2: '1', pkey_mprotect: '3',
  prctl: '0', pread64: '0', prlimit64: '01', pwrite64: '0', quotactl: '02', quotactl_fd: '012', read: '0', reboot: '012', recvfrom: '03',
  recvmsg: '02', renameat2: '024', sched_setscheduler: '01', seccomp: '01', semctl: '012', semget: '012', sendmsg: '02', sendto: '03',
  setitimer: '0', setns: '01', setpriority: '012', setrlimit: '0', setsockopt: '0124', shmctl: '01', shmget: '02', shutdown: '01',
  signalfd4: '03', socket: '012', socketpair: '012', splice: '025', statx: '023', symlinkat: '1', sync_file_range: '03', syslog: '02',
  sysfs: '0', tee: '013', tgkill: '012', timer_create: '0', timerfd_create: '01', timerfd_settime: '01', tkill: '01', umount2: '1',
  ipc: '01', riscv_hwprobe: '4', s390_guarded_storage: '0', s390_runtime_instr: '01', socketcall: '0', spu_create: '13', spu_run: '0',
  sync_file_range2: '01', waitpid: '02', unlinkat: '02', userfaultfd: '0', utimensat: '03', vmsplice: '03', wait4: '02', waitid: '013', write: '0',
}

/** Whether argument `index` (0 to 5) of a call is 32 bits wide in a 64-bit kernel. False for unlisted arguments. */
export function isNarrowArgument(architecture: Architecture, call: string, index: number): boolean {
  return (
    Object.hasOwn(indexes, call) &&
    (indexes[call] as string).includes(String(indexOn(architecture, call, index)))
  )
}
