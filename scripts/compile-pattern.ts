// Compiles a pattern to AssemblyScript: a function that returns the place behind the match at a place, or 0 for no
// match. It takes patterns without backtracking: characters, classes, groups with alternatives, negative look-ahead,
// and quantifiers. A match never reads beyond a control character, and so never beyond the line.

type Node =
  | { readonly kind: 'test'; readonly of: string }
  | { readonly kind: 'any'; readonly of: readonly (readonly Node[])[] }
  | { readonly kind: 'not'; readonly of: readonly (readonly Node[])[] }
  | { readonly kind: 'times'; readonly of: Node; readonly least: number; readonly most: number }

class Parser {
  readonly #text: string
  #at = 0

  constructor(text: string) {
    this.#text = text
  }

  alternatives(): Node[][] {
    const all: Node[][] = [[]]
    for (; this.#at < this.#text.length && this.#text[this.#at] !== ')';) {
      if (this.#takes('|')) all.push([])
      else all.at(-1)?.push(this.#repeated(this.#one()))
    }
    return all
  }

  #takes(text: string): boolean {
    if (!this.#text.startsWith(text, this.#at)) return false
    this.#at += text.length
    return true
  }

  #one(): Node {
    if (this.#takes('(')) {
      const kind = this.#takes('?!') ? 'not' : 'any'
      if (kind === 'any') this.#takes('?:')
      const of = this.alternatives()
      if (!this.#takes(')')) throw new Error(`${this.#text}: a group has no end`)
      return { kind, of }
    }
    if (this.#takes('[')) return { kind: 'test', of: this.#class() }
    return { kind: 'test', of: this.#character() }
  }

  #character(): string {
    if (this.#takes('\\d')) return 'isDigit(byte)'
    return `byte === ${this.#code()}`
  }

  #code(): number {
    this.#takes('\\')
    const code = this.#text.charCodeAt(this.#at++)
    if (Number.isNaN(code)) throw new Error(`${this.#text}: ends too early`)
    return code
  }

  #class(): string {
    const isNot = this.#takes('^')
    const tests: string[] = []
    while (!this.#takes(']')) {
      if (this.#takes('\\d')) tests.push('isDigit(byte)')
      else {
        const low = this.#code()
        const high = this.#takes('-') ? this.#code() : low
        tests.push(low === high ? `byte === ${low}` : `(byte >= ${low} && byte <= ${high})`)
      }
    }
    return isNot ? `byte >= 0x20 && !(${tests.join(' || ')})` : `(${tests.join(' || ')})`
  }

  #repeated(of: Node): Node {
    if (this.#takes('*')) return { kind: 'times', of, least: 0, most: Infinity }
    if (this.#takes('+')) return { kind: 'times', of, least: 1, most: Infinity }
    if (this.#takes('?')) return { kind: 'times', of, least: 0, most: 1 }
    const [found, least, comma, most] = /^\{(\d+)(,?)(\d*)\}/.exec(this.#text.slice(this.#at)) ?? []
    if (found === undefined) return of
    this.#at += found.length
    const limit = comma === '' ? Number(least) : most === '' ? Infinity : Number(most)
    return { kind: 'times', of, least: Number(least), most: limit }
  }
}

/** The functions that match the pattern; the exported one has this name. */
export function functionsOf(name: string, pattern: RegExp): string {
  const functions: string[] = []
  const add = (body: string): string => {
    const own = `${name}_${functions.length}`
    functions.push(`function ${own}(at: usize): usize {\n${body}\n}`)
    return own
  }
  const sequence = (nodes: readonly Node[]): string =>
    add([...nodes.flatMap((node) => [`at = ${functionFor(node)}(at)`, 'if (at === 0) return 0']), 'return at'].join('\n'))
  const any = (of: readonly (readonly Node[])[]): string =>
    add(['let end: usize = 0', ...of.flatMap((nodes) => [`end = ${sequence(nodes)}(at)`, 'if (end !== 0) return end']), 'return 0'].join('\n'))
  const functionFor = (node: Node): string => {
    switch (node.kind) {
      case 'test':
        return add(`const byte = load<u8>(at)\nreturn ${node.of} ? at + 1 : 0`)
      case 'any':
        return any(node.of)
      case 'not':
        return add(`return ${any(node.of)}(at) === 0 ? at : 0`)
      case 'times': {
        const one = functionFor(node.of)
        const most = node.most === Infinity ? 'i32.MAX_VALUE' : node.most
        return add(`let count = 0\nfor (; count < ${most}; count++) {\nconst end = ${one}(at)\nif (end === 0) break\nat = end\n}\nreturn count < ${node.least} ? 0 : at`)
      }
    }
  }
  const whole = any(new Parser(pattern.source).alternatives())
  return [...functions, `export function ${name}(at: usize): usize {\nreturn ${whole}(at)\n}`].join('\n')
} // prettier-ignore
