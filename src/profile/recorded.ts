// What the security-profiles-operator states about a SeccompProfile that it recorded: that it recorded the profile, and
// for a merged profile how many of the recordings made each call. Authority: security-profiles-operator
// api/profilerecording/v1 (spo.x-k8s.io/recording-id), its pull request 3355 (spo.x-k8s.io/syscall-coverage).
import { parseJson } from './json.ts'
import { member, type TreeNode } from './tree.ts'

/** How a profile was recorded, as its object states. */
export interface Recorded {
  /** How many recordings were merged; undefined if the object does not state it. */
  readonly recordings?: number
  /** How many of the recordings made each call; empty if the object does not state it. */
  readonly calls: ReadonlyMap<string, number>
}

const recordingsLimit = 1_000_000n

/** What a Kubernetes object states; undefined if nothing shows that it was recorded. */
export function recordedIn(object: TreeNode): Recorded | undefined {
  const metadata = member(object, 'metadata')
  const annotation = member(member(metadata, 'annotations'), 'spo.x-k8s.io/syscall-coverage')
  const coverage = annotation?.kind === 'string' ? coverageIn(annotation.value) : undefined
  if (coverage !== undefined) return coverage
  const isRecorded = member(member(metadata, 'labels'), 'spo.x-k8s.io/recording-id') !== undefined
  return isRecorded ? { calls: new Map() } : undefined
}

/** `{"version":"v1","total":3,"syscalls":{"read":3,"socket":1}}`; undefined for any other text. */
function coverageIn(text: string): Recorded | undefined {
  const read = parseJson(text)
  if (!read.ok) return undefined
  const [version, total, calls] = ['version', 'total', 'syscalls'].map((key) => member(read.root, key))
  if (version?.kind !== 'string' || version.value !== 'v1' || calls?.kind !== 'object') return undefined
  const recordings = countOf(total, recordingsLimit)
  if (recordings === undefined) return undefined
  const counts = new Map<string, number>()
  for (const { name, value } of calls.members) {
    const count = countOf(value, BigInt(recordings))
    if (count === undefined) return undefined
    counts.set(name, count)
  }
  return { recordings, calls: counts }
}

function countOf(node: TreeNode | undefined, most: bigint): number | undefined {
  const count = node?.kind === 'number' ? node.integer : undefined
  return count !== undefined && count > 0n && count <= most ? Number(count) : undefined
}
