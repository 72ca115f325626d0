// Finds the offsets of members in the running kernel's structures, from the kernel's own description at
// /sys/kernel/btf/vmlinux (CONFIG_DEBUG_INFO_BTF), not from its version. Authority: Documentation/bpf/btf.rst.

export const magic = 0xeb9f
export const kinds = { struct: 4, union: 5, function: 12 } as const
/** typedef, volatile, const, restrict, type tag: they have the layout of the type that they name. */
const transparent: readonly number[] = [8, 9, 10, 11, 18]
/** By kind, the bytes after a type's first twelve: fixed, and for each of its vlen. BTF_KIND_INT … BTF_KIND_ENUM64. */
export const typeSizes: readonly (readonly [fixed: number, each: number])[] = [
  [0, 0],
  [4, 0], // int
  [0, 0], // pointer
  [12, 0], // array
  [0, 12], // struct
  [0, 12], // union
  [0, 8], // enum
  [0, 0], // forward
  [0, 0], // typedef
  [0, 0], // volatile
  [0, 0], // const
  [0, 0], // restrict
  [0, 0], // function
  [0, 8], // function prototype
  [4, 0], // variable
  [0, 12], // section
  [0, 0], // float
  [4, 0], // declaration tag
  [0, 0], // type tag
  [0, 12], // 64-bit enum
]

/** The types of one kernel. */
export class Btf {
  readonly #bytes: Buffer
  readonly #strings: number
  /** By type id, the offset of the type; id 0 is void. */
  readonly #types: number[] = [-1]

  /** Throws an Error that describes what is wrong with the bytes. */
  constructor(bytes: Buffer) {
    if (bytes.length < 24 || bytes.readUInt16LE(0) !== magic)
      throw new Error('the description of the kernel is not little-endian BTF')
    const header = bytes.readUInt32LE(4)
    const start = header + bytes.readUInt32LE(8)
    const end = start + bytes.readUInt32LE(12)
    if (end > bytes.length) throw new Error('the BTF of the kernel ends before its types do')
    this.#bytes = bytes
    this.#strings = header + bytes.readUInt32LE(16)
    for (let at = start; at < end;) {
      this.#types.push(at)
      const size = typeSizes[this.#kind(at)]
      if (size === undefined)
        throw new Error(`the BTF of the kernel has a kind of type (${this.#kind(at)}) that is not known`)
      at += 12 + size[0] + size[1] * this.#count(at)
    }
  }

  /**
   * The offset in bytes of a member such as `seccomp.mode` in the structure of this name. Members of unnamed structures
   * inside the structure count as its own. Undefined if there is no such member, or if the member begins inside a byte.
   */
  offset(structure: string, path: string): number | undefined {
    let type = this.#types.findIndex(
      (at) =>
        at >= 0 &&
        this.#kind(at) === kinds.struct &&
        this.#count(at) > 0 &&
        this.#name(this.#bytes.readUInt32LE(at)) === structure,
    )
    let offset = 0
    for (const name of path.split('.')) {
      const found = this.#member(type, name)
      if (found === undefined) return undefined
      offset += found.bits
      type = found.type
    }
    return offset % 8 === 0 ? offset / 8 : undefined
  }

  /** As offset(). Throws an Error that names a missing member. */
  required(structure: string, path: string): number {
    const found = this.offset(structure, path)
    if (found === undefined) throw new Error(`this kernel has no ${structure}.${path}`)
    return found
  }

  /** The id of a kernel function; undefined if the kernel does not describe the function. */
  functionId(name: string): number | undefined {
    const id = this.#types.findIndex(
      (at) =>
        at >= 0 && this.#kind(at) === kinds.function && this.#name(this.#bytes.readUInt32LE(at)) === name,
    )
    return id < 0 ? undefined : id
  }

  #member(type: number, wanted: string): { readonly bits: number; readonly type: number } | undefined {
    let at = this.#types[type] ?? -1
    while (at >= 0 && transparent.includes(this.#kind(at)))
      at = this.#types[this.#bytes.readUInt32LE(at + 8)] ?? -1
    if (at < 0 || (this.#kind(at) !== kinds.struct && this.#kind(at) !== kinds.union)) return undefined
    // kind_flag: the upper byte of an offset is the width of a bit field.
    const mask = this.#bytes.readUInt32LE(at + 4) >>> 31 ? 0xffffff : 0xffffffff
    for (let index = 0; index < this.#count(at); index++) {
      const member = at + 12 + index * 12
      const name = this.#name(this.#bytes.readUInt32LE(member))
      const type = this.#bytes.readUInt32LE(member + 4)
      const bits = (this.#bytes.readUInt32LE(member + 8) & mask) >>> 0
      if (name === wanted) return { bits, type }
      const inner = name === '' ? this.#member(type, wanted) : undefined
      if (inner !== undefined) return { bits: bits + inner.bits, type: inner.type }
    }
    return undefined
  }

  #kind(at: number): number {
    return (this.#bytes.readUInt32LE(at + 4) >>> 24) & 0x1f
  }

  #count(at: number): number {
    return this.#bytes.readUInt32LE(at + 4) & 0xffff
  }

  #name(offset: number): string {
    const start = this.#strings + offset
    return this.#bytes.toString('latin1', start, this.#bytes.indexOf(0, start))
  }
}
