// Proves on aarch64 a profile made from an x86_64 trace: Debian's arm64 kernel and runc in qemu-system-aarch64 run a
// program under the profile inferred from its run here. SECCOMP_GEN_QEMU=DIRECTORY enables the test and keeps packages
// of Debian there (about 40 MB the first time, and a minute or two of emulation every time).
import { execa } from 'execa'
import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import t from 'tap'
import { processDocument } from '../../scripts/bundle.ts'
import { unpackPackages } from '../../scripts/debian-archive.ts'
import { derivePolicy } from '../../src/policy/index.ts'
import { buildProfile, printProfile } from '../../src/print/index.ts'
import { parseProfile } from '../../src/profile/index.ts'
import { record } from '../../src/record/index.ts'
import { noStrace } from './command.ts'
import { skipFile } from './skip.ts'

const asked = process.env['SECCOMP_GEN_QEMU'] ?? ''
const missing = async (program: string): Promise<string | undefined> =>
  (await execa(program, ['--help'], { reject: false, stdin: 'ignore' })).failed
    ? `${program} is not installed`
    : undefined
const reason =
  asked === ''
    ? 'SECCOMP_GEN_QEMU=DIRECTORY asks for a machine that is emulated'
    : process.arch === 'x64'
      ? ((await missing('qemu-system-aarch64')) ??
        (await missing('dpkg-deb')) ??
        (await missing('busybox')) ??
        (await noStrace()))
      : 'it starts from a trace of x86_64'
skipFile(reason)
t.setTimeout(1_800_000)

/** Makes calls whose names differ between x86_64 and aarch64. The program fails if one is refused. */
const program = `
use strict; use Socket; use Fcntl; use POSIX ();
my $place = "/tmp/proof.$$";
mkdir $place or die "mkdir: $!";
open my $file, '>', "$place/a" or die "open: $!"; print $file "proof"; close $file;
rename "$place/a", "$place/b" or die "rename: $!";
symlink 'b', "$place/c" or die "symlink: $!";
link "$place/b", "$place/d" or die "link: $!";
readlink("$place/c") eq 'b' or die "readlink: $!";
chmod 0600, "$place/b" or die "chmod: $!";
(stat "$place/c")[7] == 5 or die "stat: $!";
opendir my $directory, $place or die "opendir: $!"; my @names = sort grep { !/^\\./ } readdir $directory; closedir $directory;
pipe my $from, my $to or die "pipe: $!";
my $child = fork; defined $child or die "fork: $!";
if ($child == 0) { POSIX::dup2(fileno $to, 1) or die "dup2: $!"; exec '/bin/busybox', 'echo', 'child' or die "exec: $!" }
close $to; chomp(my $said = <$from> // ''); waitpid $child, 0;
socketpair my $one, my $other, AF_UNIX, SOCK_STREAM, 0 or die "socketpair: $!";
syswrite $one, 'x'; my $ready = ''; vec($ready, fileno $other, 1) = 1;
select($ready, undef, undef, 5) == 1 or die "select: $!";
sysread $other, my $letter, 1;
unlink map { "$place/$_" } @names; rmdir $place or die "rmdir: $!";
print "proof: @names $said\n";
`
const said = 'proof: b c d child'
/** Calls removed from the profile one at a time; the program must fail without each. */
const needed = ['mkdirat', 'renameat', 'symlinkat', 'dup3', 'pselect6']

const cache = resolve(asked)
const kept = join(cache, 'root')
const packages = ['runc', 'busybox-static', 'perl-base', 'linux-image-cloud-arm64']
const inMachine = 'bin dev etc lib proc rootfs run sbin sys tmp usr cases'.split(' ')

t.test('a profile inferred from x86_64, on aarch64', async (t) => {
  const work = t.testdir()
  const command = ['/usr/bin/perl', '-e', program] as const
  const { observations, ending } = await record({
    command,
    recorder: 'strace',
    cwd: work,
    streams: 'ignore',
  })
  t.strictSame(ending, { kind: 'exited', status: 0 }, 'it runs here')
  const policy = derivePolicy(observations, { architectures: ['aarch64'], runtime: 'runc' })
  const profile = parseProfile(printProfile(buildProfile(policy))).profile

  mkdirSync(cache, { recursive: true })
  if (!existsSync(join(kept, 'boot')))
    unpackPackages(cache, { suites: ['bookworm'], architecture: 'arm64', packages })
  const [kernel = ''] = readdirSync(join(kept, 'boot')).filter((name) => name.startsWith('vmlinuz-'))
  for (const each of inMachine) mkdirSync(join(kept, each), { recursive: true })
  rmSync(join(kept, 'cases'), { recursive: true })
  for (const call of ['none', ...needed]) {
    const without = {
      ...profile,
      syscalls: profile.syscalls.map((rule) => ({
        ...rule,
        names: rule.names.filter((each) => each !== call),
      })),
    }
    mkdirSync(join(kept, 'cases', call), { recursive: true })
    writeFileSync(join(kept, 'cases', call, 'config.json'), configWith(printProfile(without as never)))
  }
  writeFileSync(join(kept, 'init'), init, { mode: 0o755 })
  const image = join(work, 'image')
  const leavingOut = ['-path', 'lib/modules', '-prune', '-o', '-print']
  const files = await execa('find', [...inMachine, 'init', ...leavingOut], { cwd: kept })
  await execa('busybox', ['cpio', '-o', '-H', 'newc', '-F', image], { cwd: kept, input: files.stdout })

  const processor = '-machine virt -cpu cortex-a72 -accel tcg,thread=single -smp 1 -m 1024'.split(' ')
  const parts = ['-nographic', '-no-reboot', '-nic', 'none', '-append', 'console=ttyAMA0 panic=-1 quiet']
  const booted = ['-kernel', join(kept, 'boot', kernel), '-initrd', image]
  const machine = await execa('qemu-system-aarch64', [...processor, ...parts, ...booted], {
    reject: false,
    stdin: 'ignore',
    timeout: 1_500_000,
  })
  const output = machine.stdout.replaceAll('\r', '')
  const outcome = (call: string): string =>
    new RegExp(`^case ${call}$\\n([^]*?)^status (\\d+)$`, 'm').exec(output)?.slice(1).join('') ??
    'not reached'
  t.match(output, /^machine: aarch64 /m)
  if (!t.equal(outcome('none'), `${said}\n0`, 'under the profile')) t.comment(output)
  for (const call of needed) t.notMatch(outcome(call), said, `without ${call}: ${outcome(call).trim()}`)
})

/** The filter is inserted as text, because its numbers may have more digits than a JavaScript number. */
function configWith(profile: string): string {
  const mount = (type: string, destination: string) => ({ type, destination, source: type })
  const config = {
    ociVersion: '1.0.2',
    process: processDocument({ args: ['/usr/bin/perl', '-e', program], noNewPrivileges: true }),
    root: { path: '/rootfs', readonly: false },
    mounts: [mount('proc', '/proc'), mount('tmpfs', '/dev'), mount('tmpfs', '/tmp')],
    linux: { namespaces: [{ type: 'pid' }, { type: 'mount' }], seccomp: 'the profile' },
  }
  return JSON.stringify(config).replace('"the profile"', () => profile)
}

// pivot_root(2) refuses to leave a ramfs root, so the container gets a bind mount of that root.
const init = `#!/bin/busybox sh
export PATH=/usr/sbin:/usr/bin:/sbin:/bin
for each in proc:/proc sysfs:/sys devtmpfs:/dev tmpfs:/run tmpfs:/tmp cgroup2:/sys/fs/cgroup; do
  busybox mount -t "\${each%%:*}" none "\${each#*:}"
done
busybox mount --bind / /rootfs
echo "machine: $(busybox uname -m) $(busybox uname -r), $(runc --version | busybox head -n 1)"
for each in /cases/*; do
  echo "case \${each#/cases/}"
  runc run --no-pivot --bundle "$each" "case-\${each#/cases/}" 2>&1
  echo "status $?"
done
busybox poweroff -f
`
