// Reads the ways to log in that a registry offers. One header may offer several, in any order.
// Authority: RFC 9110 (11.6.1 WWW-Authenticate; 5.6.4 quoted strings); distribution's client, which prefers Bearer.

export interface Challenge {
  /** In lower case. */
  readonly scheme: string
  /** By names in lower case. */
  readonly parameters: ReadonlyMap<string, string>
}

const token = String.raw`[\w!#$%&'*+.^\x60|~-]+`
const element = new RegExp(String.raw`[\s,]*(${token})(?:\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]*)))?`, 'y')

/** The offered ways, in their order; as far as the header can be read. */
export function challengesIn(header: string): readonly Challenge[] {
  const found: { readonly scheme: string; readonly parameters: Map<string, string> }[] = []
  element.lastIndex = 0
  for (let match = element.exec(header); match !== null; match = element.exec(header)) {
    const [, name = '', quoted, plain] = match
    const value = quoted?.replaceAll(/\\(.)/g, '$1') ?? plain
    if (value === undefined) found.push({ scheme: name.toLowerCase(), parameters: new Map() })
    else found.at(-1)?.parameters.set(name.toLowerCase(), value)
  }
  return found
}

/** The way that we take: Bearer before Basic; undefined if neither is offered. */
export function chosenChallenge(header: string): Challenge | undefined {
  const all = challengesIn(header)
  return ['bearer', 'basic']
    .map((wanted) => all.find(({ scheme }) => scheme === wanted))
    .find((each) => each !== undefined)
}
