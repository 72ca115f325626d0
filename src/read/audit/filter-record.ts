// Reads one record of a seccomp filter as the kernel sends it: the fields that grammar.ts reads, and the session. No
// process can forge the session: only numbers come before it, which no process writes.
import type { Architecture } from '../../abi/architectures.ts'
import type { Reporter } from '../grammar.ts'
import { architectureOfNumber, numberOfFilter } from '../../abi/number-bit.ts'
import { audit } from './grammar.ts'

export interface FilterRecord {
  readonly architecture: Architecture
  readonly number: number
  readonly pid: number
  readonly comm: string
  readonly session: number
  /** The answer of the filter: an action of linux/seccomp.h without its data. */
  readonly code: number
}

const head = /^audit\([\d.]+:\d+\): auid=\d+ uid=\d+ gid=\d+ ses=(\d+) /
const silent: Reporter = {
  diagnostic: () => undefined,
  lost: () => undefined,
  lostInAll: () => undefined,
  evidence: () => undefined,
  refused: () => undefined,
}

/** `audit(1795560826.043:1607): auid=… ses=… code=0x7ffc0000`; undefined for another text or a foreign machine. */
export function filterRecordOf(text: string): FilterRecord | undefined {
  const session = head.exec(text)?.[1]
  const code = / code=(0x[0-9a-f]+)\s*$/.exec(text)?.[1]
  const told = audit.open().line(`type=SECCOMP msg=${text}`, silent)
  if (session === undefined || code === undefined || typeof told !== 'object' || !('call' in told))
    return undefined
  const { architecture, call, subject } = told
  const { pid, comm } = subject?.() ?? {}
  if (architecture === undefined || typeof call !== 'number' || pid === undefined) return undefined
  const number = numberOfFilter(call)
  return {
    architecture: architectureOfNumber(architecture, number),
    number,
    pid,
    comm: comm ?? '?',
    session: Number(session),
    code: Number(code),
  }
}
