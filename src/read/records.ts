// One call of a trace, for users who want calls one by one and not folded into observations.
import type { Architecture } from '../abi/architectures.ts'

/** One call of a trace. An argument is null if its value was cut or is unknown. */
export interface TraceRecord {
  /** libseccomp's name if the architecture is known, or assumed, and has the call; else the printed name. */
  readonly name: string
  /** The name or number as printed in the source. */
  readonly printed: string
  /** Absent while the source has not shown it. observe() decides the architectures of a whole source. */
  readonly architecture?: Architecture
  /** The call number, if the source prints it. */
  readonly number?: number
  readonly pid?: number
  /** `source:line`. */
  readonly at: string
  /** The requested values by index, unsigned 64-bit; null if unknown. */
  readonly args: Readonly<Record<string, bigint | null>>
}
