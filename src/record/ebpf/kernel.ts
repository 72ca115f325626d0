// Calls bpf(2) through koffi, an optional dependency: it is loaded on first use, and its absence is a reason why the
// recorder does not work. Authority: bpf(2), and union bpf_attr in include/uapi/linux/bpf.h for the members' places.
import { getSystemErrorMap } from 'node:util'
import { loadKoffi } from '../koffi.ts'
import type { RecorderMachine } from './layout.ts'

const numbers: Readonly<Record<RecorderMachine, { readonly bpf: number; readonly prlimit64: number }>> = {
  x86_64: { bpf: 321, prlimit64: 302 },
  aarch64: { bpf: 280, prlimit64: 261 },
}
const commands = {
  createMap: 0,
  lookup: 1,
  update: 2,
  delete: 3,
  nextKey: 4,
  loadProgram: 5,
  objectInfo: 15,
  openRawTracepoint: 17,
} as const
const mapTypes = { hash: 1, array: 2, programs: 3, perCpuHash: 5, perCpuArray: 6 } as const
const programTypes = { rawTracepoint: 17, tracing: 26 } as const
/** BPF_TRACE_FEXIT: the program runs when a kernel function returns. */
const atExit = 25
/** BPF_F_NO_PREALLOC: a hash takes memory as it grows. */
const growing = 1
const memlock = 8
const EAGAIN = 11
const ENODATA = 61
const ENOTSUP = 95

export interface MapShape {
  readonly type: keyof typeof mapTypes
  /** Sizes of a key and of a value in bytes. */
  readonly key: number
  readonly value: number
  readonly entries: number
  /** The hash takes all memory at once, for large values that come in bursts. */
  readonly fixed?: true
}

export interface KernelMap extends MapShape {
  readonly descriptor: number
}

/** The operations on maps: all that counting, and reading the counts, needs of a kernel. */
export type MapCalls = Pick<BpfCalls, 'createMap' | 'lookup' | 'update' | 'remove' | 'keys' | 'misses'>

/** A refusal of bpf(2). */
export class BpfError extends Error {
  /** The name, such as EPERM. */
  readonly errno: string

  constructor(what: string, errno: number, log = '') {
    const [name, words] = getSystemErrorMap().get(-errno) ?? [`errno ${errno}`, `errno ${errno}`]
    super(`${what}: ${words}${log === '' ? '' : ` (${log})`}`)
    this.errno = name
  }
}

/** Memory that never moves, because the kernel gets its address. */
function still(size: number, text = ''): Buffer {
  const bytes = Buffer.from(new ArrayBuffer(size))
  bytes.write(text, 'latin1')
  return bytes
}

/** The commands of bpf(2) for a recorder. All that they open is closed when this process ends, however it ends. */
export class BpfCalls {
  readonly #bpf: (command: number, attributes: Buffer) => number
  readonly #prlimit: (resource: number, limit: bigint | undefined, old: Buffer) => void
  readonly #close: (descriptor: number) => void
  readonly #address: (bytes: Buffer) => bigint
  readonly #errno: () => number
  readonly #attribute: (file: string, name: string, value: Buffer, size: number) => number
  readonly #processors: number
  readonly #open: number[] = []
  readonly #programs: number[] = []
  /** Memory whose address is in the current call: the address alone does not protect it from garbage collection. */
  #held: readonly Buffer[] = []

  private constructor(machine: RecorderMachine, processors: number, koffi: typeof import('koffi').default) {
    const libc = koffi.load(null)
    const bpf = libc.func('syscall', 'long', ['long', 'long', 'void *', 'long'])
    const prlimit = libc.func('syscall', 'long', ['long', 'long', 'long', 'void *', 'void *'])
    const close = libc.func('int close(int)')
    const attribute = libc.func('long getxattr(const char *, const char *, void *, size_t)')
    this.#attribute = (file, name, value, size) => Number(attribute(file, name, value, size))
    this.#bpf = (command, attributes) => {
      const answer = Number(bpf(numbers[machine].bpf, command, attributes, attributes.length))
      this.#held = []
      return answer
    }
    this.#prlimit = (resource, limit, old) => {
      const wanted = still(16)
      wanted.writeBigUInt64LE(limit ?? 0n, 0)
      wanted.writeBigUInt64LE(limit ?? 0n, 8)
      prlimit(
        numbers[machine].prlimit64,
        0,
        resource,
        limit === undefined ? old : wanted,
        limit === undefined ? null : old,
      )
    }
    this.#close = (descriptor) => void close(descriptor)
    this.#address = (bytes) => {
      this.#held = [...this.#held, bytes]
      return koffi.address(bytes)
    }
    this.#errno = () => koffi.errno()
    this.#processors = processors
  }

  /** Throws an Error if koffi is not installed or has no binary for this machine. */
  static async load(machine: RecorderMachine, processors: number): Promise<BpfCalls> {
    const koffi = await loadKoffi()
    return new BpfCalls(machine, processors, koffi)
  }

  createMap(name: string, shape: MapShape): KernelMap {
    const attributes = still(44)
    const isHash = shape.type === 'hash' || shape.type === 'perCpuHash'
    const flags = isHash && shape.fixed !== true ? growing : 0
    for (const [index, value] of [
      mapTypes[shape.type],
      shape.key,
      shape.value,
      shape.entries,
      flags,
    ].entries())
      attributes.writeUInt32LE(value, index * 4)
    attributes.write(name.slice(0, 15), 28, 'latin1')
    return this.#unlimited(() => ({
      ...shape,
      descriptor: this.#opened(`no BPF map ${name}`, commands.createMap, attributes),
    }))
  }

  /**
   * Before Linux 5.11 the memory of maps and programs counts as locked. The limit is raised for this process and this
   * moment only, so the command never inherits it.
   */
  #unlimited<T>(work: () => T): T {
    const before = still(16)
    this.#prlimit(memlock, 2n ** 64n - 1n, before)
    try {
      return work()
    } finally {
      this.#prlimit(memlock, undefined, before)
    }
  }

  /** The value of a key; in a per-CPU map the values of all processors in a row. Undefined if the key is not there. */
  lookup(map: KernelMap, key: Buffer): Buffer | undefined {
    const isPerCpu = map.type === 'perCpuArray' || map.type === 'perCpuHash'
    const size = isPerCpu ? Math.ceil(map.value / 8) * 8 * this.#processors : map.value
    const value = still(size)
    return this.#element(commands.lookup, map, key, value) ? value : undefined
  }

  update(map: KernelMap, key: Buffer, value: Buffer): void {
    this.#element(commands.update, map, key, value)
  }

  /** Removes a key from a hash, if the key is there. */
  remove(map: KernelMap, key: Buffer): void {
    this.#element(commands.delete, map, key, Buffer.alloc(0))
  }

  /** The keys of a hash. If keys are added or removed meanwhile, some may be missing. */
  *keys(map: KernelMap): Generator<Buffer> {
    let key: Buffer | undefined
    for (let told = 0; told < map.entries; told++) {
      const next = still(map.key)
      if (!this.#element(commands.nextKey, map, key, next)) return
      yield next
      key = next
    }
  }

  /**
   * Loads a program for a raw tracepoint or, with `returns`, for the return of the kernel function with that BTF id.
   * Throws a BpfError with the last lines of the verifier's log.
   */
  loadProgram(name: string, instructions: Buffer, returns?: number): number {
    return this.#unlimited(() => this.#loadProgram(name, instructions, returns))
  }

  #loadProgram(name: string, instructions: Buffer, returns: number | undefined): number {
    const code = still(instructions.length)
    instructions.copy(code)
    const license = still(4, 'GPL')
    const load = (log: Buffer | undefined): number => {
      const attributes = still(returns === undefined ? 64 : 112)
      attributes.writeUInt32LE(programTypes[returns === undefined ? 'rawTracepoint' : 'tracing'], 0)
      attributes.writeUInt32LE(code.length / 8, 4)
      attributes.writeBigUInt64LE(this.#address(code), 8)
      attributes.writeBigUInt64LE(this.#address(license), 16)
      if (log !== undefined) {
        attributes.writeUInt32LE(1, 24)
        attributes.writeUInt32LE(log.length, 28)
        attributes.writeBigUInt64LE(this.#address(log), 32)
      }
      attributes.write(name.slice(0, 15), 48, 'latin1')
      if (returns !== undefined) {
        attributes.writeUInt32LE(atExit, 68)
        attributes.writeUInt32LE(returns, 108)
      }
      return this.#bpf(commands.loadProgram, attributes)
    }
    // The verifier gives up with EAGAIN if this process has a pending signal (kernel/bpf/verifier.c: signal_pending).
    let descriptor = load(undefined)
    for (let tries = 1; descriptor < 0 && this.#errno() === EAGAIN && tries < 10; tries++)
      descriptor = load(undefined)
    if (descriptor < 0) {
      const log = still(1 << 20)
      descriptor = load(log)
      if (descriptor < 0) {
        const errno = this.#errno()
        const words = log.toString('latin1', 0, log.indexOf(0)).trim().split('\n')
        throw new BpfError(
          `the kernel does not take the BPF program ${name}`,
          errno,
          words.slice(-3).join('; '),
        )
      }
    }
    this.#open.push(descriptor)
    this.#programs.push(descriptor)
    return descriptor
  }

  /** Attaches a program to a raw tracepoint. A program for a function's return needs no name: its function is fixed. */
  attach(program: number, tracepoint?: string): void {
    const attributes = still(16)
    if (tracepoint !== undefined) attributes.writeBigUInt64LE(this.#address(still(32, tracepoint)), 0)
    attributes.writeUInt32LE(program, 8)
    this.#opened(`cannot attach to ${tracepoint ?? 'a function'}`, commands.openRawTracepoint, attributes)
  }

  /** getxattr(2). Empty if the file has no such attribute; undefined on any other error. */
  attribute(file: string, name: string): Buffer | undefined {
    const value = still(256)
    const size = this.#attribute(file, name, value, value.length)
    if (size >= 0) return value.subarray(0, size)
    return [ENODATA, ENOTSUP].includes(this.#errno()) ? Buffer.alloc(0) : undefined
  }

  /** The sum of `misses` of all programs. */
  allMisses(): bigint {
    return this.#programs.reduce((sum, program) => sum + this.misses(program), 0n)
  }

  /** How often a program did not run because it was already running on that processor. 0 before Linux 5.12. */
  misses(program: number): bigint {
    const place = 208
    const answer = still(256)
    const attributes = still(16)
    attributes.writeUInt32LE(program, 0)
    attributes.writeUInt32LE(answer.length, 4)
    attributes.writeBigUInt64LE(this.#address(answer), 8)
    const known = this.#bpf(commands.objectInfo, attributes) === 0 && attributes.readUInt32LE(4) >= place + 8
    return known ? answer.readBigUInt64LE(place) : 0n
  }

  /** Detaches all programs, and frees programs and maps. */
  close(): void {
    for (const descriptor of this.#open.splice(0).toReversed()) this.#close(descriptor)
  }

  #opened(what: string, command: number, attributes: Buffer): number {
    const descriptor = this.#bpf(command, attributes)
    if (descriptor < 0) throw new BpfError(what, this.#errno())
    this.#open.push(descriptor)
    return descriptor
  }

  #element(command: number, map: KernelMap, key: Buffer | undefined, value: Buffer): boolean {
    const [fixedKey, fixedValue] = [still(map.key), still(value.length)]
    key?.copy(fixedKey)
    value.copy(fixedValue)
    const attributes = still(32)
    attributes.writeUInt32LE(map.descriptor, 0)
    attributes.writeBigUInt64LE(key === undefined ? 0n : this.#address(fixedKey), 8)
    attributes.writeBigUInt64LE(this.#address(fixedValue), 16)
    const done = this.#bpf(command, attributes) === 0
    if (done) fixedValue.copy(value)
    else if (this.#errno() !== 2) throw new BpfError('a BPF map cannot be used', this.#errno())
    return done
  }
}
