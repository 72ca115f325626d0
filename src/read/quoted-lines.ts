// Takes the line of a log out of a quoted value: logfmt's `msg="…"`, a value of YAML or an element of a JSON array on a
// line of its own. Authority: Go's strconv.Quote (log/slog, logrus), YAML 1.2 sections 7.3.1 and 7.3.2, RFC 8259.

type Text = { readonly stream: string; readonly text: string }

const field = /(?:^|[ ,])(?:msg|message|log|line|text|event)="((?:[^"\\]|\\.)*)"(?=$|[ ,])/
/** What stands before the value: at least one field of logfmt, or nothing. */
const fields = /^(?:[\w.@/-]+=(?:"(?:[^"\\]|\\.)*"|[^\s"]*)[ ,]*)+$/

/** logfmt, with Go's quotes. */
export function ofLogfmt(line: string): Text | undefined {
  const found = field.exec(line)
  if (found === null || !fields.test(line)) return undefined
  return unquoted(found[1] as string)
}

const value = /^\s*(?:-\s+)*(?:(?:[\w.@-]+|"[\w.@-]+")\s*:\s+)?(?:'((?:[^']|'')*)'|"((?:[^"\\]|\\.)*)")\s*,?$/

/** A quoted value that is alone on its line, with its key or its dash. */
export function ofValue(line: string): Text | undefined {
  const [, single, double] = value.exec(line) ?? []
  if (single !== undefined) return { stream: '', text: `${single.replaceAll("''", "'")}\n` }
  return double === undefined ? undefined : unquoted(double)
}

/** The quoted text. Go and YAML have escapes that JSON lacks. Undefined for a text of several lines. */
function unquoted(written: string): Text | undefined {
  const json = written
    .replaceAll(/\\(?:x([0-9A-Fa-f]{2})|(.))/g, (all, hex: string | undefined, other: string) => {
      if (hex !== undefined) return `\\u00${hex}`
      return '"\\/bfnrtu'.includes(other) ? all : (others[other] ?? other)
    })
    .replaceAll('\t', '\\t')
  try {
    const text = (JSON.parse(`"${json}"`) as string).replace(/\r?\n$/, '')
    return text.includes('\n') ? undefined : { stream: '', text: `${text}\n` }
  } catch {
    return undefined
  }
}

const others: Readonly<Record<string, string>> = { a: '\\u0007', v: '\\u000b', e: '\\u001b', '0': '\\u0000' }
