// Code compiled from assembly/, and the lines it looks at, which must lie in its memory. Where WebAssembly may not run
// (node --jitless) there is none, and every line is read with care.

/** What each module exports; numbers are places in its memory, or sizes. */
export interface Compiled {
  readonly memory: { readonly buffer: ArrayBuffer }
  readonly input: CompiledGlobal
  readonly inputSize: CompiledGlobal
}

export interface CompiledGlobal {
  readonly value: number
}

declare const WebAssembly:
  | {
      readonly Module: new (bytes: Uint8Array) => object
      readonly Instance: new (module: object) => { readonly exports: unknown }
      validate(bytes: Uint8Array): boolean
    }
  | undefined

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
  return new WebAssembly.Instance(new WebAssembly.Module(bytes)).exports
}

/** Whole lines of a Buffer, in memory as far as there is room. The same Buffer stands for the same bytes. */
export class Input {
  readonly memory: Buffer
  readonly #place: number
  readonly #size: number
  #bytes: Buffer | undefined
  #from = 0
  #to = 0

  constructor({ memory, input, inputSize }: Compiled) {
    this.memory = Buffer.from(memory.buffer)
    this.#place = input.value
    this.#size = inputSize.value
  }

  /** Where in memory bytes[line] is, of bytes[line, end) that ends with "\n". */
  placeOf(bytes: Buffer, line: number, end: number): number {
    if (this.#bytes !== bytes || line < this.#from || line >= this.#to) this.#load(bytes, line, end)
    return line - this.#from + this.#place
  }

  /** Where in memory the lines end. */
  get end(): number {
    return this.#to - this.#from + this.#place
  }

  /** Where in the bytes this place in memory is. */
  offsetOf(place: number): number {
    return place - this.#place + this.#from
  }

  #load(bytes: Buffer, line: number, end: number): void {
    const most = line + this.#size
    this.#bytes = bytes
    this.#from = line
    this.#to = end <= most ? end : Math.max(line, bytes.lastIndexOf(0x0a, most - 1) + 1)
    bytes.copy(this.memory, this.#place, line, this.#to)
  }
}
