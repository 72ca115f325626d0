// Turns the contents of the maps into rows of observations for each container.
import type { ContextRows, FileUse } from '../../../read/observations/context.ts'
import { checkRows } from './check-rows.ts'
import { Container, entries, type Reading } from './container.ts'
import { executionRows } from './execution-rows.ts'
import { namedRows } from './named-rows.ts'
import { mountsRows, openedRows } from './opened-rows.ts'
import { oursAmong } from './ours.ts'
import { bindRows, identityRows, privilegeRows } from './privilege-rows.ts'

/** The rows of each container, by the id of its cgroup (0 for a tree of processes). */
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

/** The order matters: paths by text need the links and mounts that opened files show. */
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
