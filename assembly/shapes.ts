// Lines of known shapes, from their bytes: steps through the automaton that src/read/line-shapes.ts has made of the
// shapes, and counts calls. Stops at the first line of no shape.
// Compiled by scripts/make-compiled.ts.
import { isDigit } from './bytes'
import { inputSize, lineLimit } from './layout'

/** Whole lines, by the host. */
export { inputSize }
export const input = memory.data(inputSize + 64, 16)

/** A state is 256 steps, one for each byte: 0 for none, the offset of the next state or, below 0, an action. */
export const stateSize = 1024
export const mostStates = 8192
export const states = memory.data(mostStates * stateSize, 16)
/** The state that begins a line. The first one stays free. */
export const start = stateSize

/** An action: what it does, the offset of the next state, and the number of a call. */
export const actionSize = 16
export const mostActions = 8192
export const actions = memory.data(mostActions * actionSize, 16)
export const ending = 0
export const counting = 1
export const telling = 2
/** For the number of a call: the line told its calls before, or has none. */
export const noCall = -1

/** By call: how often it was told, as a double, and the line that told it last. */
export const mostCalls = 8192
export const counts = memory.data(mostCalls * 8, 16)
const lasts = memory.data(mostCalls * 4, 16)

/** The calls of the line that is read: their numbers, and how often each was made. */
const mostTold = 4096
const toldCalls = memory.data(mostTold * 4, 16)
const toldTimes = memory.data(mostTold * 8, 16)

/** How many lines were read in all, how many of these told no call, and how many were begun. */
export const lines = memory.data(4, 4)
export const ignored = memory.data(4, 4)
let begun: u32 = 0

/** The largest whole number up to which doubles are exact, and the most digits of one that is read here. */
const mostCount: f64 = 9007199254740991
const mostDigits: usize = 15

/** Reads lines of [line, end). Returns where the first line of no shape starts. */
export function read(line: usize, end: usize): usize {
  while (line < end) {
    const next = take(line)
    if (next === 0) break
    line = next
  }
  return line
}

/** Returns the next line, 0 for a line of no shape. */
function take(line: usize): usize {
  let at = line
  let state: i32 = start
  let told = 0
  begun++
  while (true) {
    do state = load<i32>(states + state + ((<usize>load<u8>(at++)) << 2))
    while (state > 0)
    if (state === 0) return 0
    const action = actions + (-1 - state) * actionSize
    const act = load<i32>(action)
    const call = load<i32>(action, 8)
    if (act === ending) {
      if (at - 1 - line > lineLimit) return 0
      store<u32>(lines, load<u32>(lines) + 1)
      if (call !== noCall) add(call, 1)
      else if (told === 0) store<u32>(ignored, load<u32>(ignored) + 1)
      for (let index = 0; index < told; index++)
        add(load<i32>(toldCalls + (index << 2)), <f64>load<u64>(toldTimes + (index << 3)))
      return at
    }
    state = load<i32>(action, 4)
    let times: u64 = 1
    if (act === counting) {
      const first = at - 1
      times = load<u8>(first) - 0x30
      for (; isDigit(load<u8>(at)); at++) times = times * 10 + (load<u8>(at) - 0x30)
      if (at - first > mostDigits) return 0
    }
    // In an object of JSON, the last entry of a key would count.
    if (told === mostTold || load<u32>(lasts + (call << 2)) === begun) return 0
    store<u32>(lasts + (call << 2), begun)
    store<i32>(toldCalls + (told << 2), call)
    store<u64>(toldTimes + (told << 3), times)
    told++
  }
  return 0
}

function add(call: i32, times: f64): void {
  const place = counts + (call << 3)
  store<f64>(place, min<f64>(load<f64>(place) + times, mostCount))
}

/** Forgets everything. */
export function clear(stateEnd: i32): void {
  memory.fill(states, 0, stateEnd)
  memory.fill(counts, 0, mostCalls * 8)
  memory.fill(lasts, 0, mostCalls * 4)
  store<u32>(lines, 0)
  store<u32>(ignored, 0)
  begun = 0
}
