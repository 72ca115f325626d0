// Joins the pieces of a program's output that events carry: BuildKit's progress as JSON and asciinema's recordings. A
// piece has any number of lines, and may begin or end inside one. Authority: SolveStatus and VertexLog in
// moby/buildkit client/graph.go (`--progress=rawjson`), the asciicast formats 2 and 3 of asciinema.
import { base64Bytes, latin1 } from './byte-text.ts'
import { nothing, type Unwrap } from './journal-entries.ts'
import { jsonObject } from './json-line.ts'
import { lineLimit } from './text.ts'

/** The most streams whose unfinished lines are kept. */
const mostStreams = 64

class Pieces {
  /** By stream, the line that has not ended. */
  readonly #begun = new Map<string, string>()

  /** The lines that the piece completes, each with its end. */
  take(stream: string, piece: string): string {
    const text = (this.#begun.get(stream) ?? '') + piece
    const whole = text.lastIndexOf('\n') + 1
    if (whole === text.length) this.#begun.delete(stream)
    else if (this.#begun.has(stream) || this.#begun.size < mostStreams)
      this.#begun.set(stream, text.slice(whole, whole + 2 * lineLimit))
    return text.slice(0, whole)
  }

  get rest(): string | undefined {
    return this.#begun.size === 0 ? undefined : [...this.#begun.values()].join('\n')
  }
}

/** Lines of events, each of which is several pieces. Undefined for a line that is no event. */
function joined(piecesOf: (line: string) => Iterable<readonly [stream: string, text: string]> | undefined): () => Unwrap {
  return () => {
    const pieces = new Pieces()
    const unwrap = (line: string): ReturnType<Unwrap> => {
      const found = piecesOf(line)
      if (found === undefined) return undefined
      const text = Array.from(found, ([stream, piece]) => pieces.take(stream, piece)).join('')
      return text === '' ? nothing : { stream: '', text }
    }
    return Object.assign(unwrap, { begun: () => pieces.rest })
  }
} // prettier-ignore

const statusKeys = new Set(['vertexes', 'statuses', 'logs', 'warnings'])

/** `docker buildx build --progress=rawjson`. */
export const ofBuildkitJson = joined((line) => {
  const status = jsonObject(line)
  const keys = status === undefined ? [] : Object.keys(status)
  if (keys.length === 0 || !keys.every((key) => statusKeys.has(key) && Array.isArray(status?.[key])))
    return undefined
  return ((status?.['logs'] ?? []) as readonly unknown[]).map((log) => {
    const { vertex, stream, data } = Object(log) as Readonly<Record<string, unknown>>
    return [JSON.stringify([vertex, stream]), typeof data === 'string' ? decoded(data) : ''] as const
  })
})

function decoded(base64: string): string {
  try {
    return latin1(base64Bytes(base64))
  } catch {
    // A browser refuses text that is no base64.
    return ''
  }
}

/** asciinema's recording: a line of JSON about the terminal, then events. */
export const ofAsciicast = joined((line) => {
  const { version, width, term } = jsonObject(line) ?? {}
  if ((version === 2 && width !== undefined) || (version === 3 && term !== undefined)) return []
  const [, code, text] = /^\[[\d.]+, ?"([a-z])", ?(".*")\]$/.exec(line) ?? []
  if (code === undefined || text === undefined) return undefined
  try {
    return code === 'o' ? [['', String(JSON.parse(text))]] : []
  } catch {
    return undefined
  }
})
