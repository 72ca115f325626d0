// SHA-256 (FIPS 180-4) in plain JavaScript, for fingerprints of short texts. The core also runs in a browser, which
// lacks node:crypto and whose crypto.subtle is asynchronous.

/** The first 32 bits of the fractional part. */
const fraction = (root: number): number => ((root - Math.floor(root)) * 2 ** 32) | 0

/** Called with the first digest only, because most commands print none. */
function makeConstants(): { readonly initial: readonly number[]; readonly rounds: readonly number[] } {
  const primes: number[] = []
  for (let each = 2; primes.length < 64; each++) if (primes.every((by) => each % by !== 0)) primes.push(each)
  return {
    initial: primes.slice(0, 8).map((each) => fraction(Math.sqrt(each))),
    rounds: primes.map((each) => fraction(Math.cbrt(each))),
  }
}
let constants: ReturnType<typeof makeConstants> | undefined

const encoder = new TextEncoder()

/** 64 hexadecimal digits of a text in UTF-8. */
export function sha256(text: string): string {
  const bytes = encoder.encode(text)
  const padded = new Uint8Array(Math.ceil((bytes.length + 9) / 64) * 64)
  padded.set(bytes)
  padded[bytes.length] = 0x80
  const view = new DataView(padded.buffer)
  // The number of bits as a 64-bit integer.
  view.setUint32(padded.length - 8, Math.floor(bytes.length / 2 ** 29))
  view.setUint32(padded.length - 4, bytes.length * 8)
  constants ??= makeConstants()
  const state = [...constants.initial]
  for (let block = 0; block < padded.length; block += 64) compress(state, view, block, constants.rounds)
  return state.map((each) => (each >>> 0).toString(16).padStart(8, '0')).join('')
}

const words = new Int32Array(64)

/**
 * Uses plain assignments and no calls, because a comparison of profiles makes hundreds of fingerprints before V8 has
 * optimized anything.
 */
function compress(state: number[], view: DataView, block: number, rounds: readonly number[]): void {
  for (let index = 0; index < 16; index++) words[index] = view.getInt32(block + index * 4)
  for (let index = 16; index < 64; index++) {
    const early = words[index - 15] as number
    const late = words[index - 2] as number
    const small = ((early >>> 7) | (early << 25)) ^ ((early >>> 18) | (early << 14)) ^ (early >>> 3)
    const large = ((late >>> 17) | (late << 15)) ^ ((late >>> 19) | (late << 13)) ^ (late >>> 10)
    words[index] = (words[index - 16] as number) + small + (words[index - 7] as number) + large
  }
  let [a, b, c, d, e, f, g, h] = state as [number, number, number, number, number, number, number, number]
  for (let index = 0; index < 64; index++) {
    const turnedE = ((e >>> 6) | (e << 26)) ^ ((e >>> 11) | (e << 21)) ^ ((e >>> 25) | (e << 7))
    const choice = (e & f) ^ (~e & g)
    const one = (h + turnedE + choice + (rounds[index] as number) + (words[index] as number)) | 0
    const turnedA = ((a >>> 2) | (a << 30)) ^ ((a >>> 13) | (a << 19)) ^ ((a >>> 22) | (a << 10))
    const majority = (a & b) ^ (a & c) ^ (b & c)
    h = g
    g = f
    f = e
    e = (d + one) | 0
    d = c
    c = b
    b = a
    a = (one + turnedA + majority) | 0
  }
  const done = [a, b, c, d, e, f, g, h]
  for (let index = 0; index < 8; index++)
    state[index] = ((state[index] as number) + (done[index] as number)) | 0
}
