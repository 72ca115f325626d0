// The state of one container while its rows are made: its maps of ids, its rows so far, and the members that rows of
// several lists share. Rows have ids as the container sees them, and names of calls and capabilities.
import { noRows, type ContextRows, type FileUse, type ThreadIds } from '../../../read/observations/context.ts'
import type { KernelMap, MapCalls } from '../kernel.ts'
import { deedAt } from './calls.ts'
import type { Layout } from '../layout.ts'
import { idMapIn, type IdMap } from './ids.ts'
import type { Live } from './live.ts'
import { containerValue, groupLimit, pathKey } from './layout.ts'
import type { ContextMaps } from './maps.ts'
import type { TimedUse } from './ours.ts'
import type { Structures } from './structures.ts'
import type { FunctionsOf } from './symbols.ts'
import { textIn, type Walked } from './walked.ts'
import { capabilitiesIn, modeOf, refusedOf } from './words.ts'

export interface ContainerReading {
  readonly calls: MapCalls
  readonly own: ContextMaps
  readonly layout: Layout
  readonly structures: Structures
  readonly functionsOf: FunctionsOf | undefined
  readonly recorder: 'tracepoint' | 'fexit' | 'calls'
  /** The answers of the running containers. */
  readonly live: Live
}

export type MapEntry = readonly [key: Buffer, value: Buffer]

export function entries(calls: MapCalls, map: KernelMap): readonly MapEntry[] {
  return [...calls.keys(map)].flatMap((key) => {
    const value = calls.lookup(map, key)
    return value === undefined ? [] : [[key, value] as const]
  })
}

export class Container {
  readonly reading: ContainerReading
  readonly id: bigint
  readonly value: Buffer
  readonly uid: IdMap
  readonly gid: IdMap
  readonly rows: ContextRows = noRows()
  /** Paths as programs wrote them, each with the path of the opened file. */
  readonly texts: (readonly [text: string, path: string])[] = []
  /** The uses of files, each with its first time. */
  readonly uses: TimedUse[] = []

  constructor(reading: ContainerReading, id: bigint, value: Buffer) {
    this.reading = reading
    this.id = id
    this.value = value
    const map = (at: number): IdMap => idMapIn(value.subarray(at, at + 64), reading.structures)
    this.uid = map(containerValue.uidMap)
    this.gid = map(containerValue.gidMap)
  }

  mine(map: KernelMap, place: number): readonly MapEntry[] {
    return entries(this.reading.calls, map).filter(([key]) => key.readBigUInt64LE(place) === this.id)
  }

  /** Reads ids in the order of struct cred. */
  ids(bytes: Buffer, at: number): ThreadIds {
    const id = (index: number, map: IdMap): number => map(bytes.readUInt32LE(at + index * 4))
    const [uid, gid, suid, sgid] = [id(0, this.uid), id(1, this.gid), id(2, this.uid), id(3, this.gid)]
    return { uid, gid, suid, sgid, euid: id(4, this.uid), egid: id(5, this.gid) }
  }

  call(slot: number): string {
    return deedAt(this.reading.layout.machine, slot)
  }

  groups(bytes: Buffer, count: number, at: number): { readonly groups?: readonly number[] } {
    if (count > groupLimit) return {}
    const groups = Array.from({ length: count }, (_, index) => this.gid(bytes.readUInt32LE(at + index * 4)))
    return { groups: groups.sort((a, b) => a - b) }
  }

  count(value: Buffer, comm: string): { readonly count: number; readonly first: string } {
    return { count: Number(value.readBigUInt64LE()), first: `ebpf:${comm}` }
  }

  passed({ passed, isReachable }: Walked, first: string, leaf: boolean): void {
    if (!isReachable) return
    for (const { path, mode, uid, gid } of leaf ? passed : passed.slice(0, -1))
      this.rows.directories.push({
        path,
        mode: modeOf(mode),
        uid: this.uid(uid),
        gid: this.gid(gid),
        count: 1,
        first,
      })
  }

  /** The members that rows of both kinds of paths share. */
  use(key: Buffer, value: Buffer): Omit<FileUse, 'kind' | 'path' | 'resolved'> {
    const word = (place: number): number => key.readUInt32LE(place)
    const program = textIn(key.subarray(pathKey.comm, pathKey.comm + 16))
    const granted = capabilitiesIn(key.readBigUInt64LE(pathKey.granted))
    return {
      call: this.call(word(pathKey.slot)),
      ...refusedOf(word(pathKey.errno)),
      program,
      uid: this.uid(word(pathKey.fsuid)),
      gid: this.gid(word(pathKey.fsgid)),
      started: true,
      ...(granted.length > 0 && { granted }),
      ...this.count(value, program),
    }
  }
}
