// Encodes and decodes protocol buffers, with fields by number. Kubernetes never changes field numbers within an API
// version, so the few messages that we use need no schema. Authority: protobuf.dev/programming-guides/encoding.

/** A message to send. A field's value is a number, a text, bytes, a message, or several of them. */
export interface Message {
  readonly [field: number]: WireValue | readonly WireValue[] | undefined
}
export type WireValue = number | boolean | string | Uint8Array | Message

const varintType = 0
const fixed64Type = 1
const lengthType = 2
const fixed32Type = 5

/** The bytes of a message, with its fields sorted by number. For a map see `entries()`. */
export function encode(message: Message): Buffer {
  const pieces: Uint8Array[] = []
  for (const [number, given] of Object.entries(message)) {
    for (const value of Array.isArray(given)
      ? (given as readonly WireValue[])
      : [given as WireValue | undefined]) {
      if (value === undefined) continue
      if (typeof value === 'number' || typeof value === 'boolean')
        pieces.push(varint(tagOf(number, varintType)), varint(BigInt(value)))
      else {
        const bytes =
          typeof value === 'string'
            ? Buffer.from(value)
            : value instanceof Uint8Array
              ? value
              : encode(value as Message)
        pieces.push(varint(tagOf(number, lengthType)), varint(BigInt(bytes.length)), bytes)
      }
    }
  }
  return Buffer.concat(pieces)
}

/** map<string, string> */
export function entries(map: Readonly<Record<string, string>>): readonly Message[] {
  return Object.entries(map).map(([key, value]) => ({ 1: key, 2: value }))
}

const tagOf = (number: string, type: number): bigint => (BigInt(number) << 3n) | BigInt(type)

function varint(value: bigint): Uint8Array {
  const bytes: number[] = []
  let left = BigInt.asUintN(64, value)
  for (; left > 127n; left >>= 7n) bytes.push(Number(left & 127n) | 128)
  return Uint8Array.from([...bytes, Number(left)])
}

/** A received message. A missing field is empty, because the encoding leaves default values out. */
export class Decoded {
  readonly #fields = new Map<number, (bigint | Buffer)[]>()

  /** Throws a RangeError if the bytes are not a message. */
  constructor(bytes: Buffer) {
    const reading = { bytes, at: 0 }
    while (reading.at < bytes.length) {
      const tag = takeVarint(reading)
      const value = takeValue(reading, Number(tag & 7n))
      const number = Number(tag >> 3n)
      const known = this.#fields.get(number)
      if (known === undefined) this.#fields.set(number, [value])
      else known.push(value)
    }
  }

  text(field: number): string {
    return this.#last(field).toString('utf8')
  }

  number(field: number): number {
    const value = this.#fields.get(field)?.at(-1)
    return typeof value === 'bigint' ? Number(BigInt.asIntN(64, value)) : 0
  }

  message(field: number): Decoded {
    return new Decoded(this.#last(field))
  }

  messages(field: number): readonly Decoded[] {
    const found = this.#fields.get(field) ?? []
    return found.flatMap((value) => (typeof value === 'bigint' ? [] : [new Decoded(value)]))
  }

  /** map<string, string> */
  map(field: number): ReadonlyMap<string, string> {
    return new Map(this.messages(field).map((entry) => [entry.text(1), entry.text(2)]))
  }

  #last(field: number): Buffer {
    const value = this.#fields.get(field)?.at(-1)
    return Buffer.isBuffer(value) ? value : Buffer.alloc(0)
  }
}

interface WireReader {
  readonly bytes: Buffer
  at: number
}

function takeValue(reading: WireReader, type: number): bigint | Buffer {
  if (type === varintType) return takeVarint(reading)
  const size =
    type === lengthType
      ? Number(takeVarint(reading))
      : type === fixed64Type
        ? 8
        : type === fixed32Type
          ? 4
          : Number.NaN
  const end = reading.at + size
  if (!(end <= reading.bytes.length)) throw new RangeError('a message is cut, or is none')
  const value = reading.bytes.subarray(reading.at, end)
  reading.at = end
  return value
}

function takeVarint(reading: WireReader): bigint {
  let value = 0n
  for (let shift = 0n; shift < 70n; shift += 7n) {
    const byte = reading.bytes[reading.at++]
    if (byte === undefined) break
    value |= BigInt(byte & 127) << shift
    if (byte < 128) return value
  }
  throw new RangeError('a message is cut, or is none')
}
