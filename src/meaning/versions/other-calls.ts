// Which calls have a number in libseccomp on architectures that multiplex socket and ipc calls and have no table in
// this project. Only on architectures that multiplex does libseccomp drop a rule for a call without a number, and a
// dropped rule cannot clash.
// Authority: libseccomp src/syscalls.csv at 2.5.0 to 2.6.1. The data lists only the differences from a table of this
// project.
import { multiplexerOf } from '../../abi/multiplexers.ts'
import type { Architecture } from '../../abi/architectures.ts'
import { numberIn, type LibraryVersion } from './library.ts'

/** libseccomp's name of a list of calls. Both byte orders share one list. */
export type OtherCalls = keyof typeof tables

interface ListDifference {
  readonly like: Architecture
  readonly without: string
  readonly more: string
}

const tables = {
  m68k: {
    like: 'x86',
    without: `afs_syscall arch_prctl break ftime gtty idle io_pgetevents ioperm iopl lock memfd_secret modify_ldt mpx
      oldolduname olduname prof profil stty ulimit vm86 vm86old vserver`,
    more: 'atomic_barrier atomic_cmpxchg_32 cacheflush getpagesize',
  },
  mips: {
    like: 'x86',
    without: `arch_prctl chown32 fadvise64_64 fchown32 get_thread_area getegid32 geteuid32 getgid32 getgroups32
      getresgid32 getresuid32 getuid32 lchown32 memfd_secret oldfstat oldlstat oldolduname oldstat olduname select
      setfsgid32 setfsuid32 setgid32 setgroups32 setregid32 setresgid32 setresuid32 setreuid32 setuid32 ugetrlimit
      vfork vm86old`,
    more: 'cachectl cacheflush syscall sysmips timerfd',
  },
  ppc: {
    like: 'ppc64le',
    without: 'newfstatat',
    more: `clock_adjtime64 clock_getres_time64 clock_gettime64 clock_nanosleep_time64 clock_settime64 fadvise64_64
      fcntl64 fstat64 fstatat64 ftruncate64 futex_time64 io_pgetevents_time64 lstat64 mmap2 mq_timedreceive_time64
      mq_timedsend_time64 ppoll_time64 pselect6_time64 recvmmsg_time64 rt_sigtimedwait_time64
      sched_rr_get_interval_time64 semtimedop_time64 sendfile64 stat64 timer_gettime64 timer_settime64
      timerfd_gettime64 timerfd_settime64 truncate64 utimensat_time64`,
  },
  ppc64: { like: 'ppc64le', without: '', more: '' },
  s390: {
    like: 's390x',
    without: 'listns newfstatat rseq_slice_yield select',
    more: `_llseek _newselect chown32 clock_adjtime64 clock_getres_time64 clock_gettime64 clock_nanosleep_time64
      clock_settime64 fadvise64_64 fchown32 fcntl64 fstat64 fstatat64 ftruncate64 futex_time64 getegid32 geteuid32
      getgid32 getgroups32 getresgid32 getresuid32 getuid32 io_pgetevents_time64 ioperm lchown32 lstat64 mmap2
      mq_timedreceive_time64 mq_timedsend_time64 ppoll_time64 pselect6_time64 recvmmsg_time64 rt_sigtimedwait_time64
      sched_rr_get_interval_time64 semtimedop_time64 sendfile64 setfsgid32 setfsuid32 setgid32 setgroups32 setregid32
      setresgid32 setresuid32 setreuid32 setuid32 stat64 stime time timer_gettime64 timer_settime64 timerfd_gettime64
      timerfd_settime64 truncate64 ugetrlimit utimensat_time64`,
  },
  sh: {
    like: 'x86',
    without: `afs_syscall arch_prctl break clone3 create_module ftime get_kernel_syms get_thread_area getpmsg gtty idle
      io_pgetevents ioperm iopl lock memfd_secret modify_ldt mpx oldolduname prof profil putpmsg query_module select
      set_thread_area stty ulimit vm86 vm86old vserver`,
    more: 'cacheflush sync_file_range2',
  },
} as const satisfies Readonly<Record<string, ListDifference>>

/** Whether libseccomp keeps a rule for the call. It always keeps rules for a family's members. */
export function isKept(calls: OtherCalls, name: string, library: LibraryVersion | undefined): boolean {
  if (multiplexerOf(name) !== undefined) return true
  const { like, without, more } = tables[calls]
  if (without.split(/\s+/).includes(name)) return false
  return numberIn(library, name, like) !== undefined || more.split(/\s+/).includes(name)
}
