// JSON over several lines, and arrays, as one object a line: what `jq .`, `-o jsonpretty` and exporters write. The text
// of an object stays as it is, because its numbers may be longer than JavaScript's; its place is its last line.

/** An object is not read beyond this. */
const objectLimit = 1 << 20

export class JsonLines {
  #text = ''
  #depth = 0
  #inString = false
  #isEscaped = false
  #isBroken = false

  /** The objects that end in this line, each as a line; undefined where the text is no JSON of objects. */
  line(line: string): readonly string[] | undefined {
    if (this.#isBroken) return undefined
    const whole: string[] = []
    let from = 0
    for (let at = 0; at < line.length; at++) {
      const character = line[at] as string
      if (this.#inString) {
        if (this.#isEscaped) this.#isEscaped = false
        else if (character === '\\') this.#isEscaped = true
        else if (character === '"') this.#inString = false
      } else if (character === '"' && this.#depth > 0) this.#inString = true
      else if (character === '{') {
        if (this.#depth === 0) from = at
        this.#depth++
      } else if (character === '}') {
        this.#depth--
        if (this.#depth < 0) return this.#broken()
        if (this.#depth > 0) continue
        whole.push(this.#text + line.slice(from, at + 1))
        this.#text = ''
        from = at + 1
      } else if (this.#depth === 0 && !/[[\],\s]/.test(character)) return this.#broken()
    }
    if (this.#depth > 0) this.#text += line.slice(from).trim()
    // A string never goes over a line end.
    if (this.#inString || this.#text.length > objectLimit) return this.#broken()
    return whole
  }

  /** What is begun of an object. */
  get begun(): string | undefined {
    return this.#text === '' ? undefined : this.#text
  }

  #broken(): undefined {
    this.#isBroken = true
    this.#text = ''
    return undefined
  }
}
