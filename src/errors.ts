// The one error class: a code, facts, an exit status, and a sentence that says what, where and what to do
// (errors/table.ts). The command line prints a UserError as one escaped line and exits with its status.
import type { ErrorStatus, ErrorRow } from './errors/row.ts'
import { errorTable, type ErrorCode, type ErrorFacts } from './errors/table.ts'

export type { ErrorStatus } from './errors/row.ts'
export type { ErrorCode, ErrorFacts } from './errors/table.ts'

/** The facts, omitted if the code has none, and a status other than the table's. */
type FactsAndStatus<Code extends ErrorCode> =
  object extends ErrorFacts<Code>
    ? [facts?: ErrorFacts<Code>, status?: ErrorStatus]
    : [facts: ErrorFacts<Code>, status?: ErrorStatus]

/**
 * A request that cannot be met. Programs read `code` (why) and `facts` (file, line, name …). `message` is the sentence
 * that the command prints, unescaped.
 */
export class UserError<Code extends ErrorCode = ErrorCode> extends Error {
  readonly code: Code
  readonly facts: ErrorFacts<Code>
  /** The exit status: 2 for a failure; 125 to 127 only from commands that run another command. */
  readonly status: ErrorStatus

  constructor(code: Code, ...told: FactsAndStatus<Code>)
  constructor(code: Code, facts = {} as ErrorFacts<Code>, status?: ErrorStatus) {
    const [usual, sentence] = errorTable[code] as unknown as ErrorRow
    super(sentence(facts as never))
    this.name = 'UserError'
    this.code = code
    this.facts = facts
    this.status = status ?? usual
  }

  /** The same error with another status, for commands that run another command. */
  withStatus(status: ErrorStatus): UserError<Code> {
    return new UserError<Code>(this.code, ...([this.facts, status] as FactsAndStatus<Code>))
  }

  /** Whether the error has this code, which also types its facts. */
  is<Asked extends ErrorCode>(code: Asked): this is UserError<Asked> {
    return (this.code as ErrorCode) === code
  }
}
