// Which calls are made under a filter: threads, processes, TSYNC, refused installations.
import t from 'tap'
import { AfterFilter } from '../../src/read/strace/after-filter.ts'

t.test('a thread counts from its own successful installation on', (t) => {
  const state = new AfterFilter()
  t.equal(state.enters(1, 'read'), false)
  t.equal(state.enters(1, 'seccomp', [1n, 0n]), false, 'the installation is made before the filter')
  state.returns(1, -22n)
  t.equal(state.enters(1, 'write'), false, 'a refused installation is none')
  state.enters(1, 'prctl', [22n, 2n])
  state.returns(1, 0n)
  t.equal(state.enters(1, 'execve'), true)
  t.equal(state.enters(2, 'read'), false, 'another thread has its own filters')
  t.end()
})

t.test('what it starts inherits it, what it started before does not', (t) => {
  const state = new AfterFilter()
  state.starts(1, 2, false)
  state.starts(1, 3, true)
  state.enters(1, 'seccomp', [1n, 0n])
  state.returns(1, 0n)
  state.starts(1, 4, false)
  state.starts(4, 5, true)
  t.strictSame(
    [2, 3, 4, 5].map((thread) => state.enters(thread, 'read')),
    [false, false, true, true],
  )
  state.ends(4)
  state.starts(2, 4, false)
  t.equal(state.enters(4, 'read'), false, 'a number that is used again is another thread')
  t.end()
})

t.test('TSYNC reaches the threads of the process and no other', (t) => {
  const state = new AfterFilter()
  state.starts(1, 2, true)
  state.starts(2, 3, true)
  state.starts(1, 9, false)
  state.enters(3, 'seccomp', [1n, 1n])
  state.returns(3, 0n)
  t.strictSame(
    [1, 2, 3, 9].map((thread) => state.enters(thread, 'read')),
    [true, true, true, false],
  )
  t.end()
})

t.test('strict mode, other operations and unknown arguments are no filter', (t) => {
  const state = new AfterFilter()
  for (const [name, args] of [
    ['seccomp', [0n, 0n]],
    ['seccomp', [2n, 0n]],
    ['prctl', [22n, 1n]],
    ['prctl', [38n, 1n]],
    ['seccomp', [undefined, 0n]],
  ] as const) {
    state.enters(1, name, args)
    state.returns(1, 0n)
    t.equal(state.enters(1, 'read'), false, name)
  }
  t.end()
})
