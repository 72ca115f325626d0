// SHA-256 (FIPS 180-4) in plain JavaScript: the core runs in a browser too, where node:crypto is not, and crypto.subtle
// answers later. For fingerprints, which are short texts.

const primes: readonly number[] = Array.from({ length: 312 }, (_, index) => index).filter(
  (each) =>
    each > 1 && Array.from({ length: each }, (_, index) => index).every((by) => by < 2 || each % by !== 0),
)
/** The first 32 bits of the fractional part. */
const fraction = (root: number): number => ((root - Math.floor(root)) * 2 ** 32) | 0
const initial = primes.slice(0, 8).map((each) => fraction(Math.sqrt(each)))
const rounds = primes.slice(0, 64).map((each) => fraction(Math.cbrt(each)))

/** 64 hexadecimal digits of a text in UTF-8. */
export function sha256(text: string): string {
  const bytes = new TextEncoder().encode(text)
  const padded = new Uint8Array(Math.ceil((bytes.length + 9) / 64) * 64)
  padded.set(bytes)
  padded[bytes.length] = 0x80
  const view = new DataView(padded.buffer)
  view.setBigUint64(padded.length - 8, BigInt(bytes.length) * 8n)
  const state = [...initial]
  for (let block = 0; block < padded.length; block += 64) compress(state, view, block)
  return state.map((each) => (each >>> 0).toString(16).padStart(8, '0')).join('')
}

function compress(state: number[], view: DataView, block: number): void {
  const words = new Int32Array(64)
  const word = (index: number): number => words[index] as number
  for (let index = 0; index < 16; index++) words[index] = view.getInt32(block + index * 4)
  for (let index = 16; index < 64; index++) {
    const [early, late] = [word(index - 15), word(index - 2)]
    const small = turned(early, 7) ^ turned(early, 18) ^ (early >>> 3)
    const large = turned(late, 17) ^ turned(late, 19) ^ (late >>> 10)
    words[index] = word(index - 16) + small + word(index - 7) + large
  }
  let [a, b, c, d, e, f, g, h] = state as [number, number, number, number, number, number, number, number]
  for (let index = 0; index < 64; index++) {
    const choice = (e & f) ^ (~e & g)
    const one =
      (h +
        (turned(e, 6) ^ turned(e, 11) ^ turned(e, 25)) +
        choice +
        (rounds[index] as number) +
        word(index)) |
      0
    const majority = (a & b) ^ (a & c) ^ (b & c)
    const two = ((turned(a, 2) ^ turned(a, 13) ^ turned(a, 22)) + majority) | 0
    ;[h, g, f, e, d, c, b, a] = [g, f, e, (d + one) | 0, c, b, a, (one + two) | 0]
  }
  for (const [index, each] of [a, b, c, d, e, f, g, h].entries())
    state[index] = ((state[index] as number) + each) | 0
}

function turned(word: number, by: number): number {
  return (word >>> by) | (word << (32 - by))
}
