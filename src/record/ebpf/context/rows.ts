// What the maps hold, as rows of observations: by container, ids as it sees them, calls and capabilities by name.
import { syscallTable } from '../../../abi/tables.ts'
import {
  noRows,
  type ContextRows,
  type FileUse,
  type ThreadIds,
  type changeKinds,
} from '../../../read/observations/context.ts'
import type { KernelMap, MapCalls } from '../kernel.ts'
import type { Layout } from '../layout.ts'
import { kindOf } from './calls.ts'
import { idMapIn, type IdMap } from './ids.ts'
import type { Live } from './live.ts'
import { followLinks, linksFrom, mountOf, wholePath } from './links.ts'
import {
  bindKey,
  checkFlags,
  checkKey,
  containerValue,
  executionKey,
  executionValue,
  frames,
  groupLimit,
  identityKey,
  pathKey,
  pathValue,
  privilegeKey,
  textSize,
  type ContextMaps,
} from './maps.ts'
import { oursAmong, type TimedUse } from './ours.ts'
import { createdMode, openFlags } from './paths.ts'
import type { Structures } from './structures.ts'
import type { FunctionsOf } from './symbols.ts'
import { textIn, walkedIn, type Walked } from './walked.ts'
import {
  aboutCalls,
  argumentOf,
  capabilitiesIn,
  capabilityOf,
  changers,
  modeOf,
  optionNames,
  refusedOf,
  types,
} from './words.ts'

export interface Reading {
  readonly calls: MapCalls
  readonly own: ContextMaps
  readonly layout: Layout
  readonly structures: Structures
  readonly functionsOf: FunctionsOf | undefined
  readonly recorder: 'tracepoint' | 'fexit' | 'calls'
  /** What was asked of the containers while they ran. */
  readonly live: Live
}

/** By the kernel's number of its cgroup, what was seen of each container. */
export function rowsIn(reading: Reading): ReadonlyMap<bigint, ContextRows> {
  const { calls, own } = reading
  const all = new Map<bigint, ContextRows>()
  for (const [key, value] of entries(calls, own.containers)) {
    const id = key.readBigUInt64LE()
    all.set(id, new Container(reading, id, value).lists())
  }
  return all
}

function entries(calls: MapCalls, map: KernelMap): readonly (readonly [key: Buffer, value: Buffer])[] {
  return [...calls.keys(map)].flatMap((key) => {
    const value = calls.lookup(map, key)
    return value === undefined ? [] : [[key, value] as const]
  })
}

/** One container's rows. */
class Container {
  readonly #reading: Reading
  readonly #id: bigint
  readonly #value: Buffer
  readonly #uid: IdMap
  readonly #gid: IdMap
  readonly #rows = noRows()
  /** What programs wrote, and where it led. */
  readonly #texts: (readonly [text: string, path: string])[] = []

  constructor(reading: Reading, id: bigint, value: Buffer) {
    this.#reading = reading
    this.#id = id
    this.#value = value
    const map = (at: number): IdMap => idMapIn(value.subarray(at, at + 64), reading.structures)
    this.#uid = map(containerValue.uidMap)
    this.#gid = map(containerValue.gidMap)
  }

  /** Uses of files, with when each was first met. */
  readonly #uses: TimedUse[] = []

  lists(): ContextRows {
    this.#opened()
    this.#mounts()
    this.#executions()
    this.#changed()
    this.#checks()
    this.#identities()
    this.#binds()
    this.#privileges()
    const ours = oursAmong(this.#uses)
    const marked = <Use extends FileUse>(use: Use): Use => (ours.has(use) ? { ...use, ours: true } : use)
    this.#rows.reads = this.#rows.reads.map(marked)
    this.#rows.changes = this.#rows.changes.map(marked)
    return this.#rows
  }

  #mine(map: KernelMap, place: number): readonly (readonly [key: Buffer, value: Buffer])[] {
    return entries(this.#reading.calls, map).filter(([key]) => key.readBigUInt64LE(place) === this.#id)
  }

  /** Ids in the order of struct cred. */
  #ids(bytes: Buffer, at: number): ThreadIds {
    const id = (index: number, map: IdMap): number => map(bytes.readUInt32LE(at + index * 4))
    const [uid, gid, suid, sgid] = [id(0, this.#uid), id(1, this.#gid), id(2, this.#uid), id(3, this.#gid)]
    return { uid, gid, suid, sgid, euid: id(4, this.#uid), egid: id(5, this.#gid) }
  }

  #call(number: number, compat = false): string {
    const architecture = compat ? 'x86' : this.#reading.layout.machine
    return syscallTable(architecture).byNumber(number)?.name ?? String(number)
  }

  #groups(bytes: Buffer, count: number, at: number): { readonly groups?: readonly number[] } {
    if (count > groupLimit) return {}
    const groups = Array.from({ length: count }, (_, index) => this.#gid(bytes.readUInt32LE(at + index * 4)))
    return { groups: groups.sort((a, b) => a - b) }
  }

  #count(value: Buffer, comm: string): { readonly count: number; readonly first: string } {
    return { count: Number(value.readBigUInt64LE()), first: `ebpf:${comm}` }
  }

  #passed({ passed, isReachable }: Walked, first: string, leaf: boolean): void {
    if (!isReachable) return
    for (const { path, mode, uid, gid } of leaf ? passed : passed.slice(0, -1))
      this.#rows.directories.push({
        path,
        mode: modeOf(mode),
        uid: this.#uid(uid),
        gid: this.#gid(gid),
        count: 1,
        first,
      })
  }

  /** What both kinds of paths have in common. */
  #use(key: Buffer, value: Buffer): Omit<FileUse, 'kind' | 'path' | 'resolved'> {
    const word = (place: number): number => key.readUInt32LE(place)
    const program = textIn(key.subarray(pathKey.comm, pathKey.comm + 16))
    const granted = capabilitiesIn(key.readBigUInt64LE(pathKey.granted))
    return {
      call: this.#call(word(pathKey.number)),
      ...refusedOf(word(pathKey.errno)),
      program,
      uid: this.#uid(word(pathKey.fsuid)),
      gid: this.#gid(word(pathKey.fsgid)),
      started: true,
      ...(granted.length > 0 && { granted }),
      ...this.#count(value, program),
    }
  }

  /** Files that the kernel told. */
  #opened(): void {
    const { own, layout } = this.#reading
    for (const [key, value] of this.#mine(own.opened, pathKey.container)) {
      const kind = kindOf(layout.machine, key.readUInt32LE(pathKey.number), false)
      const walked = walkedIn(value, pathValue.walk)
      const use = this.#use(key, value)
      const fileMode = key.readUInt32LE(pathKey.fileMode)
      const fileType = types[(fileMode >> 12) & 15] ?? 'unknown'
      if (kind === undefined || (!walked.isReachable && !walked.isCut && fileType !== 'regular')) continue
      this.#passed(walked, use.first, fileType === 'directory')
      const text = textIn(value.subarray(pathValue.text, pathValue.text + textSize))
      if (walked.isReachable && text.startsWith('/')) this.#texts.push([text, walked.path])
      const told = {
        ...use,
        path: walked.path,
        resolved: true,
        ...(walked.isCut && { cut: true as const }),
        ...(walked.mount !== undefined && { mount: walked.mount }),
        fileType,
        fileMode: modeOf(fileMode),
        fileUid: this.#uid(key.readUInt32LE(pathKey.fileUid)),
        fileGid: this.#gid(key.readUInt32LE(pathKey.fileGid)),
      }
      for (const path of walked.mounts) this.#mount(path, use.first)
      if (kind === 'map-exec') this.#read({ ...told, kind }, value)
      else if (kind === 'open') this.#open(key, value, told)
      else if (kind !== 'execute') this.#change({ ...told, ...this.#given(key, kind), kind }, value)
    }
  }

  #read(use: ContextRows['reads'][number], value: Buffer): void {
    this.#rows.reads.push(use)
    this.#uses.push({ use, time: value.readBigUInt64LE(pathValue.time) })
  }

  #change(use: ContextRows['changes'][number], value: Buffer): void {
    this.#rows.changes.push(use)
    this.#uses.push({ use, time: value.readBigUInt64LE(pathValue.time) })
  }

  #open(key: Buffer, value: Buffer, told: Omit<FileUse, 'kind'>): void {
    const flags = key.readUInt32LE(pathKey.flags)
    // Refused before there was a file: what was asked for.
    const access =
      told.refused === undefined ? key.readUInt32LE(pathKey.access) : ([1, 2, 3, 3][flags & 3] ?? 3)
    const creates = (flags & (openFlags.create | openFlags.temporary)) !== 0
    const use = {
      ...told,
      kind: 'open',
      reads: (access & 1) !== 0,
      writes: (access & 2) !== 0,
      ...(creates && { creates, mode: modeOf(key.readUInt32LE(pathKey.mode)) }),
      ...((access & createdMode) !== 0 && { ours: true as const }),
    } as const
    if (use.writes || creates) this.#change(use, value)
    else this.#read(use, value)
  }

  /** The mode or the owner that was given. */
  #given(key: Buffer, kind: (typeof changeKinds)[number]): Partial<FileUse> {
    const mode = key.readUInt32LE(pathKey.mode)
    if (kind === 'mkdir' || kind === 'chmod') return { mode: modeOf(mode) }
    if (kind === 'mknod') return { mode: modeOf(mode, 0o177777) }
    if (kind !== 'chown') return {}
    const [uid, gid] = [key.readUInt32LE(pathKey.toUid), key.readUInt32LE(pathKey.toGid)]
    // The program's own number: as it sees ids already.
    return { ...(uid !== 0xffff_ffff && { toUid: uid }), ...(gid !== 0xffff_ffff && { toGid: gid }) }
  }

  #mount(path: string, first: string): void {
    if (!this.#rows.mounts.some((each) => each.path === path))
      this.#rows.mounts.push({ path, filesystem: 'unknown', readOnly: false, count: 1, first })
  }

  /** What the container's own list of mounts says stands for what was walked through. */
  #mounts(): void {
    const listed = this.#reading.live.mounts.get(this.#id)
    if (listed !== undefined)
      this.#rows.mounts = listed.map((each) => ({ ...each, count: 1, first: 'mountinfo' }))
  }

  /** Paths that the program's own words told. */
  #changed(): void {
    const { own, layout } = this.#reading
    const mounts = this.#rows.mounts.map(({ path }) => path)
    const changed = this.#mine(own.changed, pathKey.container).map(([key, value]) => {
      const base = walkedIn(value, pathValue.walk)
      const use = this.#use(key, value)
      this.#passed(base, use.first, true)
      return { key, value, base, use }
    })
    const links = linksFrom(this.#texts, new Set(this.#rows.directories.map(({ path }) => path)))
    for (const { key, value, base, use } of changed) {
      const second = key.readUInt32LE(pathKey.second) === 1
      const kind = kindOf(layout.machine, key.readUInt32LE(pathKey.number), second)
      const text = textIn(key.subarray(pathKey.text, pathKey.text + textSize))
      const written = wholePath(base.path, text)
      const path = base.isReachable ? followLinks(written, links) : written
      const cut = base.isCut || Buffer.byteLength(text) >= textSize - 1
      const mount = base.isReachable && !cut ? mountOf(path, mounts) : undefined
      const told = {
        ...use,
        path,
        resolved: false,
        ...(cut && { cut: true as const }),
        ...(mount !== undefined && { mount }),
      }
      if (kind === 'open') this.#open(key, value, told)
      else if (kind === 'execute') {
        const { program, started, uid, gid, count, first, refused } = told
        this.#rows.executions.push({
          path,
          program,
          started,
          uid,
          euid: uid,
          egid: gid ?? 0,
          count,
          first,
          ...(refused !== undefined && { refused }),
        })
      } else if (kind !== undefined && kind !== 'map-exec')
        this.#change({ ...told, ...this.#given(key, kind), kind }, value)
    }
  }

  #executions(): void {
    const { own, live } = this.#reading
    const starting = this.#value.readUInt32LE(containerValue.pid)
    let isTold = true
    for (const [key, value] of this.#mine(own.executions, executionKey.container)) {
      const walked = walkedIn(value, executionValue.walk)
      const { uid, gid, euid, egid } = this.#ids(key, executionKey.ids)
      const before = this.#ids(key, executionKey.before)
      const program = textIn(key.subarray(executionKey.comm, executionKey.comm + 16))
      const counted = this.#count(value, program)
      const started = key.readUInt32LE(executionKey.started) === 1
      const length = value.readUInt32LE(executionValue.length)
      const bytes = value.subarray(executionValue.arguments)
      const words =
        length === 0 || length > bytes.length
          ? undefined
          : bytes.toString('utf8', 0, length).replace(/\0$/, '').split('\0')
      const isBeforeKnown = program !== ''
      const gained = capabilitiesIn(
        key.readBigUInt64LE(executionKey.permitted) & ~key.readBigUInt64LE(executionKey.permittedBefore),
      )
      const file = live.files.get(live.fileKey(key))
      isTold &&= file !== undefined
      this.#passed(walked, counted.first, false)
      const noNewPrivileges = key.readUInt32LE(executionKey.noNewPrivileges) === 1
      const tells = changers.test(walked.path) || changers.test(program)
      this.#rows.executions.push({
        path: walked.path,
        program,
        ...(tells && words !== undefined && { arguments: words }),
        started,
        uid,
        ...(isBeforeKnown && { euidBefore: before.euid, egidBefore: before.egid }),
        euid,
        egid,
        noNewPrivileges,
        ...(isBeforeKnown && started && { gained }),
        ...(file !== undefined && {
          fileCapabilities: capabilitiesIn(file.permitted),
          fileEffective: file.effective,
        }),
        ...counted,
      })
      if (started || !this.#isStart(value, starting)) continue
      this.#start(walked.path, words, gid, counted.first)
    }
    if (!isTold) this.#rows.blind.push({ what: 'file-capabilities', count: 1, first: 'ebpf' })
  }

  #isStart(value: Buffer, starting: number): boolean {
    return this.#rows.starts.length === 0 && value.readUInt32LE(executionValue.pid) === starting
  }

  #start(path: string, words: readonly string[] | undefined, gid: number, first: string): void {
    const value = this.#value
    const word = (place: number): number => value.readUInt32LE(place)
    const { uid } = this.#ids(value, containerValue.ids)
    const ports = value.readInt32LE(containerValue.ports)
    // MNT_READONLY (include/linux/mount.h) of the mount, SB_RDONLY (include/linux/fs.h) of the file system.
    const readOnlyRoot =
      (word(containerValue.mountFlags) & 0x40) !== 0 || (word(containerValue.superFlags) & 1) !== 0
    this.#rows.starts.push({
      recorder: this.#reading.recorder,
      path,
      ...(words !== undefined && { arguments: words }),
      uid,
      gid,
      ...this.#groups(value, word(containerValue.groupCount), containerValue.groups),
      permitted: capabilitiesIn(value.readBigUInt64LE(containerValue.permitted)),
      bounding: capabilitiesIn(value.readBigUInt64LE(containerValue.bounding)),
      noNewPrivileges: word(containerValue.noNewPrivileges) === 1,
      ownUserNamespace: word(containerValue.level) > 0,
      rootMode: modeOf(word(containerValue.rootMode)),
      rootUid: this.#uid(word(containerValue.rootUid)),
      rootGid: this.#gid(word(containerValue.rootGid)),
      readOnlyRoot,
      ...(ports >= 0 && {
        unprivilegedPorts: ports,
        pingGroups: [word(containerValue.pings), word(containerValue.pings + 4)].map((each) =>
          this.#gid(each),
        ),
      }),
      count: 1,
      first,
    })
  }

  #checks(): void {
    const { own, functionsOf } = this.#reading
    for (const [key, value] of this.#mine(own.checks, checkKey.container)) {
      const flags = key.readUInt32LE(checkKey.flags)
      const has = (flag: number): boolean => (flags & flag) !== 0
      const number = key.readUInt32LE(checkKey.number)
      const program = textIn(key.subarray(checkKey.comm, checkKey.comm + 16))
      const stack = Array.from({ length: frames }, (_, index) =>
        key.readBigUInt64LE(checkKey.stack + index * 8),
      )
      const call = this.#call(number, has(checkFlags.compat))
      this.#rows.checks.push({
        capability: capabilityOf(key.readUInt32LE(checkKey.capability)),
        granted: key.readUInt32LE(checkKey.refused) === 0,
        effective: has(checkFlags.effective),
        own: has(checkFlags.own),
        withinBounding: has(checkFlags.withinBounding),
        started: has(checkFlags.started),
        depth: Math.max(0, key.readInt32LE(checkKey.depth)),
        otherNamespace: has(checkFlags.otherNamespace),
        functions: functionsOf?.(stack) ?? [],
        // CAP_OPT_NOAUDIT of include/linux/security.h.
        ...((key.readUInt32LE(checkKey.options) & 2) !== 0 && { noAudit: true as const }),
        ...(number < 0x8000_0000 && { call }),
        ...(aboutCalls.has(call) && { argument: argumentOf(call, key.readBigUInt64LE(checkKey.argument)) }),
        program,
        ...this.#ids(key, checkKey.ids),
        ...this.#count(value, program),
      })
    }
  }

  #identities(): void {
    for (const [key, value] of this.#mine(this.#reading.own.identities, identityKey.container)) {
      const program = textIn(key.subarray(identityKey.comm, identityKey.comm + 16))
      this.#rows.identities.push({
        call: this.#call(key.readUInt32LE(identityKey.number)),
        program,
        started: true,
        ...this.#ids(key, identityKey.ids),
        ...this.#groups(key, key.readUInt32LE(identityKey.groupCount), identityKey.groups),
        ...this.#count(value, program),
      })
    }
  }

  #binds(): void {
    for (const [key, value] of this.#mine(this.#reading.own.binds, bindKey.container)) {
      const program = textIn(key.subarray(bindKey.comm, bindKey.comm + 16))
      this.#rows.binds.push({
        port: key.readUInt32LE(bindKey.port),
        family: key.readUInt32LE(bindKey.family) === 2 ? 'inet' : 'inet6',
        program,
        euid: this.#uid(key.readUInt32LE(bindKey.euid)),
        started: true,
        ...refusedOf(key.readUInt32LE(bindKey.errno)),
        ...this.#count(value, program),
      })
    }
  }

  #privileges(): void {
    for (const [key, value] of this.#mine(this.#reading.own.privileges, privilegeKey.container)) {
      const program = textIn(key.subarray(privilegeKey.comm, privilegeKey.comm + 16))
      const counted = this.#count(value, program)
      const euid = this.#uid(key.readUInt32LE(privilegeKey.euid))
      const refused = refusedOf(key.readUInt32LE(privilegeKey.errno))
      const call = this.#call(key.readUInt32LE(privilegeKey.number))
      const who = { program, started: true, euid, ...counted }
      if (call === 'io_uring_setup') this.#rows.rings.push({ program, ...counted })
      else if (call !== 'capset' && call !== 'prctl')
        this.#rows.userNamespaces.push({ call, ...who, ...refused })
      else if (refused.refused === undefined)
        this.#rows.raises.push({
          call:
            call === 'capset' ? 'capset' : (optionNames[key.readUInt32LE(privilegeKey.option)] ?? 'ambient'),
          capabilities: capabilitiesIn(key.readBigUInt64LE(privilegeKey.set)),
          ...who,
        })
    }
  }
}
