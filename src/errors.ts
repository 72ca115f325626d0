// The one way to say "this cannot be done": a sentence for people that names what, where and what to do.
// Whatever reaches the command line as a UserError is printed as one escaped line and ends with its status.

export class UserError extends Error {
  /** Exit status as in the contract: 2 could not do it; 125 to 127 only for commands that run another command. */
  readonly status: 2 | 125 | 126 | 127

  constructor(message: string, status: 2 | 125 | 126 | 127 = 2) {
    super(message)
    this.name = 'UserError'
    this.status = status
  }
}
