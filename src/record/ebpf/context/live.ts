// Asks running containers what cannot be asked later: their mounts, the directories of paths that programs wrote, and the
// capabilities of their programs' files.
// Authority: proc_pid_mountinfo(5), proc_pid_exe(5), proc_pid_ns(5), include/uapi/linux/capability.h (struct vfs_cap_data).
import { readFileSync, readlinkSync } from 'node:fs'
import { posix } from 'node:path'
import type { KernelMap, MapCalls } from '../kernel.ts'
import { containerValue, executionKey, executionValue, pathKey, pathValue, textSize } from './layout.ts'
import { mountOf, wholePath } from './links.ts'
import { LiveDirectories } from './live-directories.ts'
import type { ContextMaps } from './maps.ts'
import { textIn, walkedIn } from './walked.ts'

/** The shortest pause between questions in milliseconds. A pause is at least `share` times as long as the questions. */
const every = 20
const share = 20
const effectiveBit = 1

export interface FileCapabilities {
  readonly permitted: bigint
  readonly effective: boolean
}
export interface LiveMount {
  readonly path: string
  readonly filesystem: string
  readonly readOnly: boolean
}
/** The value of a file's extended attribute: empty if the file has none, undefined if the file cannot be asked. */
export type AttributeOf = (file: string, attribute: string) => Buffer | undefined

export class Live {
  readonly mounts = new Map<bigint, readonly LiveMount[]>()
  readonly files = new Map<string, FileCapabilities>()
  readonly directories = new Map<bigint, LiveDirectories>()
  /** The path of each container's cgroup. */
  readonly cgroups = new Map<bigint, string>()
  readonly #calls: MapCalls
  readonly #own: ContextMaps
  readonly #attributeOf: AttributeOf
  /** The mount namespace in which each container's mounts were read. */
  readonly #namespaces = new Map<bigint, string>()
  /** The paths whose directories were asked for. */
  readonly #askedPaths = new Set<string>()
  #timer: NodeJS.Timeout

  constructor(calls: MapCalls, own: ContextMaps, attributeOf: AttributeOf) {
    this.#calls = calls
    this.#own = own
    this.#attributeOf = attributeOf
    this.#timer = this.#later(every)
  }

  #later(wait: number): NodeJS.Timeout {
    return setTimeout(() => {
      const begun = performance.now()
      this.ask()
      this.#timer = this.#later(Math.max(every, (performance.now() - begun) * share))
    }, wait).unref()
  }

  ask(): void {
    const running = new Map<bigint, number>()
    for (const [key, value] of this.#entries(this.#own.containers)) {
      const [id, pid] = [key.readBigUInt64LE(), value.readUInt32LE(containerValue.pid)]
      if (!this.mounts.has(id)) this.#askMounts(id, pid)
      if (this.#isStill(id, pid)) running.set(id, pid)
    }
    if (running.size > 0) this.#askDirectories(running)
    for (const key of this.#calls.keys(this.#own.executions)) {
      const file = this.fileKey(key)
      const value = this.files.has(file) ? undefined : this.#calls.lookup(this.#own.executions, key)
      if (value !== undefined)
        this.#askFile(
          file,
          value.readUInt32LE(executionValue.newest),
          walkedIn(value, executionValue.walk).path,
        )
    }
  }

  /** The key of the executed file, equal for all who execute it. */
  fileKey(execution: Buffer): string {
    return execution.toString('hex', executionKey.dentry, executionKey.ids)
  }

  close(): void {
    clearTimeout(this.#timer)
  }

  *#entries(map: KernelMap): Generator<readonly [Buffer, Buffer]> {
    for (const key of this.#calls.keys(map)) {
      const value = this.#calls.lookup(map, key)
      if (value !== undefined) yield [key, value]
    }
  }

  #askMounts(id: bigint, pid: number): void {
    try {
      this.mounts.set(id, mountsIn(readFileSync(`/proc/${pid}/mountinfo`, 'utf8')))
      this.#namespaces.set(id, mountNamespace(pid))
      const [, group] = /^0::(.+)$/m.exec(readFileSync(`/proc/${pid}/cgroup`, 'utf8')) ?? []
      if (group !== undefined) this.cgroups.set(id, group)
    } catch {
      // The process has ended.
    }
  }

  /** Whether the process is still the container's: its number may have passed to another process. */
  #isStill(id: bigint, pid: number): boolean {
    const known = this.#namespaces.get(id)
    try {
      return known !== undefined && mountNamespace(pid) === known
    } catch {
      return false
    }
  }

  #askDirectories(running: ReadonlyMap<bigint, number>): void {
    const asking = new Map<bigint, (path: string) => boolean>()
    for (const key of this.#calls.keys(this.#own.changed)) {
      const id = key.readBigUInt64LE(pathKey.container)
      const pid = running.get(id)
      const asked = key.toString('latin1')
      if (pid === undefined || this.#askedPaths.has(asked)) continue
      this.#askedPaths.add(asked)
      const value = this.#calls.lookup(this.#own.changed, key)
      if (value === undefined) continue
      const base = walkedIn(value, pathValue.walk)
      if (!base.isReachable) continue
      const text = textIn(key.subarray(pathKey.text, pathKey.text + textSize))
      let directories = this.directories.get(id)
      if (directories === undefined) this.directories.set(id, (directories = new LiveDirectories()))
      const mayAsk = asking.get(id) ?? answering(pid)
      asking.set(id, mayAsk)
      directories.ask(`/proc/${pid}/root`, posix.dirname(wholePath(base.path, text)), mayAsk)
    }
  }

  /** Reads through the process's exe while the process still runs the program, else by the path below its root. */
  #askFile(file: string, pid: number, path: string): void {
    try {
      const runs = readlinkSync(`/proc/${pid}/exe`) === path
      const value = this.#attributeOf(`/proc/${pid}/${runs ? 'exe' : `root${path}`}`, 'security.capability')
      if (value !== undefined) this.files.set(file, capabilitiesOfFile(value))
    } catch {
      // The process has ended.
    }
  }
}

/** Tells the paths of the root file system and of tmpfs by the process's mounts at this moment. */
function answering(pid: number): (path: string) => boolean {
  let mounts: readonly LiveMount[] = []
  try {
    mounts = mountsIn(readFileSync(`/proc/${pid}/mountinfo`, 'utf8'))
  } catch {
    return () => false
  }
  const paths = mounts.map(({ path }) => path)
  const memory = new Set(mounts.flatMap(({ path, filesystem }) => (filesystem === 'tmpfs' ? [path] : [])))
  return (path) => {
    const mount = mountOf(path, paths)
    return mount === '/' || memory.has(mount)
  }
}

const mountNamespace = (pid: number): string => readlinkSync(`/proc/${pid}/ns/mnt`)

function mountsIn(text: string): readonly LiveMount[] {
  return text.split('\n').flatMap((line) => {
    const [, path, options, filesystem] = /^\S+ \S+ \S+ \S+ (\S+) (\S+)(?: .*?)? - (\S+) /.exec(line) ?? []
    if (path === undefined || options === undefined || filesystem === undefined) return []
    const plain = path.replaceAll(/\\(\d{3})/g, (_, octal: string) => String.fromCharCode(parseInt(octal, 8)))
    return [{ path: plain, filesystem, readOnly: options.split(',').includes('ro') }]
  })
}

/** Version 1 has only 32 bits. The lower half of permitted comes before the lower half of inheritable. */
export function capabilitiesOfFile(value: Buffer): FileCapabilities {
  if (value.length < 12) return { permitted: 0n, effective: false }
  const upper = value.length >= 20 ? BigInt(value.readUInt32LE(12)) << 32n : 0n
  return {
    permitted: upper | BigInt(value.readUInt32LE(4)),
    effective: (value.readUInt32LE(0) & effectiveBit) !== 0,
  }
}
