// Turns the contents of the maps into rows of observations for each container.
import type { ContextRows, FileUse } from '../../../read/observations/context.ts'
import { containerValue } from './layout.ts'
import { checkRows } from './check-rows.ts'
import { Container, entries, type ContainerReading } from './container.ts'
import { executionRows } from './execution-rows.ts'
import { namedRows } from './named-rows.ts'
import { directoryRows, mountsRows, openedRows } from './opened-rows.ts'
import { oursAmong } from './ours.ts'
import { bindRows, identityRows, privilegeRows } from './privilege-rows.ts'

export interface ContainerRows {
  readonly lists: ContextRows
  /** Differs for containers with different roots. */
  readonly root: bigint
}

/** The rows of each container that is `asked` for, by the id of its cgroup (0 for a tree of processes). */
export function rowsIn(
  reading: ContainerReading,
  asked: (cgroup: bigint) => boolean,
): ReadonlyMap<bigint, ContainerRows> {
  const all = new Map<bigint, ContainerRows>()
  for (const [key, value] of entries(reading.calls, reading.own.containers)) {
    const id = key.readBigUInt64LE()
    if (!asked(id)) continue
    const lists = listsOf(new Container(reading, id, value))
    all.set(id, { lists, root: value.readBigUInt64LE(containerValue.root) })
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
  directoryRows,
  checkRows,
  identityRows,
  bindRows,
  privilegeRows,
]
