// Log lines inside JSON, as exporters write them: any order of keys, any spacing, the text under one of a few names, at
// the top or in the object that the exporter puts around it. Authority: Docker's json-file driver, Fluent Bit and
// Fluentd (log, message), Loki (line), CloudWatch (message), Elasticsearch (_source.message), Splunk (_raw), journald
// (MESSAGE).
import { jsonObject, member, textOf } from './json-line.ts'

const names = ['log', 'message', 'msg', 'MESSAGE', 'line', '_raw', 'event.original'] as const
const around: readonly (readonly string[])[] = [
  [],
  ['_source'],
  ['result'],
  ['fields'],
  ['event'],
  ['jsonPayload'],
]

/** The text of a log line, and the stream it came from where that is told; undefined for other objects. */
export function loggedText(line: string): { readonly stream: string; readonly text: string } | undefined {
  const value = jsonObject(line.trim().replace(/,$/, ''))
  if (value === undefined) return undefined
  const key = names.find((each) => typeof value[each] === 'string')
  if (key !== undefined) return told(value, value[key] as string)
  for (const path of around) {
    for (const name of names) {
      const text = textOf(member(value, ...path, name))
      if (text !== undefined) return told(value, text)
    }
  }
  return undefined
}

/** Docker's own entry has these keys and a line end at the end of a line; a piece of a long line has none. */
function told(
  value: Readonly<Record<string, unknown>>,
  text: string,
): { readonly stream: string; readonly text: string } {
  const isDocker = 'log' in value && 'stream' in value && 'time' in value
  const stream = textOf(value['stream']) ?? ''
  return { stream, text: isDocker || text.endsWith('\n') ? text : `${text}\n` }
}
