// What a recording of a container left behind. Other recordings may be under way on the machine: a cgroup of theirs has
// a guardian that will take it away.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { cgroupMounts } from '../../src/record/cgroups.ts'

/** What stands in a file of /proc; nothing where the process has gone. */
export function readProcess(pid: number, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'latin1')
  } catch {
    return ''
  }
}

export function processes(): readonly number[] {
  return readdirSync('/proc')
    .map(Number)
    .filter((pid) => pid > 0)
}

function orphans(): readonly string[] {
  const found = cgroupMounts().flatMap(({ path }) =>
    readdirSync(path)
      .filter((name) => name.startsWith('seccompgen'))
      .map((name) => ({ path: join(path, name), name })),
  )
  const guarded = processes().map((pid) => readProcess(pid, 'cmdline'))
  return (
    found
      .filter(({ name }) => !guarded.some((words) => words.includes(`"cgroup":"${name}"`)))
      .map(({ path }) => path)
      // A guardian that has ended meanwhile took its cgroup away before.
      .filter((path) => existsSync(path))
  )
}

/** What somebody killed before left here is nothing of these tests. */
const before = new Set(orphans())

/** The cgroups of recordings that no guardian looks after. */
export function orphanedCgroups(): readonly string[] {
  return orphans().filter((path) => !before.has(path))
}
