// Code compiled from assembly/, and the lines it looks at, which must lie in its memory: what is read from a file can be
// read straight into it. Where WebAssembly may not run (node --jitless) there is none, and every line is read with care.

/** What each module exports; numbers are places in its memory, or sizes. */
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

/** The modules share one memory. Where the data of each starts, and behind them the chunks of a file; in bytes. */
export const memoryPlan = { lines: 1 << 10, records: 1 << 20, chunks: 1 << 21, pages: 72 } as const
export const chunkSize = 1 << 20
/** What is loaded in words reaches beyond a chunk, and whoever reads joins nothing to it. */
const chunkGap = 1 << 12

let memory: { readonly buffer: ArrayBuffer } | undefined

/** The one memory, which never grows: its buffer stays what it is. Undefined where there is none. */
function compiledMemory(): ArrayBuffer | undefined {
  const { pages } = memoryPlan
  if (typeof WebAssembly === 'undefined') return undefined
  return (memory ??= new WebAssembly.Memory({ initial: pages, maximum: pages })).buffer
}

let areLent = false

/** Two buffers for the chunks of a file, which take turns: in the memory of the compiled code, unless another has those. */
export function borrowChunks(): {
  readonly buffers: readonly [Buffer, Buffer]
  readonly giveBack: () => void
} {
  const room = areLent ? undefined : compiledMemory()
  if (room === undefined) {
    const buffers = [Buffer.allocUnsafeSlow(chunkSize), Buffer.allocUnsafeSlow(chunkSize)] as const
    return { buffers, giveBack: () => undefined }
  }
  areLent = true
  const first = memoryPlan.chunks + chunkGap
  const buffers = [
    Buffer.from(room, first, chunkSize),
    Buffer.from(room, first + chunkSize + chunkGap, chunkSize),
  ] as const
  return { buffers, giveBack: () => void (areLent = false) }
}

/**
 * What is made of a module in base64 at the first request, one for all readers: what is read is told before the next is
 * read. Undefined where it cannot run.
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

/** What the module exports; undefined where it cannot run. */
function instanceOf(code: string): unknown {
  const bytes = Buffer.from(code, 'base64')
  // Processors before SSE4.1 do not have what it asks for.
  if (typeof WebAssembly === 'undefined' || !WebAssembly.validate(bytes)) return undefined
  compiledMemory()
  return new WebAssembly.Instance(new WebAssembly.Module(bytes), { env: { memory } }).exports
}

/** Whole lines of a Buffer in memory: where they lie there, or copied as far as there is room. The same Buffer stands for the same bytes. */
export class Input {
  readonly memory = Buffer.from(compiledMemory() as ArrayBuffer)
  readonly #place: number
  readonly #size: number
  #bytes: Buffer | undefined
  #from = 0
  #to = 0
  /** Where in memory the Buffer starts, as if all of it were there. */
  #origin = 0

  constructor({ input, inputSize }: Compiled) {
    this.#place = input.value
    this.#size = inputSize.value
  }

  /** Where in memory bytes[line] is, of bytes[line, end) that ends with "\n". */
  placeOf(bytes: Buffer, line: number, end: number): number {
    if (this.#bytes !== bytes || line < this.#from || line >= this.#to) this.#load(bytes, line, end)
    return line + this.#origin
  }

  /** Where in memory the lines end. */
  get end(): number {
    return this.#to + this.#origin
  }

  /** Where in the bytes this place in memory is. */
  offsetOf(place: number): number {
    return place - this.#origin
  }

  #load(bytes: Buffer, line: number, end: number): void {
    this.#bytes = bytes
    this.#from = line
    this.#to = end
    this.#origin = bytes.byteOffset
    if (bytes.buffer === this.memory.buffer) return
    const most = line + this.#size
    if (end > most) this.#to = Math.max(line, bytes.lastIndexOf(0x0a, most - 1) + 1)
    this.#origin = this.#place - line
    bytes.copy(this.memory, this.#place, line, this.#to)
  }
}
