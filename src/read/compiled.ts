// Loads the code compiled from assembly/ and shares its memory. The code reads only lines in that memory, so files can
// be read straight into it. If WebAssembly may not run (node --jitless), every line takes the slow path.
import { base64Bytes, viewOf } from './byte-text.ts'

/** The exports of every module. Numbers are addresses in its memory, or sizes. */
export interface Compiled {
  readonly input: CompiledGlobal
  readonly inputSize: CompiledGlobal
}

export interface CompiledGlobal {
  readonly value: number
}

declare const WebAssembly:
  | {
      readonly Module: new (bytes: Uint8Array) => object
      readonly Instance: new (module: object, imports: object) => { readonly exports: unknown }
      readonly Memory: new (pages: { readonly initial: number; readonly maximum: number }) => {
        readonly buffer: ArrayBuffer
      }
      validate(bytes: Uint8Array): boolean
    }
  | undefined

/** The addresses in the memory that the modules share: the data of each, then the chunks of a file. */
export const memoryPlan = {
  lines: 1 << 10,
  records: 1 << 20,
  wrapped: (1 << 20) + (5 << 16),
  chunks: 1 << 21,
  pages: 72,
} as const
/** The memory of shapes.ts, which is none of these: where its data starts, and its size. */
export const shapesPlan = { base: 1 << 10, pages: 144 } as const
export const chunkSize = 1 << 20
/** The gap between chunks: loads of whole words reach beyond the end of a chunk. */
const chunkGap = 1 << 12

let memory: { readonly buffer: ArrayBuffer } | undefined

/** The shared memory. It never grows, so its buffer stays valid. Undefined without WebAssembly. */
function compiledMemory(): ArrayBuffer | undefined {
  const { pages } = memoryPlan
  if (typeof WebAssembly === 'undefined') return undefined
  return (memory ??= new WebAssembly.Memory({ initial: pages, maximum: pages })).buffer
}

let areLent = false

/** Two alternating buffers for the chunks of a file, in the compiled code's memory unless another reader has it. */
export function borrowChunks(): {
  readonly buffers: readonly [Uint8Array, Uint8Array]
  readonly giveBack: () => void
} {
  const room = areLent ? undefined : compiledMemory()
  if (room === undefined) {
    const buffers = [viewOf(new Uint8Array(chunkSize)), viewOf(new Uint8Array(chunkSize))] as const
    return { buffers, giveBack: () => undefined }
  }
  areLent = true
  const first = memoryPlan.chunks + chunkGap
  const buffers = [
    viewOf(new Uint8Array(room, first, chunkSize)),
    viewOf(new Uint8Array(room, first + chunkSize + chunkGap, chunkSize)),
  ] as const
  return { buffers, giveBack: () => void (areLent = false) }
}

/**
 * Makes an object of a base64 module at the first request. All readers share the object, because each uses the result
 * of a read before the next read. Undefined if the module cannot run.
 */
export function compiledOnce<Code extends Compiled, Made>(
  code: string,
  make: new (exports: Code) => Made,
): () => Made | undefined {
  let made: Made | undefined
  let isAsked = false
  return () => {
    if (!isAsked) {
      isAsked = true
      const exports = instanceOf(code)
      if (exports !== undefined) made = new make(exports as Code)
    }
    return made
  }
}

/**
 * Objects of a base64 module with a memory of its own, for code that keeps something of a source. Each request gives an
 * object that nobody has; `giveBack` takes it back. Undefined if the module cannot run.
 */
export function compiledApart<Code extends Compiled, Made>(
  code: string,
  pages: number,
  make: new (exports: Code, memory: ArrayBuffer) => Made,
): { readonly take: () => Made | undefined; readonly giveBack: (made: Made) => void } {
  const free: Made[] = []
  const made = (): Made | undefined => {
    if (typeof WebAssembly === 'undefined') return undefined
    const own = new WebAssembly.Memory({ initial: pages, maximum: pages })
    const exports = instanceOf(code, own)
    return exports === undefined ? undefined : new make(exports as Code, own.buffer)
  }
  return { take: () => free.pop() ?? made(), giveBack: (each) => void free.push(each) }
}

/** The exports of the module; undefined if it cannot run. */
function instanceOf(code: string, own?: object): unknown {
  const bytes = base64Bytes(code)
  // Processors without SSE4.1 lack instructions that the module needs.
  if (typeof WebAssembly === 'undefined' || !WebAssembly.validate(bytes)) return undefined
  if (own === undefined) compiledMemory()
  const env = { memory: own ?? memory }
  return new WebAssembly.Instance(new WebAssembly.Module(bytes), { env }).exports
}

/**
 * Whole lines in memory: in place if their bytes are there already, else copied as far as they fit. The bytes of one
 * object never change.
 */
export class Input {
  readonly memory: Uint8Array
  readonly #place: number
  readonly #size: number
  #bytes: Uint8Array | undefined
  #from = 0
  #to = 0
  /** The address of the first byte, as if all bytes were in memory. */
  #origin = 0

  constructor({ input, inputSize }: Compiled, buffer = compiledMemory() as ArrayBuffer) {
    this.memory = viewOf(new Uint8Array(buffer))
    this.#place = input.value
    this.#size = inputSize.value
  }

  /** The address of bytes[line]; bytes[line, end) ends with "\n". */
  placeOf(bytes: Uint8Array, line: number, end: number): number {
    if (this.#bytes !== bytes || line < this.#from || line >= this.#to) this.#load(bytes, line, end)
    return line + this.#origin
  }

  /** The address at which the lines end. */
  get end(): number {
    return this.#to + this.#origin
  }

  /** The offset in the bytes of an address in memory. */
  offsetOf(place: number): number {
    return place - this.#origin
  }

  #load(bytes: Uint8Array, line: number, end: number): void {
    this.#bytes = bytes
    this.#from = line
    this.#to = end
    this.#origin = bytes.byteOffset
    if (bytes.buffer === this.memory.buffer) return
    const most = line + this.#size
    if (end > most) this.#to = Math.max(line, bytes.lastIndexOf(0x0a, most - 1) + 1)
    this.#origin = this.#place - line
    this.memory.set(bytes.subarray(line, this.#to), this.#place)
  }
}
