// Rows of summary tables that are read from bytes give what the rows of text give. A tab at its end leaves a row to
// the reader of text, which takes no notice of it.
import t from 'tap'
import { observe, type Observations } from '../../src/observe/index.ts'

/** So many lines are searched for the machine, and read as text: reader.ts. */
const before = '7 getpid() = 7\n'.repeat(4100)

/** The title of each table, and a row that it has. */
const tables: Readonly<Record<string, readonly [title: string, row: string]>> = {
  'the default columns': ['% time     seconds  usecs/call     calls    errors syscall', '1 0.1 1 37 write'],
  'the name first': ['syscall calls errors', 'write 37'],
  'names only': ['syscall', 'write'],
  'calls without errors': ['calls syscall', '37 write'],
}
const rows = [
  ' 50.00    0.000050          50         7           read',
  ' 50.00    0.000050          50         7         3 openat',
  ' 25.00    0.000050          50         1           socket',
  '  0.00    0.000000           0         0           close',
  '  0.00    0.000000           0       1.5           close',
  '  0.00    0.000000           0 9007199254740993    lseek',
  '  0.00    0.000000           0 9007199254740991    mmap',
  '  0.00    0.000000           0 9007199254740991    mmap',
  '  0.00    0.000000           0         2           64:read',
  '  0.00    0.000000           0         2           read#64',
  '  0.00    0.000000           0         2           SYS_500',
  '  0.00    0.000000           0         2           no_such_call',
  '100.00    0.000100          50         2           total',
  '  0.00    0.000000           0         2           Read',
  '  0.00    0.000000           0         2           readx',
  '  0.00    0.000000           0         2           rea',
  'clone 4 1',
  'read 9',
  'write',
  '5 fstat',
  '4 4',
  '7 getppid() = 1',
  '------ -----',
  '',
]

/** The observations of tables of the usual row, each with one other row in its middle. */
async function observed(
  title: string,
  usual: string,
  changed: (row: string) => string,
): Promise<Observations> {
  const rule = '------ ----------- ----------- --------- --------- ----------------'
  const text = rows.map((row) =>
    [title, rule, ...[usual, row, row, usual].map(changed), rule, '100.00 1 1 total'].join('\n'),
  )
  const bytes = [new TextEncoder().encode(`${before}${text.join('\n')}\n`)]
  return await observe([{ name: 'a', bytes }], { format: 'strace' })
}

for (const [what, [title, usual]] of Object.entries(tables))
  t.test(what, async (t) => {
    const quick = await observed(title, usual, (row) => row)
    t.same(quick, await observed(title, usual, (row) => `${row}\t`))
    t.ok((quick.architectures['x86_64']?.['write']?.count ?? 0) >= rows.length, 'rows were counted')
  })
