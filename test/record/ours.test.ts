// The files that a container made itself before it used them.
import t from 'tap'
import type { FileUse } from '../../src/read/observations/context.ts'
import { oursAmong } from '../../src/record/ebpf/context/ours.ts'

const use = (kind: string, path: string, time: bigint, more: Partial<FileUse> = {}) => ({
  use: {
    kind,
    path,
    call: kind,
    resolved: true,
    program: 'app',
    uid: 0,
    started: true,
    count: 1,
    first: 'ebpf:app',
    ...more,
  } satisfies FileUse,
  time,
})

for (const [says, made, path, ours] of [
  ['read after a rename', use('rename-to', '/run/motd', 5n), '/run/motd', true],
  ['read before it', use('rename-to', '/run/motd', 15n), '/run/motd', false],
  ['below a directory that was made', use('mkdir', '/run/d', 5n), '/run/d/e/f', true],
  ['beside it', use('mkdir', '/run/d', 5n), '/run/dd', false],
  ['a directory that was not made', use('mkdir', '/run/d', 5n, { refused: 'EACCES' }), '/run/d/f', false],
  ['made by the runtime', use('mkdir', '/run/d', 5n, { started: false }), '/run/d/f', false],
  ['an open that made its file', use('open', '/run/f', 5n, { ours: true }), '/run/f', true],
  ['an open that found it there', use('open', '/run/f', 5n, { creates: true }), '/run/f', false],
  ['a change that makes nothing', use('chmod', '/run/f', 5n), '/run/f', false],
] as const) {
  const read = use('open', path, 10n)
  t.equal(oursAmong([read, made]).has(read.use), ours, says)
}
t.equal(oursAmong([use('mkdir', '/', 1n), use('open', 'relative', 2n)]).size, 0, 'texts that are no paths')
