// Sets a seccomp filter of its own that decides sysinfo(2) alone, makes that call, and prints its result. Arguments:
// the action (seccomp(2), SECCOMP_RET_*), its data, what the supervisor or the handler of SIGSYS answers, and how often
// the call is made, ten times a second (default 1).
#define _GNU_SOURCE
#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

static long answer;
static int listeners[2];

static void *supervise(void *unused) {
  (void)unused;
  int listener;
  if (read(listeners[0], &listener, sizeof listener) != sizeof listener) return NULL;
  for (;;) {
    struct seccomp_notif asked;
    memset(&asked, 0, sizeof asked);
    if (ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &asked) != 0) continue;
    struct seccomp_notif_resp given = {.id = asked.id};
    if (answer < 0) given.error = answer;
    else given.val = answer;
    ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &given);
  }
  return NULL;
}

static void emulate(int signal, siginfo_t *about, void *context) {
  (void)signal;
  (void)about;
#ifdef __x86_64__
  ((ucontext_t *)context)->uc_mcontext.gregs[REG_RAX] = answer;
#else
  ((ucontext_t *)context)->uc_mcontext.regs[0] = answer;
#endif
}

int main(int count, char **words) {
  if (count < 4) return 2;
  unsigned action = strtoul(words[1], NULL, 0) | strtoul(words[2], NULL, 0);
  answer = strtol(words[3], NULL, 0);
  unsigned flags = (action & SECCOMP_RET_ACTION_FULL) == SECCOMP_RET_USER_NOTIF ? SECCOMP_FILTER_FLAG_NEW_LISTENER : 0;
  pthread_t supervisor;
  // The supervisor waits in read(2), so every run makes the same calls.
  if (flags && (pipe(listeners) != 0 || pthread_create(&supervisor, NULL, supervise, NULL) != 0)) return 3;
  struct sigaction handler = {.sa_sigaction = emulate, .sa_flags = SA_SIGINFO};
  sigaction(SIGSYS, &handler, NULL);
  struct sock_filter code[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_sysinfo, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, action),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  struct sock_fprog filter = {sizeof code / sizeof *code, code};
  prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  long made = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &filter);
  if (made < 0) return 3;
  int listener = made;
  if (flags && write(listeners[1], &listener, sizeof listener) != sizeof listener) return 3;
  for (int times = count > 4 ? atoi(words[4]) : 1; times > 0; times--) {
    errno = 0;
    char room[256];
    long result = syscall(SYS_sysinfo, room);
    printf("%ld %d\n", result, errno);
    fflush(stdout);
    if (times > 1) usleep(100000);
  }
  return 0;
}
