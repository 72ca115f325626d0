// What the maps hold, as rows of observations, by container.
import type { ContextRows, FileUse } from '../../../read/observations/context.ts'
import { checkRows } from './check-rows.ts'
import { Container, entries, type Reading } from './container.ts'
import { executionRows } from './execution-rows.ts'
import { namedRows } from './named-rows.ts'
import { mountsRows, openedRows } from './opened-rows.ts'
import { oursAmong } from './ours.ts'
import { bindRows, identityRows, privilegeRows } from './privilege-rows.ts'

/** By the kernel's number of its cgroup, what was seen of each container. */
export function rowsIn(reading: Reading): ReadonlyMap<bigint, ContextRows> {
  const all = new Map<bigint, ContextRows>()
  for (const [key, value] of entries(reading.calls, reading.own.containers)) {
    const id = key.readBigUInt64LE()
    all.set(id, listsOf(new Container(reading, id, value)))
  }
  return all
}

function listsOf(container: Container): ContextRows {
  for (const rows of inOrder) rows(container)
  const ours = oursAmong(container.uses)
  const marked = <Use extends FileUse>(use: Use): Use => (ours.has(use) ? { ...use, ours: true } : use)
  const { reads, changes } = container.rows
  return { ...container.rows, reads: reads.map(marked), changes: changes.map(marked) }
}

/** Paths by text come after the files that tell links and mounts. */
const inOrder: readonly ((of: Container) => void)[] = [
  openedRows,
  mountsRows,
  executionRows,
  namedRows,
  checkRows,
  identityRows,
  bindRows,
  privilegeRows,
]
