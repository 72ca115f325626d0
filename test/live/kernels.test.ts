// The recorder on other kernels, each in a qemu machine: Debian's 5.10, 6.1, 6.12 and the newest. Counts, values,
// 32-bit calls, membership of a cgroup, repeated refusals by a filter.
// SECCOMP_GEN_QEMU=DIRECTORY enables the test and keeps packages of Debian there (some 100 MB the first time). One
// kernel takes a minute. SECCOMP_GEN_KERNEL=6.1 selects one.
import { build } from 'esbuild'
import { execa } from 'execa'
import { copyFileSync, cpSync, existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import t from 'tap'
import { bundleOptions } from '../../scripts/bundle-options.mjs'
import { unpackPackages } from '../../scripts/debian-archive.ts'
import { skipFile } from './skip.ts'

const asked = process.env['SECCOMP_GEN_QEMU'] ?? ''
const only = process.env['SECCOMP_GEN_KERNEL']
const missing = async (program: string): Promise<string | undefined> =>
  (await execa(program, ['--version'], { reject: false, stdin: 'ignore' })).failed
    ? `${program} is not installed`
    : undefined
skipFile(
  asked === ''
    ? 'SECCOMP_GEN_QEMU=DIRECTORY asks for machines that are emulated'
    : process.arch === 'x64'
      ? ((await missing('qemu-system-x86_64')) ?? (await missing('dpkg-deb')) ?? (await missing('gcc')))
      : 'the programs are made for x86_64',
)
t.setTimeout(3_600_000)

const kernels = [
  ['5.10', 'bullseye'],
  ['6.1', 'bookworm'],
  ['6.12', 'trixie'],
  ['newest', 'sid'],
] as const

const calls = `
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
const refused = `
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
int main(int argc, char **argv) {
  struct sock_filter code[] = {
    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_mkdir, 0, 1), BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | 1),
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_rmdir, 0, 1), BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  struct sock_fprog filter = { sizeof code / sizeof *code, code };
  if (argc == 1) {
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter);
    execl(argv[0], argv[0], "filtered", (char *)0);
  }
  for (int i = 0; i < 5; i++) syscall(SYS_mkdir, "/none", 0700);
  if (fork() == 0) { syscall(SYS_rmdir, "/none"); _exit(0); }
  wait(0);
  return 0;
}`
/** The steps of a container's program under a filter that allows all; each leaves a row of evidence. */
const context = `
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

const root = resolve(import.meta.dirname, '../..')
const tree = join(t.testdir(), 'tree')
const put = (file: string, to: string): void => {
  mkdirSync(dirname(join(tree, to)), { recursive: true })
  copyFileSync(file, join(tree, to))
}
for (const each of ['bin', 'dev', 'proc', 'sys', 't', 'tmp', 'node_modules/@koromix'])
  mkdirSync(join(tree, each), { recursive: true })
put('/bin/busybox', 'bin/busybox')
put(process.execPath, 'bin/node')
for (const [, file] of (await execa('ldd', [process.execPath])).stdout.matchAll(/(\/\S+) \(0x/g))
  if (file !== undefined) put(file, file)
for (const each of ['koffi', '@koromix/koffi-linux-x64'])
  cpSync(join(root, 'node_modules', each), join(tree, 'node_modules', each), { recursive: true })
const compile = async (name: string, source: string, ...options: string[]): Promise<boolean> => {
  writeFileSync(join(tree, 't', `${name}.c`), source)
  const words = ['-O1', '-static', ...options, '-o', join(tree, 't', name), join(tree, 't', `${name}.c`)]
  return !(await execa('gcc', words, { reject: false })).failed
}
t.ok(await compile('native', calls), 'gcc makes static programs')
t.ok(await compile('refused', refused))
t.ok(await compile('context', context))
const has32 = await compile('compat', calls, '-m32')
await build({
  absWorkingDir: root,
  entryPoints: { guest: 'test/live/kernels/guest.ts' },
  outdir: tree,
  outExtension: { '.js': '.mjs' },
  ...bundleOptions,
})
writeFileSync(
  join(tree, 'init'),
  `#!/bin/busybox sh
for each in proc:/proc sysfs:/sys devtmpfs:/dev tmpfs:/tmp; do busybox mount -t "\${each%%:*}" none "\${each#*:}"; done
busybox mount -t cgroup2 none /sys/fs/cgroup
PATH=/bin /bin/node /guest.mjs
busybox poweroff -f
`
    .replaceAll('busybox mount', '/bin/busybox mount')
    .replace('busybox poweroff', '/bin/busybox poweroff'),
  { mode: 0o755 },
)
const image = join(t.testdirName, 'image')
const files = await execa('find', ['.'], { cwd: tree })
await execa('busybox', ['cpio', '-o', '-H', 'newc', '-F', image], { cwd: tree, input: files.stdout })

function kernelOf(suite: string): string {
  const cache = join(resolve(asked), `amd64-${suite}`)
  const kept = join(cache, 'root')
  if (!existsSync(kept)) {
    mkdirSync(cache, { recursive: true })
    try {
      unpackPackages(cache, { suites: [suite], architecture: 'amd64', packages: ['linux-image-cloud-amd64'] })
    } catch (error) {
      rmSync(kept, { recursive: true, force: true })
      throw error
    }
  }
  // The kernel's place in Debian's packages up to trixie, and in later ones.
  const boot = join(kept, 'boot')
  const [name] = existsSync(boot) ? readdirSync(boot).filter((each) => each.startsWith('vmlinuz-')) : []
  if (name !== undefined) return join(boot, name)
  const modules = join(kept, 'usr/lib/modules')
  return join(modules, readdirSync(modules)[0] ?? '', 'vmlinuz')
}

for (const [version, suite] of kernels)
  t.test(version, { skip: only !== undefined && only !== version && 'another was asked for' }, async (t) => {
    const processor = '-m 1024 -smp 2 -cpu max -accel tcg -nographic -no-reboot -nic none'.split(' ')
    const booted = ['-kernel', kernelOf(suite), '-initrd', image, '-append', 'console=ttyS0 panic=-1 quiet']
    const machine = await execa('qemu-system-x86_64', [...processor, ...booted], {
      reject: false,
      stdin: 'ignore',
      timeout: 900_000,
    })
    const line = /found (\{.*\})/.exec(machine.stdout.replaceAll('\r', ''))?.[1]
    if (line === undefined) return t.fail(machine.stdout.slice(-3000))
    const found = JSON.parse(line) as Record<string, unknown>
    t.comment(String(found['release']))
    if (version !== 'newest') t.match(found['release'], new RegExp(`^${version.replace('.', '\\.')}\\.`))
    t.equal(found['ebpf'], 'works')
    // clone3 with SIGCHLD (17) and nothing shared: its flags and the signal.
    const x86_64 = {
      getppid: [10, null],
      socket: [2, ['1', '10']],
      socketpair: [1, ['1']],
      personality: [1, ['4294967295']],
      clone3: [1, ['17']],
    }
    const seen = { calls: { x86_64 }, unknown: { x86_64: ['900'] }, diagnostics: ['unknown-call'] }
    t.match(found['native'], seen, 'a command')
    // Tracepoints have bpf_get_current_ancestor_cgroup_id since 5.11; on older kernels ebpf records no container.
    if (version === '5.10') t.match(found['cgroup'], /does not take the BPF program sys_enter/)
    else t.match(found['cgroup'], seen, 'a cgroup that was empty')
    const none = String(found['compat'])
    if (!has32 || /ENOEXEC|ENOENT|EACCES/.test(none)) t.comment(`32-bit programs do not run there: ${none}`)
    else
      t.match(found['compat'], {
        calls: {
          x86: {
            getppid: [10, null],
            getuid32: [1, null],
            socket: [1, ['16']],
            socketpair: [1, ['1']],
            socketcall: [2, ['1', '8']],
            shmget: [2, null],
            ipc: [2, ['23']],
          },
        },
      })
    const suspects = found['refused'] as {
      suspects: readonly (readonly unknown[])[]
      lost: number
      programs: number
    }
    t.match(suspects, { lost: 0, programs: 1 }, 'refusals')
    // mkdir is 83. rmdir (84) ends the process: before Linux 5.15 the exit does not give the number.
    t.strictSame(
      suspects.suspects.filter(([, result]) => result === -1),
      [[83, -1, 5]],
    )
    const [ended] = suspects.suspects.filter(([, result]) => result === 'ended')
    t.ok(ended?.[0] === 84 || ended?.[0] === null, `ended: ${JSON.stringify(ended)}`)
    const evidence = found['context']
    // bpf_get_current_task_btf exists since 5.11, bpf_task_pt_regs since 5.15; without them the evidence says so.
    if (version === '5.10') t.match(evidence, { blind: ['checks', 'files'] })
    else {
      const fexit = version === '6.1' || version === '6.12'
      t.match(evidence, {
        recorder: [fexit ? 'fexit' : 'tracepoint'],
        binds: [[80, 'inet']],
        reads: ['open /bin/busybox /'],
        executions: [['/t/context', 'context', false]],
        identities: [
          ['setgid', 0, 33, 33],
          ['setgroups', 0, 0, 33],
          ['setuid', 33, 33, 33],
        ],
        changes: [
          'chmod /tmp/d /tmp done ',
          'mkdir /tmp/d /tmp done ',
          'chown /tmp/d/f /tmp done  CAP_CHOWN',
          'open /tmp/d/f /tmp done 0640',
          'rename-from /tmp/d/f /tmp done ',
          'open /tmp/d/refused /tmp EACCES ',
          'rename-to /tmp/g /tmp done ',
        ],
      })
      // On a slow machine the program can end before its file is looked at, and then that is said.
      const { blind, lost } = evidence as { readonly blind: readonly string[]; readonly lost: unknown }
      t.strictSame(
        [blind.filter((each) => each !== 'file-capabilities'), lost],
        [fexit ? ['direct-checks'] : [], []],
        JSON.stringify(evidence),
      )
      const checks = (evidence as { readonly checks: readonly string[] }).checks.join('\n')
      for (const check of [
        /^had CAP_CHOWN chown .*(?:setattr_prepare|chown_ok)/m,
        /^had CAP_NET_BIND_SERVICE bind .*inet_bind/m,
        /^had CAP_SETGID setgid 33 /m,
        /^had CAP_SETGID setgroups 1 /m,
        /^had CAP_SETUID setuid 33 /m,
      ])
        t.match(checks, check)
    }
  })
