// What the security-profiles-operator says of a SeccompProfile that it recorded: that it did, and of one merged from
// several recordings in how many each call was. Authority: security-profiles-operator api/profilerecording/v1
// (spo.x-k8s.io/recording-id), its pull request 3355 (spo.x-k8s.io/syscall-coverage).
import { parseJson } from './json.ts'
import { member, type TreeNode } from './tree.ts'

/** What a profile says of how it was recorded: how often each call was seen. */
export interface Recorded {
  /** How many recordings were merged; undefined where the object does not say. */
  readonly recordings?: number
  /** In how many of them each call was; empty where the object does not say. */
  readonly calls: ReadonlyMap<string, number>
}

const recordingsLimit = 1_000_000n

/** Of a Kubernetes object; undefined for one that nothing shows to be recorded. */
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
