// The parts of the ebpf recorder that need no permission from the kernel: instructions as bytes, BTF as a compiler
// writes it, and the meaning of an engine's words.
import t from 'tap'
import { UserError } from '../../src/errors.ts'
import { readEngineRun } from '../../src/record/command/engine-run.ts'
import { readRuntimeRun } from '../../src/record/command/runtime-run.ts'
import * as bpf from '../../src/record/ebpf/assembler.ts'
import { Btf } from '../../src/record/ebpf/btf.ts'

t.test('instructions are the bytes the kernel documents', (t) => {
  const bytes = bpf.assemble([
    bpf.set(0, 1),
    bpf.jumpIf(0, 'notEqual', -38, 'end'),
    bpf.setWide(1, 0x1122334455667788n),
    bpf.call('mapLookup'),
    bpf.label('end'),
    bpf.exit,
  ])
  t.equal(
    bytes
      .toString('hex')
      .replaceAll(/(.{16})/g, '$1 ')
      .trim(),
    'b700000001000000 55000300daffffff 1801000088776655 0000000044332211 8500000001000000 9500000000000000',
  )
  t.throws(() => bpf.assemble([bpf.jump('nowhere')]), /no label nowhere/)
  t.throws(() => bpf.assemble([bpf.label('a'), bpf.label('a')]), /defined twice/)
  t.end()
})

t.test('what is no BTF is refused', (t) => {
  t.throws(() => new Btf(Buffer.alloc(0)), /not little-endian BTF/)
  t.throws(() => new Btf(Buffer.alloc(64)), /not little-endian BTF/)
  t.end()
})

t.test('where an engine’s words take a filter and a cgroup', (t) => {
  const cases: readonly (readonly [words: string, insertAt: number | undefined, noNew?: boolean])[] = [
    ['docker run -it --rm -p 80:80 alpine ls', 2],
    ['docker -D container run --name x alpine', 4],
    ['docker run --security-opt no-new-privileges --security-opt=apparmor=x alpine', 2, true],
    ['podman run -d --pull=always --ulimit nofile=1:1 alpine --privileged', 2],
    ['docker run --platform linux/' + (process.arch === 'arm64' ? 'arm64' : 'amd64') + ' alpine', 2],
    ['docker exec x ls', undefined],
    ['docker ps', undefined],
    ['ls run alpine', undefined],
  ]
  for (const [words, insertAt, noNew = false] of cases) {
    const run = readEngineRun(words.split(' '), 0, {})
    t.equal(run?.insertAt, insertAt, words)
    if (run !== undefined) t.equal(run.noNewPrivileges === true, noNew, words)
  }
  const flags = (words: string): unknown => {
    const { noNewPrivileges, readOnly } = readEngineRun(`docker run ${words} alpine`.split(' '), 0, {}) ?? {}
    return [noNewPrivileges, readOnly]
  }
  t.same(flags('--rm'), [undefined, undefined])
  t.same(flags('--read-only --security-opt no-new-privileges:true'), [true, true])
  t.same(
    flags('--read-only --read-only=F --security-opt=no-new-privileges=0'),
    [false, false],
    'the last one holds',
  )
  t.equal(readRuntimeRun('runc --root /x run -b /y name'.split(' '), 0)?.insertAt, 6)
  t.equal(readRuntimeRun('runc list'.split(' '), 0), undefined)
  t.end()
})

t.test('what cannot be recorded is refused with a reason', (t) => {
  for (const [words, why] of [
    ['docker run --privileged alpine', /no filter/],
    ['docker run --privileged=false --privileged alpine', /no filter/],
    ['docker run --security-opt seccomp=unconfined alpine', /sets a filter itself/],
    ['docker run --platform linux/s390x alpine', /emulat/],
    ['docker run --cgroup-parent /x alpine', /cgroup of its own/],
    ['podman run --pod p alpine', /cgroup of its own/],
    ['docker run --no-such-option alpine', /image is unknown/],
    ['docker -H ssh://far run alpine', /another machine/],
    ['podman --remote run alpine', /another machine/],
  ] as const) {
    t.throws(() => readEngineRun(words.split(' '), 0, {}), why, words)
    t.throws(() => readEngineRun(words.split(' '), 0, {}), UserError)
  }
  t.throws(() => readEngineRun(['docker', 'run', 'x'], 0, { DOCKER_HOST: 'tcp://far' }), /another machine/)
  t.end()
})
