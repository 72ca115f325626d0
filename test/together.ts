// Runs the test files of a room in one process, because a process of tap takes longer to start than most of these files
// run. Each file still runs by itself: npx tap FILE.
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'

/** Imports the room's test files in turn, without the long ones. Each must assert something. */
export async function together(room: string): Promise<void> {
  t.setTimeout(1_800_000)
  const directory = join(import.meta.dirname, room)
  const files = readdirSync(directory).filter((name) => /^(?!.*\.long\.).*\.test\.ts$/.test(name))
  for (const file of files) {
    t.comment(`test/${room}/${file}`)
    const before = t.counts.total
    await import(join(directory, file))
    // Tests run in the order in which they were made: after this one the file's own have ended.
    await t.test(`${file} has ended`, async (t) => t.pass())
    t.ok(t.counts.total > before + 1, `${file} has tests`)
  }
}
