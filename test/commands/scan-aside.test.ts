// Programs of an image that are put aside while it is scanned: they come back as they were, and memory does not keep
// them.
import { setTimeout as wait } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import t from 'tap'
import { openAside } from '../../src/commands/scan-aside.ts'

t.test('each comes back as it was, in any order', async (t) => {
  const aside = openAside()
  const files = [
    new Uint8Array([1, 2, 3]),
    new Uint8Array(0),
    new Uint8Array(100_000).fill(7),
    new Uint8Array([9]),
  ]
  const kept = files.map((each) => aside.put(each))
  for (const index of [2, 0, 3, 1, 2])
    t.ok(Buffer.from((await kept[index]?.()) ?? 'none').equals(files[index] as Uint8Array))
  aside.close()
})

t.test('what is put aside is not kept in memory', async (t) => {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  const aside = openAside()
  const put = (): [WeakRef<Uint8Array>, () => Promise<Uint8Array>] => {
    const bytes = new Uint8Array(1 << 20).fill(7)
    return [new WeakRef(bytes), aside.put(bytes)]
  }
  const [before, read] = put()
  await wait(0)
  collect()
  t.equal(before.deref(), undefined)
  t.equal((await read()).length, 1 << 20)
  aside.close()
})

t.test('without a temporary directory the bytes stay in memory', async (t) => {
  const { TMPDIR } = process.env
  process.env['TMPDIR'] = '/nowhere'
  t.teardown(() => {
    if (TMPDIR === undefined) delete process.env['TMPDIR']
    else process.env['TMPDIR'] = TMPDIR
  })
  const aside = openAside()
  t.strictSame(await aside.put(new Uint8Array([1, 2]))(), new Uint8Array([1, 2]))
  aside.close()
})
