// The C sources of the programs that kernels.test.ts has recorded in emulated machines.

/** Makes calls whose counts and values are compared. */
export const calls = `
#define _GNU_SOURCE
#include <linux/sched.h>
#include <signal.h>
#include <stdint.h>
#include <sys/personality.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>
int main(void) {
  int pair[2];
  for (int i = 0; i < 10; i++) getppid();
#ifdef __i386__
  long address[3] = { AF_NETLINK, SOCK_RAW, 0 }, pairs[4] = { AF_UNIX, SOCK_STREAM, 0, (long)pair };
  syscall(SYS_socketcall, 1, address);
  syscall(SYS_socketcall, 8, pairs);
  syscall(SYS_ipc, 23, 1, 2, 3, 4, 5);
  syscall(SYS_ipc, 0x10017, 1, 2, 3, 4, 5);
  syscall(SYS_getuid32);
#else
  socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  socket(AF_INET6, SOCK_DGRAM, 17);
  socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair);
  personality(0xffffffff);
  struct clone_args made = { .exit_signal = SIGCHLD };
  if (syscall(SYS_clone3, &made, sizeof made) == 0) _exit(0);
  syscall(900);
#endif
  return 0;
}`
/** Two processes on one processor, each with 100,000 calls. */
export const busy = `
#define _GNU_SOURCE
#include <sched.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
int main(void) {
  cpu_set_t first;
  CPU_ZERO(&first);
  CPU_SET(0, &first);
  sched_setaffinity(0, sizeof first, &first);
  for (int i = 0; i < 2; i++)
    if (fork() == 0) {
      for (int n = 0; n < 100000; n++) syscall(SYS_getppid);
      _exit(0);
    }
  while (wait(0) > 0);
  return 0;
}`

/** Makes five calls that its own filter refuses, and one for which the filter ends the process. */
export const refused = `
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#ifdef SYS_mkdir
#define FAILS SYS_mkdir, "/none", 0700
#define ENDS SYS_rmdir, "/none"
enum { fails = SYS_mkdir, ends = SYS_rmdir };
#else
#define FAILS SYS_mkdirat, AT_FDCWD, "/none", 0700
#define ENDS SYS_unlinkat, AT_FDCWD, "/none", AT_REMOVEDIR
enum { fails = SYS_mkdirat, ends = SYS_unlinkat };
#endif
int main(int argc, char **argv) {
  struct sock_filter code[] = {
    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, fails, 0, 1), BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | 1),
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ends, 0, 1), BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  struct sock_fprog filter = { sizeof code / sizeof *code, code };
  if (argc == 1) {
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter);
    execl(argv[0], argv[0], "filtered", (char *)0);
  }
  for (int i = 0; i < 5; i++) syscall(FAILS);
  if (fork() == 0) { syscall(ENDS); _exit(0); }
  wait(0);
  return 0;
}`
/** The steps of a container's program under a filter that allows all; each leaves a row of evidence. */
export const context = `
#define _GNU_SOURCE
#include <fcntl.h>
#include <grp.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <netinet/in.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
int main(int argc, char **argv) {
  struct sock_filter code[] = { BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW) };
  struct sock_fprog filter = { 1, code };
  if (argc == 1) {
    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter);
    execl(argv[0], argv[0], "filtered", (char *)0);
  }
  mkdir("/tmp/d", 0700);
  close(open("/tmp/d/f", O_CREAT | O_WRONLY, 0640));
  chown("/tmp/d/f", 33, 33);
  chmod("/tmp/d", 02755);
  chdir("/tmp/d");
  rename("f", "../g");
  struct sockaddr_in address = { AF_INET, htons(80) };
  bind(socket(AF_INET, SOCK_STREAM, 0), (void *)&address, sizeof address);
  gid_t group = 33;
  setgroups(1, &group);
  setgid(33);
  setuid(33);
  open("/tmp/d/refused", O_CREAT | O_WRONLY, 0640);
  close(open("/bin/busybox", O_RDONLY));
  return 0;
}`
/**
 * Each step leaves a row of evidence, by a call that 32-bit programs make with another number and mostly under another
 * name. Works in the directory that it is given, which is empty.
 */
export const steps = `
#define _GNU_SOURCE
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/openat2.h>
#include <linux/seccomp.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>
int main(int argc, char **argv) {
  struct sock_filter code[] = { BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW) };
  struct sock_fprog filter = { 1, code };
  if (argc == 2) {
    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter);
    execl(argv[0], "steps", argv[1], "filtered", (char *)0);
  }
  prctl(PR_SET_NAME, "steps");
  chdir(argv[1]);
  mkdir("d", 0700);
  close(open("d/f", O_CREAT | O_WRONLY, 0640));
  struct open_how how = { .flags = O_CREAT | O_WRONLY, .mode = 0604 };
  close(syscall(SYS_openat2, AT_FDCWD, "d/how", &how, sizeof how));
  chown("d/f", 33, 33);
  chown("d/f", -1, 34);
  int file = open("d/f", O_RDWR);
  fchown(file, 35, 35);
  fchmod(file, 0600);
  truncate("d/f", 8192);
  mmap(0, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE, file, 0);
  chmod("d", 02755);
  chdir("d");
  rename("f", "../d/g");
  utimensat(AT_FDCWD, "g", 0, 0);
  access("g", R_OK);
  struct sockaddr_in address = { AF_INET, htons(81) };
  bind(socket(AF_INET, SOCK_STREAM, 0), (void *)&address, sizeof address);
  struct sockaddr_un local = { AF_UNIX, "socket" };
  bind(socket(AF_UNIX, SOCK_STREAM, 0), (void *)&local, sizeof local);
  prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_KILL, 0, 0);
  struct __user_cap_header_struct head = { _LINUX_CAPABILITY_VERSION_3, 0 };
  struct __user_cap_data_struct sets[2] = { { .effective = 0x4c3, .permitted = 0x4c3 }, { 0, 0 } };
  syscall(SYS_capset, &head, sets);
  if (fork() == 0) { unshare(CLONE_NEWUSER); _exit(0); }
  wait(0);
  gid_t group = 33;
  setgroups(1, &group);
  setresgid(33, 33, 33);
  setuid(33);
  open("refused", O_CREAT | O_WRONLY, 0640);
  execl("/dev/null", "null", (char *)0);
  return 0;
}`
/** i386's calls whose arguments lie in memory, and those with ids of 16 bits. Works in the directory that it is given. */
export const oldest = `
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <netinet/in.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>
int main(int argc, char **argv) {
  struct sock_filter code[] = { BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW) };
  struct sock_fprog filter = { 1, code };
  if (argc == 2) {
    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter);
    execl(argv[0], "oldest", argv[1], "filtered", (char *)0);
  }
  int file = open("/proc/self/exe", O_RDONLY);
  chdir(argv[1]);
  syscall(SYS_mmap, (long[]){ 0, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE, file, 0 });
  int in = syscall(SYS_socketcall, 1, (long[]){ AF_INET, SOCK_STREAM, 0 });
  struct sockaddr_in address = { AF_INET, htons(82) };
  syscall(SYS_socketcall, 2, (long[]){ in, (long)&address, sizeof address });
  struct sockaddr_un local = { AF_UNIX, "socket" };
  int un = syscall(SYS_socketcall, 1, (long[]){ AF_UNIX, SOCK_STREAM, 0 });
  syscall(SYS_socketcall, 2, (long[]){ un, (long)&local, sizeof local });
  syscall(SYS_socketcall, 4, (long[]){ un, 1 });
  syscall(SYS_chown, "socket", 0xffff, 33);
  syscall(SYS_setuid, 33);
  return 0;
}`
