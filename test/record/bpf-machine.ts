// Runs BPF programs over memory that a test lays out, as the kernel would run a program that its verifier accepts. Our
// own code, on the authority of Documentation/bpf/standardization/instruction-set.rst and bpf-helpers(7). Instructions
// that the recorder's programs do not use are refused.
import type { KernelMap, MapCalls, MapShape } from '../../src/record/ebpf/kernel.ts'

const stackSize = 512
/** More steps than any of our programs takes, because none has a loop. */
const stepLimit = 100_000
const errnos = { noEntry: -2n, tooBig: -7n, exists: -17n, fault: -14n }
const noExist = 1n

/** A program may access its own memory directly; it copies the other kinds, each with its helper. */
type Memory = 'own' | 'kernel' | 'user'

interface Region {
  readonly base: bigint
  readonly bytes: Buffer
  readonly memory: Memory
}

/** The kernel's state at the moment when a program runs. */
export interface Moment {
  readonly processor: number
  readonly pid: number
  readonly tgid: number
  readonly comm: string
  /** Address of the current task_struct. */
  readonly task: bigint
  /** The id of the current task's cgroup, and of those above it, from the root on. */
  readonly cgroups: readonly bigint[]
  /** Runs on another processor right before a helper is called. */
  readonly meanwhile?: (helper: number) => void
}

/** Properties of the imitated kernel. */
export interface Kernel {
  /**
   * Before Linux 6.4 the functions behind the helpers that update maps returned an int, and a program found its 32 bits
   * in a register whose upper half was clear (commit d7ba4cc900bf).
   */
  readonly before6_4?: boolean
  /** A program gets the current task as a pointer that it may load from directly. */
  readonly since5_11?: boolean
}

/** The kernel's maps, and the programs that use them. */
export class BpfMachine implements MapCalls {
  readonly #processors: number
  readonly #regions: Region[] = []
  readonly #maps = new Map<number, { readonly shape: KernelMap; readonly values: Map<string, bigint> }>()
  readonly #free: Record<Memory, bigint> = {
    own: 0xffff_c000_0000_0000n,
    kernel: 0xffff_8000_0000_0000n,
    user: 0x1000_0000n,
  }

  readonly #kernel: Kernel

  constructor(processors: number, kernel: Kernel = {}) {
    this.#processors = processors
    this.#kernel = kernel
  }

  /** Places bytes and returns their address, which for user memory is below 4 GB. The bytes may change later. */
  place(bytes: Buffer, memory: Memory = 'kernel'): bigint {
    const base = this.#free[memory]
    this.#regions.push({ base, bytes, memory })
    // A gap after each region exposes reads beyond its end.
    this.#free[memory] += BigInt(bytes.length) + 0x1000n
    return base
  }

  createMap(_name: string, shape: MapShape): KernelMap {
    const map = { ...shape, descriptor: this.#maps.size + 3 }
    this.#maps.set(map.descriptor, { shape: map, values: new Map() })
    if (shape.type === 'array' || shape.type === 'perCpuArray') {
      const each = this.#sizeOf(map)
      const base = this.place(Buffer.alloc(each * shape.entries), 'own')
      for (let index = 0; index < shape.entries; index++)
        this.#valuesOf(map.descriptor).set(keyOf(index), base + BigInt(index * each))
    }
    return map
  }

  lookup(map: KernelMap, key: Buffer): Buffer | undefined {
    const address = this.#valuesOf(map.descriptor).get(key.toString('hex'))
    return address === undefined ? undefined : Buffer.from(this.#bytes(address, this.#sizeOf(map)))
  }

  update(map: KernelMap, key: Buffer, value: Buffer): void {
    const address =
      this.#valuesOf(map.descriptor).get(key.toString('hex')) ??
      this.#insert(map.descriptor, key.toString('hex'))
    value.copy(this.#bytes(address, value.length))
  }

  remove(map: KernelMap, key: Buffer): void {
    this.#valuesOf(map.descriptor).delete(key.toString('hex'))
  }

  *keys(map: KernelMap): Generator<Buffer> {
    for (const key of this.#valuesOf(map.descriptor).keys()) yield Buffer.from(key, 'hex')
  }

  misses(): bigint {
    return 0n
  }

  /** Runs a program with these words as its context; returns its result. Throws if the program misbehaves. */
  run(program: Buffer, context: readonly bigint[], moment: Moment): bigint {
    const known = this.#regions.length
    const words = Buffer.alloc(context.length * 8)
    for (const [index, word] of context.entries()) words.writeBigUInt64LE(BigInt.asUintN(64, word), index * 8)
    const registers = new BigUint64Array(11)
    registers[1] = this.place(words, 'own')
    this.#stack = this.place(Buffer.alloc(stackSize), 'own')
    this.#written.fill(0)
    registers[10] = this.#stack + BigInt(stackSize)
    try {
      return this.#steps(program, registers, moment)
    } finally {
      // Stack and context end; what the maps received in the meantime stays.
      this.#regions.splice(known, 2)
    }
  }

  #stack = 0n
  /** Bytes of the stack that the program has written. Verifiers before Linux 6.3 refuse to read others. */
  readonly #written = new Uint8Array(stackSize)

  #noteWritten(address: bigint, size: number): void {
    const from = Number(address - this.#stack)
    if (from >= 0 && from < stackSize) this.#written.fill(1, from, from + size)
  }

  /** The bytes that a helper reads. Throws if the program has not written all of them. */
  #given(address: bigint, size: number): Buffer {
    const from = Number(address - this.#stack)
    if (from >= 0 && from < stackSize && this.#written.subarray(from, from + size).includes(0))
      throw new Error(`the stack is not written at ${from - stackSize}`)
    return this.#bytes(address, size)
  }

  #steps(program: Buffer, registers: BigUint64Array, moment: Moment): bigint {
    const get = (index: number): bigint => registers[index] ?? 0n
    for (let at = 0, steps = 0; ; at++) {
      if (++steps > stepLimit) throw new Error('the program does not end')
      const code = program.readUInt8(at * 8)
      const to = program.readUInt8(at * 8 + 1) & 15
      const from = program.readUInt8(at * 8 + 1) >> 4
      const offset = program.readInt16LE(at * 8 + 2)
      const value = BigInt(program.readInt32LE(at * 8 + 4))
      const operand = (code & 8) === 0 ? BigInt.asUintN(64, value) : get(from)
      switch (code & 7) {
        case 0: // BPF_LD: only the 64-bit immediate
          if (code !== 0x18) throw unknown(code)
          registers[to] = BigInt.asUintN(32, value) | (BigInt(program.readUInt32LE(++at * 8 + 4)) << 32n)
          break
        case 1: // BPF_LDX
          registers[to] = this.#load(get(from) + BigInt(offset), sizeOf(code))
          break
        case 2: // BPF_ST
          this.#store(get(to) + BigInt(offset), sizeOf(code), value)
          break
        case 3: // BPF_STX; BPF_ATOMIC: only BPF_ADD, with or without BPF_FETCH
          if (code >> 5 === 6) {
            if (value !== 0n && value !== 1n) throw unknown(code)
            const place = get(to) + BigInt(offset)
            const before = this.#load(place, sizeOf(code))
            this.#store(place, sizeOf(code), before + get(from))
            if (value === 1n) registers[from] = before
          } else this.#store(get(to) + BigInt(offset), sizeOf(code), get(from))
          break
        case 4: // BPF_ALU
          registers[to] = BigInt.asUintN(
            32,
            compute(code, BigInt.asUintN(32, get(to)), BigInt.asUintN(32, operand), 32),
          )
          break
        case 7: // BPF_ALU64
          registers[to] = BigInt.asUintN(64, compute(code, get(to), operand, 64))
          break
        case 5: // BPF_JMP
          if (code === 0x95) return get(0)
          if (code === 0x85) {
            const helper = Number(value)
            moment.meanwhile?.(helper)
            const answer = this.#help(helper, registers, moment)
            const narrow = this.#kernel.before6_4 === true && (helper === 2 || helper === 3)
            registers[0] = BigInt.asUintN(narrow ? 32 : 64, answer)
            // The kernel's helpers may leave any value in these registers.
            registers.fill(0xdead_beef_dead_beefn, 1, 6)
          } else if (isTrue(code, get(to), operand)) at += offset
          break
        case 6: // BPF_JMP32
          if (isTrue(code, BigInt.asUintN(32, get(to)), BigInt.asUintN(32, operand))) at += offset
          break
        default:
          throw unknown(code)
      }
    }
  }

  /** Whether no map takes another key. */
  isFull = false

  /** The clock that the helper for the time reads. */
  #now = 1n

  /** Runs the helper of this number: include/uapi/linux/bpf.h. */
  #help(helper: number, registers: BigUint64Array, moment: Moment): bigint {
    const [, one = 0n, two = 0n, three = 0n, four = 0n] = registers
    switch (helper) {
      case 1: {
        const { shape, values } = this.#mapOf(one)
        const address = values.get(this.#given(two, shape.key).toString('hex'))
        if (address === undefined) return 0n
        return isPerCpu(shape) ? address + BigInt(moment.processor * stride(shape)) : address
      }
      case 2: {
        const { shape, values } = this.#mapOf(one)
        const key = this.#given(two, shape.key).toString('hex')
        if (values.has(key) && four === noExist) return errnos.exists
        if (!values.has(key) && (this.isFull || values.size >= shape.entries)) return errnos.tooBig
        const address = values.get(key) ?? this.#insert(shape.descriptor, key)
        const own = isPerCpu(shape) ? BigInt(moment.processor * stride(shape)) : 0n
        this.#given(three, shape.value).copy(this.#bytes(address + own, shape.value))
        return 0n
      }
      case 3: {
        const { shape, values } = this.#mapOf(one)
        return values.delete(this.#given(two, shape.key).toString('hex')) ? 0n : errnos.noEntry
      }
      case 5:
        return this.#now++
      case 8:
        return BigInt(moment.processor)
      case 12:
        // A call without a further program: the tail call fails and the program goes on.
        return errnos.noEntry
      case 14:
        return (BigInt(moment.tgid) << 32n) | BigInt(moment.pid)
      case 16: {
        const comm = this.#bytes(one, Number(two))
        this.#noteWritten(one, Number(two))
        comm.fill(0)
        comm.write(moment.comm.slice(0, Number(two) - 1), 'latin1')
        return 0n
      }
      case 35:
      case 158:
        return moment.task
      case 80:
        return moment.cgroups.at(-1) ?? 0n
      case 112:
      case 113: {
        const target = this.#bytes(one, Number(two))
        this.#noteWritten(one, Number(two))
        const source = this.#find(three, Number(two), helper === 112 ? ['user'] : ['own', 'kernel'])
        if (source === undefined) {
          target.fill(0)
          return errnos.fault
        }
        source.copy(target)
        return 0n
      }
      case 114:
      case 115: {
        const target = this.#bytes(one, Number(two))
        this.#noteWritten(one, Number(two))
        const memory = helper === 114 ? 'user' : 'kernel'
        for (let length = 0; length < target.length; length++) {
          const byte = this.#find(three + BigInt(length), 1, [memory])?.[0]
          if (byte === undefined) return errnos.fault
          target[length] = byte
          if (byte === 0) return BigInt(length + 1)
        }
        target[target.length - 1] = 0
        return BigInt(target.length)
      }
      case 123:
        return moment.cgroups[Number(BigInt.asIntN(32, one))] ?? 0n
      default:
        throw new Error(`the machine has no helper ${helper}`)
    }
  }

  #insert(descriptor: number, key: string): bigint {
    const { shape, values } = this.#mapOf(BigInt(descriptor))
    const base = this.place(Buffer.alloc(this.#sizeOf(shape)), 'own')
    values.set(key, base)
    return base
  }

  /** A per-CPU map stores one value for each processor, one after the other. */
  #sizeOf(shape: MapShape): number {
    return isPerCpu(shape) ? stride(shape) * this.#processors : shape.value
  }

  #mapOf(descriptor: bigint) {
    const map = this.#maps.get(Number(descriptor))
    if (map === undefined) throw new Error(`${descriptor} is no map`)
    return map
  }

  #valuesOf(descriptor: number): Map<string, bigint> {
    return this.#mapOf(BigInt(descriptor)).values
  }

  #load(address: bigint, size: number): bigint {
    // A verifier that knows types allows loads from the kernel's memory.
    const typed = this.#kernel.since5_11 === true ? this.#find(address, size, ['kernel']) : undefined
    const bytes = typed ?? this.#bytes(address, size)
    return size === 8 ? bytes.readBigUInt64LE() : BigInt(bytes.readUIntLE(0, size))
  }

  #store(address: bigint, size: number, value: bigint): void {
    const bytes = this.#bytes(address, size)
    this.#noteWritten(address, size)
    if (size === 8) bytes.writeBigUInt64LE(BigInt.asUintN(64, value))
    else bytes.writeUIntLE(Number(BigInt.asUintN(size * 8, value)), 0, size)
  }

  /** Memory that a program may access directly. */
  #bytes(address: bigint, size: number): Buffer {
    const found = this.#find(address, size, ['own'])
    if (found === undefined)
      throw new Error(`the program touches what is not its own: ${size} bytes at 0x${address.toString(16)}`)
    return found
  }

  #find(address: bigint, size: number, among: readonly Memory[]): Buffer | undefined {
    const region = this.#regions.find(
      ({ base, bytes }) => address >= base && address + BigInt(size) <= base + BigInt(bytes.length),
    )
    if (region === undefined || !among.includes(region.memory)) return undefined
    const start = Number(address - region.base)
    return region.bytes.subarray(start, start + size)
  }
}

function isPerCpu({ type }: MapShape): boolean {
  return type === 'perCpuArray' || type === 'perCpuHash'
}

function stride({ value }: MapShape): number {
  return Math.ceil(value / 8) * 8
}

function keyOf(index: number): string {
  const key = Buffer.alloc(4)
  key.writeUInt32LE(index)
  return key.toString('hex')
}

/** BPF_W, BPF_H, BPF_B, BPF_DW. */
function sizeOf(code: number): number {
  return [4, 2, 1, 8][(code >> 3) & 3] ?? 0
}

function compute(code: number, to: bigint, operand: bigint, bits: number): bigint {
  switch (code >> 4) {
    case 0x0:
      return to + operand
    case 0x1:
      return to - operand
    case 0x2:
      return to * operand
    case 0x4:
      return to | operand
    case 0x5:
      return to & operand
    case 0x6:
      return to << (operand & BigInt(bits - 1))
    case 0x7:
      return to >> (operand & BigInt(bits - 1))
    case 0xb:
      return operand
    default:
      throw unknown(code)
  }
}

function isTrue(code: number, to: bigint, operand: bigint): boolean {
  switch (code >> 4) {
    case 0x0:
      return true
    case 0x1:
      return to === operand
    case 0x2:
      return to > operand
    case 0x3:
      return to >= operand
    case 0x4:
      return (to & operand) !== 0n
    case 0x5:
      return to !== operand
    case 0xc:
      // Only BPF_JMP, which compares 64 bits.
      if ((code & 7) !== 5) throw unknown(code)
      return BigInt.asIntN(64, to) < BigInt.asIntN(64, operand)
    default:
      throw unknown(code)
  }
}

function unknown(code: number): Error {
  return new Error(`the machine has no instruction 0x${code.toString(16)}`)
}
