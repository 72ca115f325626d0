// The one way to say "this cannot be done": a code, facts, an exit status, and a sentence for people that names what,
// where and what to do (errors/table.ts). Whatever reaches the command line as a UserError is printed as one escaped
// line and ends with its status.
import type { ErrorStatus, ErrorRow } from './errors/row.ts'
import { errorTable, type ErrorCode, type ErrorFacts } from './errors/table.ts'

export type { ErrorStatus } from './errors/row.ts'
export type { ErrorCode, ErrorFacts } from './errors/table.ts'

/** The facts may be left out where there are none; a status that is not the table's comes last. */
type FactsAndStatus<Code extends ErrorCode> =
  object extends ErrorFacts<Code>
    ? [facts?: ErrorFacts<Code>, status?: ErrorStatus]
    : [facts: ErrorFacts<Code>, status?: ErrorStatus]

/**
 * A request that cannot be met. `code` says why, and `facts` (file, line, name …) about what; both are made for
 * programs. `message` is the sentence that the command prints, unescaped.
 */
export class UserError<Code extends ErrorCode = ErrorCode> extends Error {
  readonly code: Code
  readonly facts: ErrorFacts<Code>
  /** Exit status of the command: 2 could not do it; 125 to 127 only for commands that run another command. */
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

  /** The same with another status: what could not be done was part of running a command. */
  withStatus(status: ErrorStatus): UserError<Code> {
    return new UserError<Code>(this.code, ...([this.facts, status] as FactsAndStatus<Code>))
  }

  /** Whether it is of this code; then its facts are that code's. */
  is<Asked extends ErrorCode>(code: Asked): this is UserError<Asked> {
    return (this.code as ErrorCode) === code
  }
}
