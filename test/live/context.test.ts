// The whole security context in real engines: what one recording shows, that the workload runs under the derived
// context, and that removing each part is reported. Hostile programs stay bounded, are reported and forge nothing.
import { execa } from 'execa'
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import t from 'tap'
import { hardenContext, printContext, type SecurityContext } from '../../src/harden/index.ts'
import type { Observations } from '../../src/observe/index.ts'
import { noEbpf } from './command.ts'
import { skipFile } from './skip.ts'

skipFile(await noEbpf())
t.setTimeout(600_000)
const { at, close, engines, env, node, quietly, words } = await import('./containers.ts')
t.teardown(close)

const run = (...given: readonly string[]) => execa(node, [...words, ...given], { ...quietly, env })

/** Imports a root file system into an engine, with directories to write to and the hostile program. */
async function imported(client: readonly string[], image: string): Promise<void> {
  const [program = '', ...before] = client
  const tar = execa('tar', ['-C', at('bundle/rootfs'), '-c', '.'], { encoding: 'buffer', buffer: false })
  const made = execa(program, [...before, 'import', '-', `${image}:latest`], { ...quietly, stdin: 'pipe' })
  tar.stdout.pipe(made.stdin)
  await made
}
for (const each of ['tmp', 'var', 'var/state']) mkdirSync(at(`bundle/rootfs/${each}`), { recursive: true })

/** The steps of a program, each of which needs a part of a context. */
const script = `
b=/bin/busybox
$b mkdir /tmp/d; $b touch /tmp/d/f /var/state/s
$b chown 33:33 /tmp/d/f; $b chmod 2755 /tmp/d; $b ln -s d /tmp/l; $b cat /tmp/l/f
$b mv /tmp/l/f /tmp/l/g; $b chroot / /bin/busybox true; $b sleep 0.3`

for (const [engine, missing, client, options] of engines)
  t.test(`${engine}: recorded, derived, proved`, { skip: missing ?? false }, async (t) => {
    const [program, ...before] = client
    await imported(client, 'context-test')
    const command = [program, ...before, 'run', '--rm', '--network', 'none', ...options, 'context-test']
    const workload = ['--', ...command, '/bin/busybox', 'sh', '-c', script]
    const file = at(`${engine}.json`)
    const recorded = await run(
      'trace',
      '--observations',
      file,
      '-o',
      at(`${engine}.profile.json`),
      ...workload,
    )
    t.equal(recorded.exitCode, 0, recorded.stderr)
    const observations = JSON.parse(readFileSync(file, 'utf8')) as Observations
    const [context] = observations.context ?? []
    if (context === undefined) return t.fail('no evidence')
    t.equal(observations.context?.length, 1)
    t.same([context.lost, context.starts.length], [[], 1])
    t.match(context.starts, [{ uid: 0, engine }])
    const had = context.checks.filter(({ started, own, granted }) => started && own && granted)
    t.ok(
      had.some(
        ({ capability, call, functions }) =>
          capability === 'CAP_CHOWN' && call === 'chown' && functions.length > 0,
      ),
      'a check with its call and its functions',
    )
    t.match(
      context.changes.find(({ kind }) => kind === 'chown'),
      { path: '/tmp/d/f', mount: '/', toUid: 33, toGid: 33, granted: ['CAP_CHOWN'] },
    )
    t.ok(
      context.changes.some(({ kind, path }) => kind === 'rename-from' && path === '/tmp/d/f'),
      'a link that a file was opened through is followed',
    )
    const read = (path: string) => context.reads.filter((each) => each.kind === 'open' && each.path === path)
    t.match(read('/tmp/d/f'), [{ ours: true }], 'a file that it made and read')
    const derived = hardenContext(observations)
    const [container] = derived.containers
    if (container === undefined) return t.fail('no container')
    t.strictSame(
      container.capabilities.needed.filter((each) => each !== 'CAP_DAC_OVERRIDE'),
      ['CAP_CHOWN', 'CAP_SYS_CHROOT'],
      'podman’s root is 0555: there writing needs CAP_DAC_OVERRIDE too',
    )
    t.same([container.readOnlyRoot, container.noNewPrivileges], [true, true])
    const verified = async (given: SecurityContext) => {
      const name = at(`${engine}.context.json`)
      writeFileSync(name, printContext(given))
      const ended = await run('verify', '--report', 'json', '--context', name, ...workload)
      return { ended, report: JSON.parse(ended.stdout.slice(ended.stdout.indexOf('{'))) as Report }
    }
    const whole = await verified(derived)
    t.same([whole.report.verdict, whole.report.context.refused], ['suffices', []], whole.ended.stderr)
    for (const capability of container.capabilities.needed) {
      const needed = container.capabilities.needed.filter((each) => each !== capability)
      const less = { ...container, capabilities: { ...container.capabilities, needed } }
      const { report } = await verified({ ...derived, containers: [less] })
      t.ok(
        report.context.refused.some(({ layer, what }) => layer === 'capability' && what === capability),
        `without ${capability} that is reported`,
      )
    }
    for (const { path } of container.mounts) {
      const mounts = container.mounts.filter((each) => each.path !== path)
      const { report } = await verified({ ...derived, containers: [{ ...container, mounts }] })
      t.ok(
        report.context.refused.some(({ answered, what }) => answered === 'EROFS' && what.startsWith(path)),
        `without a mount at ${path} that is reported`,
      )
    }
    const nothing = { ...container, capabilities: { needed: [], tolerated: [] }, mounts: [] }
    const start = at(`${engine}.nothing.json`)
    writeFileSync(start, printContext({ ...derived, containers: [nothing] }))
    const mended = at(`${engine}.mended.json`)
    const repaired = await run('verify', '--repair', '-o', mended, '--context', start, ...workload)
    t.equal(repaired.exitCode, 0, repaired.stdout)
    const again = await run('verify', '--context', mended, ...workload)
    t.match(again.stdout, /^passes: /, 'what the repair wrote suffices')
  })

/** Asks whether a directory can be written, and writes only then, as dpkg does. */
const asks = `
#define _GNU_SOURCE
#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>
int main(void) {
  access("/var/state", R_OK);
  access("/proc/sys/kernel/hostname", W_OK);
  if (chdir("/var") < 0 || syscall(SYS_faccessat, AT_FDCWD, "state", W_OK) < 0) return 9;
  int made = open("/var/state/made", O_CREAT | O_WRONLY, 0600);
  if (made < 0 || access("/var/state/given", R_OK) < 0 || open("/var/state/given", O_RDONLY) < 0) return 8;
  usleep(300000);
  return 0;
}`

/** Changes two files that it opens only for reading: the flags of one, the length of the other. */
const quiet = `
#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <unistd.h>
int main(void) {
  int flags = 0, file = open("/var/flags/given", O_RDONLY);
  if (file < 0 || ioctl(file, FS_IOC_GETFLAGS, &flags) < 0) return 9;
  flags ^= FS_NODUMP_FL;
  int changed = ioctl(file, FS_IOC_SETFLAGS, &flags);
  int cut = open("/var/cut/given", O_RDONLY | O_TRUNC);
  usleep(300000);
  return changed < 0 || cut < 0 ? 8 : 0;
}`

/** Programs that need a directory writable for something else than an open to write. */
const readers = [
  {
    name: 'asks',
    says: 'a question with access(2) is refused',
    source: asks,
    directories: ['state'],
    // Neither the question about reading nor that about /proc is refused for the context.
    refused: [
      { layer: 'path', what: '/var/state', tried: 'access (faccessat)', answered: 'EROFS', count: 1 },
    ],
  },
  {
    name: 'quiet',
    says: 'a change through a file that was opened for reading is refused',
    source: quiet,
    directories: ['cut', 'flags'],
    refused: [
      { layer: 'path', what: '/var/cut', tried: 'open (openat)', answered: 'EROFS', count: 1 },
      { layer: 'path', what: '/var/flags', tried: 'setflags (ioctl)', answered: 'EROFS', count: 1 },
    ],
  },
] as const

for (const [engine, missing, client, options] of engines)
  for (const { name, says, source, directories, refused: expected } of readers)
    t.test(`${engine}: ${says}`, { skip: missing ?? false }, async (t) => {
      const root = at('bundle/rootfs')
      writeFileSync(at(`${name}.c`), source)
      const words = ['-static', '-o', `${root}/${name}`, at(`${name}.c`)]
      const made = await execa('gcc', words, { reject: false })
      t.notOk(made.failed, 'gcc makes static programs')
      for (const each of directories) {
        mkdirSync(`${root}/var/${each}`, { recursive: true })
        writeFileSync(`${root}/var/${each}/given`, 'x')
        chmodSync(`${root}/var/${each}`, 0o2750)
      }
      await imported(client, name)
      const workload = ['--', ...client, 'run', '--rm', '--network', 'none', ...options, name, `/${name}`]
      const file = at(`${engine}.${name}.json`)
      const output = ['--observations', file, '-o', at(`${engine}.${name}.profile.json`)]
      const recorded = await run('trace', ...output, ...workload)
      t.equal(recorded.exitCode, 0, recorded.stderr)
      const derived = hardenContext(JSON.parse(readFileSync(file, 'utf8')) as Observations)
      const [container] = derived.containers
      const mounts = directories.map((each) => ({
        path: `/var/${each}`,
        kind: 'volume',
        mode: '2750',
        uid: 0,
        gid: 0,
      }))
      t.strictSame(container?.mounts, mounts, 'what is read-only anyway gets no mount')
      if (container === undefined) return
      const bare = at(`${engine}.${name}.context.json`)
      writeFileSync(bare, printContext({ ...derived, containers: [{ ...container, mounts: [] }] }))
      const refused = await run('verify', '--report', 'json', '--context', bare, ...workload)
      const report = JSON.parse(refused.stdout.slice(refused.stdout.indexOf('{'))) as Report
      t.match(report.context.refused, expected)
      t.equal(report.context.refused.length, expected.length, 'and nothing else')
      const mended = at(`${engine}.${name}.mended.json`)
      const repaired = await run('verify', '--repair', '-o', mended, '--context', bare, ...workload)
      t.equal(repaired.exitCode, 0, repaired.stdout)
      const [again] = (JSON.parse(readFileSync(mended, 'utf8')) as SecurityContext).containers
      t.strictSame(again?.mounts, mounts, 'the repair is the mounts that were derived')
    })

t.test(
  'a container that runs already: seen from then on, and what came before is said',
  {
    skip: engines[0]?.[1] ?? false,
  },
  async (t) => {
    const [, , [program = 'docker', ...before] = [], options = []] = engines[0] ?? []
    const client = [program, ...before] as const
    await imported(client, 'context-running')
    const name = `sg-running-${process.pid}`
    const loop =
      'b=/bin/busybox; while true; do $b mkdir -p /tmp/d; $b chown 33:33 /tmp/d; $b sleep 0.2; done'
    const docker = (...given: readonly string[]) => execa(program, [...before, ...given], quietly)
    const image = ['context-running', '/bin/busybox', 'sh', '-c', loop]
    const begun = await docker('run', '-d', '--name', name, '--network', 'none', ...options, ...image)
    t.equal(begun.exitCode, 0, begun.stderr)
    t.teardown(() => docker('rm', '-f', name))
    const pid = Number((await docker('inspect', '--format', '{{.State.Pid}}', name)).stdout)
    const cgroup = /^0::(.+)$/m.exec(readFileSync(`/proc/${pid}/cgroup`, 'utf8'))?.[1] ?? ''
    const file = at('running.json')
    const where = [
      '--cgroup',
      cgroup,
      '--for',
      '3s',
      '--observations',
      file,
      '-o',
      at('running.profile.json'),
    ]
    const recorded = await run('trace', ...where)
    t.equal(recorded.exitCode, 0, recorded.stderr)
    const observations = JSON.parse(readFileSync(file, 'utf8')) as Observations
    const [context] = observations.context ?? []
    if (context === undefined) return t.fail('no evidence')
    t.same(context.starts, [])
    const [container] = hardenContext(observations).containers
    t.same(
      [container?.readOnlyRoot, container?.noNewPrivileges],
      [false, false],
      'nothing is concluded from it alone',
    )
    t.ok(container?.capabilities.needed.includes('CAP_KILL'), 'nor is a capability taken away')
  },
)

interface Report {
  readonly verdict: string
  readonly context: {
    readonly refused: readonly { readonly layer: string; readonly what: string; readonly answered?: string }[]
  }
}

/** Each step tries to make much evidence or false evidence. */
const hostile = `
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/capability.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
int main(int argc, char **argv) {
  char text[4200], name[32];
  if (argc > 1) return 0;
  prctl(PR_SET_NAME, "hostile");
  /* a capability above the 32nd and one below, neither of which it has */
  struct __user_cap_header_struct head = { _LINUX_CAPABILITY_VERSION_3, 0 };
  struct __user_cap_data_struct sets[2] = { { .effective = 1 << CAP_SYS_ADMIN }, { .effective = 1 << (CAP_BPF - 32) } };
  syscall(SYS_capset, &head, sets);
  /* a path of 4,096 bytes, and a tree that is deeper than what is walked */
  memset(text, 'a', 4095); text[0] = '/'; text[4095] = 0;
  for (int i = 200; i < 4095; i += 200) text[i] = '/';
  mkdir(text, 0700);
  chdir("/tmp");
  for (int i = 0; i < 60; i++) { mkdir("deep", 0700); chdir("deep"); }
  close(open("leaf", O_CREAT | O_WRONLY, 0600));
  /* a root of its own: what lies there is told from the container's */
  chdir("/"); mkdir("/jail", 0755); mkdir("/jail/etc", 0755);
  if (fork() == 0) {
    chroot("/jail"); chdir("/");
    close(open("/etc/passwd", O_CREAT | O_WRONLY, 0600));
    mkdir("/etc/inside", 0700);
    rename("/etc/inside", "/etc/renamed");
    return 0;
  }
  wait(0);
  rename("/jail", "/prison");
  /* names and checks without end */
  for (int i = 0; i < 6000; i++) {
    sprintf(name, "flood-%d", i);
    prctl(PR_SET_NAME, name);
    chown("/tmp", i + 1, 0);
    sprintf(text, "/tmp/made-%d", i);
    mkdir(text, 0700);
    rmdir(text);
  }
  unshare(CLONE_NEWUSER | CLONE_NEWNS);
  for (int i = 0; i < 1500; i++) if (vfork() == 0) { execl("/hostile", "hostile", "again", (char *)0); _exit(1); }
  while (wait(0) > 0);
  return 0;
}`

t.test('a hostile program: bounded, said, nothing forged', { skip: engines[0]?.[1] ?? false }, async (t) => {
  writeFileSync(at('hostile.c'), hostile)
  const root = at('bundle/rootfs')
  const made = await execa('gcc', ['-O1', '-static', '-o', `${root}/hostile`, at('hostile.c')], {
    reject: false,
  })
  t.notOk(made.failed, 'gcc makes static programs')
  const [, , [program = 'docker', ...before] = []] = engines[0] ?? []
  await imported([program, ...before], 'hostile')
  const file = at('hostile.json')
  const command = [program, ...before, 'run', '--rm', '--network', 'none', 'hostile', '/hostile']
  const recorded = await run(
    'trace',
    '--observations',
    file,
    '-o',
    at('hostile.profile.json'),
    '--',
    ...command,
  )
  t.equal(recorded.exitCode, 0, recorded.stderr)
  const text = readFileSync(file, 'utf8')
  t.ok(text.length < 16 * 1024 * 1024, `${text.length} bytes`)
  const [context] = (JSON.parse(text) as Observations).context ?? []
  if (context === undefined) return t.fail('no evidence')
  const lost = Object.fromEntries(context.lost.map(({ what, count }) => [what, count]))
  t.ok(
    (lost['checks'] ?? 0) > 0 && (lost['changes'] ?? 0) > 0,
    `what found no room is counted: ${JSON.stringify(lost)}`,
  )
  const told = context.checks.reduce((sum, { call, count }) => sum + (call === 'chown' ? count : 0), 0)
  t.ok(told + (lost['checks'] ?? 0) >= 6000, 'no check is dropped in silence')
  t.match(
    context.raises,
    [{ call: 'capset', capabilities: ['CAP_SYS_ADMIN', 'CAP_BPF'], refused: 'EPERM' }],
    'what it asked for in vain',
  )
  const paths = context.changes.map(({ path }) => path)
  t.notOk(
    paths.some((path) => path.startsWith('/etc/')),
    'what lies in another root is none of the container’s',
  )
  for (const path of ['/jail/etc/passwd', '/jail/etc/inside', '/jail/etc/renamed', '/prison'])
    t.ok(paths.includes(path), path)
  t.ok(context.executions.some(({ path, count }) => path === '/hostile' && count >= 1))
  for (const { path, cut } of context.changes)
    t.ok(cut === true || Buffer.byteLength(path) <= 4096, 'a longer path says that it was cut')
})
