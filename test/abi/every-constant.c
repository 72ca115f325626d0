/* Makes calls with every value that a constant may stand for, and dies. It is run under
   `strace -X verbose -e inject=all:error=ENOSYS` on x86_64, so the kernel carries out none of them. */
static void call(long number, long first, long second) {
  long result;
  register long r10 __asm__("r10") = 0, r8 __asm__("r8") = 0, r9 __asm__("r9") = 0;
  __asm__ volatile("syscall"
                   : "=a"(result)
                   : "a"(number), "D"(first), "S"(second), "d"(0L), "r"(r10), "r"(r8), "r"(r9)
                   : "rcx", "r11", "memory");
}

void _start(void) {
  for (long n = 0; n < 50; n++) {
    call(41, n, 1);         /* socket */
    call(53, n, 2);         /* socketpair */
    call(72, -1, n);        /* fcntl */
    call(72, -1, 1024 + n); /* fcntl */
  }
  for (long n = 0; n < 80; n++) call(157, n, 0); /* prctl */
  for (long n = 0; n < 65; n++) {
    call(56, n, 0);  /* clone: the signal */
    call(135, n, 0); /* personality */
  }
  for (long n = 0; n < 32; n++) {
    call(56, 1L << n, 0);   /* clone */
    call(135, 1L << n, 0);  /* personality */
    call(272, 1L << n, 0);  /* unshare */
    call(308, -1, 1L << n); /* setns */
  }
  for (long n = 0x5400; n < 0x5480; n++) call(16, -1, n); /* ioctl */
  for (long n = 0x8900; n < 0x8a00; n++) call(16, -1, n); /* ioctl */
  __builtin_trap();
}
