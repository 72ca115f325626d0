// The names of the kernel functions that asked for a capability, by a table as in proc_kallsyms(5).
import t from 'tap'
import { functionsIn } from '../../src/record/ebpf/context/symbols.ts'

const table = [
  'ffffffff81000000 T _stext',
  'ffffffff81001000 t generic_permission',
  'ffffffff81002000 T capable_wrt_inode_uidgid',
  'ffffffff81003000 t setattr_prepare.isra.0',
  'ffffffff81004000 T __x64_sys_chmod',
  'ffffffff81005000 T do_syscall_64',
  'ffffffff81006000 T _etext',
  'ffffffff81006000 D sysctl_table',
  'ffffffff83000000 T _sinittext',
  'ffffffff83001000 t exit_amd_microcode',
  'ffffffffc0001000 t ovl_permission\t[overlay]',
  '',
].join('\n')
const functionsOf = functionsIn(table)

t.test('the functions between the check and the entry of the call', (t) => {
  const stack = [
    0xffffffff81002010n,
    0xffffffff81001010n,
    0xffffffff81003010n,
    0xffffffff81004010n,
    0xffffffff81005010n,
  ]
  t.strictSame(functionsOf?.(stack), ['generic_permission', 'setattr_prepare'])
  t.strictSame(
    functionsOf?.([0xffffffff81004010n, 0xffffffff81005010n, 0n]),
    ['__x64_sys_chmod'],
    'it asked itself',
  )
  t.end()
})

t.test('what is no code of the kernel itself has no name', (t) => {
  const trampoline = [0xffffffff83001010n, 0xffffffffa0201000n, 0xffffffffc0001010n, 0xffffffffc0201000n]
  t.strictSame(functionsOf?.(trampoline), [])
  t.strictSame(functionsOf?.([...trampoline, 0xffffffff81001fffn]), ['generic_permission'])
  t.strictSame(functionsOf?.([0xffffffff80ffffffn, 0xffffffff81006000n]), [], 'right outside of both ends')
  t.end()
})

t.test('hidden addresses', (t) => {
  t.equal(functionsIn('0000000000000000 T _stext\n0000000000000000 T _etext\n'), undefined)
  t.equal(functionsIn(''), undefined)
  t.end()
})
