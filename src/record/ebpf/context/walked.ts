// A walk through the kernel's directories, as it was noted, made into a path of the container with what it passed.
import { crossing, levels, walkEnds, walkPlaces } from './maps.ts'

export interface Walked {
  /** From the container's root; `(unreachable)` before what does not lie below it, as d_path has it, `…` where it was cut. */
  readonly path: string
  readonly isCut: boolean
  readonly isReachable: boolean
  /** Where the mount lies that it is in; undefined where that is not known. */
  readonly mount: string | undefined
  /** Every directory or file on the way but the root, the leaf last. */
  readonly passed: readonly {
    readonly path: string
    readonly mode: number
    readonly uid: number
    readonly gid: number
  }[]
  /** Mounts that it lies in, innermost first; the root's is none of them. */
  readonly mounts: readonly string[]
}

export function walkedIn(value: Buffer, at: number): Walked {
  const end = value.readUInt32LE(at + walkPlaces.end)
  const length = value.readUInt32LE(at + walkPlaces.length)
  const names = namesIn(value.subarray(at + walkPlaces.names, at + walkPlaces.names + length))
  const steps: {
    readonly name: string
    readonly mode: number
    readonly uid: number
    readonly gid: number
  }[] = []
  /** Names that lie in a mount, by where it begins. */
  const crossings: number[] = []
  let mounted: { readonly mode: number; readonly uid: number; readonly gid: number } | undefined
  for (let level = 0; level < levels; level++) {
    const place = at + walkPlaces.attributes + level * 12
    const mode = value.readUInt32LE(place)
    if (mode === 0) break
    const told = {
      mode: mode & 0xffff,
      uid: value.readUInt32LE(place + 4),
      gid: value.readUInt32LE(place + 8),
    }
    if (mode >= crossing) {
      crossings.push(steps.length)
      // What is mounted hides the directory that it is mounted on.
      mounted ??= told
      continue
    }
    const name = names[steps.length]
    if (name === undefined) break
    steps.push({ ...(mounted ?? told), name })
    mounted = undefined
  }
  const isReachable = end === walkEnds.root
  const isCut = end === walkEnds.cut
  const before = isReachable ? '' : isCut ? '…' : '(unreachable)'
  const upTo = (from: number): string => {
    const below = steps.slice(from).map(({ name }) => name)
    return below.length === 0 ? before || '/' : `${before}/${below.toReversed().join('/')}`
  }
  const mounts = crossings.filter((from) => from < steps.length).map(upTo)
  return {
    path: upTo(0),
    isCut,
    isReachable,
    mount: mounts[0] ?? (isReachable ? '/' : undefined),
    passed: steps.map(({ mode, uid, gid }, index) => ({ path: upTo(index), mode, uid, gid })).toReversed(),
    mounts,
  }
}

function namesIn(bytes: Buffer): readonly string[] {
  return bytes.toString('utf8').split('\0').slice(0, -1)
}

export function textIn(bytes: Buffer): string {
  const end = bytes.indexOf(0)
  return bytes.toString('utf8', 0, end < 0 ? bytes.length : end)
}
