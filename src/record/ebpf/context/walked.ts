// Turns a kept walk into a path of the container, with the directories and mounts that the walk passed.
import { crossing, levels, walkEnds, walkPlaces } from './layout.ts'

export interface Walked {
  /** From the container's root. It begins with `(unreachable)` if not below the root (as d_path), with `…` if cut. */
  readonly path: string
  readonly isCut: boolean
  readonly isReachable: boolean
  /** The path of the mount that contains it; undefined if that is not known. */
  readonly mount: string | undefined
  /** Every directory or file on the way except the root, the leaf last. */
  readonly passed: readonly {
    readonly path: string
    readonly mode: number
    readonly uid: number
    readonly gid: number
  }[]
  /** The mounts that contain the path, innermost first, without the root's. */
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
  /** For each mount that the walk left, the number of names before it. */
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
      // The mount's root hides the directory that the mount covers.
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
