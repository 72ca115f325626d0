// One call seen, for those who want them one by one rather than folded into observations.
import type { Architecture } from '../abi/architectures.ts'

/** One call of a trace. An argument is null where its value was cut or is unknown. */
export interface TraceRecord {
  /** libseccomp's name where the architecture is known and has the call; else as printed. */
  readonly name: string
  /** As it stands in the source. */
  readonly printed: string
  /** Undefined while the source has not told: architectures of a whole source are settled by observe(). */
  readonly architecture?: Architecture
  /** The call number, where the source prints it. */
  readonly number?: number
  readonly pid?: number
  /** `source:line`. */
  readonly at: string
  /** By index, the values asked for, unsigned 64-bit; null where it is not known. */
  readonly args: Readonly<Record<string, bigint | null>>
}
