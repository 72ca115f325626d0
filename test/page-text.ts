// Reads a page's headings with their anchors, its links, and the commands and options in its code. Authority for
// anchors: GitHub, which removes punctuation and numbers repeated anchors.

export interface Heading {
  readonly level: number
  readonly text: string
  readonly anchor: string
  /** The text below it, up to the next heading. */
  readonly body: string
}

const fence = /^```(\w*)[^\n]*\n(.*?)^```$/gms

export function headingsOf(page: string): readonly Heading[] {
  const text = page.replace(fence, '')
  const found = [...text.matchAll(/^(#+) (.+)$/gm)]
  const met = new Map<string, number>()
  return found.map((each, index) => {
    const [line, hashes = '', title = ''] = each
    const slug = title
      .toLowerCase()
      .replace(/[^\p{L}\p{N}_ -]/gu, '')
      .replaceAll(' ', '-')
    const before = met.get(slug) ?? 0
    met.set(slug, before + 1)
    return {
      level: hashes.length,
      text: title,
      anchor: before === 0 ? slug : `${slug}-${before}`,
      body: text.slice(each.index + line.length, found[index + 1]?.index).trim(),
    }
  })
}

/** The targets of links outside code. If the page does not define a named link, its target is `undefined: NAME`. */
export function linksOf(page: string): readonly string[] {
  const text = page.replace(fence, '').replace(/`[^`\n]+`/g, '')
  const defined = new Map(
    [...text.matchAll(/^\[([^\]]+)\]: (\S+)$/gm)].map(([, name = '', target = '']) => [name, target]),
  )
  const named = [...text.matchAll(/\[[^\]]*\]\[([^\]]+)\]/g)].map(([, name = '']) => name)
  return [
    ...[...text.matchAll(/\[[^\]]*\]\(([^)\s]+)\)/g)].map(([, target = '']) => target),
    ...named.map((name) => defined.get(name) ?? `undefined: ${name}`),
  ]
}

/** The code between single backquotes, a span a string. */
export function spansOf(page: string): readonly string[] {
  return [...page.replace(fence, '').matchAll(/`([^`]+)`/g)].map(([, code = '']) => code.replace(/\s+/g, ' '))
}

/** The lines that a reader may type: those of sh blocks, and those after `$` in console blocks. */
export function typedLinesOf(page: string): readonly string[] {
  return [...page.matchAll(fence)].flatMap(([, language = '', code = '']) => {
    const lines = code.split('\n')
    if (language === 'console') return lines.filter((line) => line.startsWith('$ '))
    return language === 'ts' || language === 'yaml' ? [] : lines
  })
}

/** The words of every seccomp-gen in a line, up to the end of that command or to the command that it runs. */
export function commandsIn(line: string): readonly (readonly string[])[] {
  return [...line.matchAll(/(?<![\w./@-])seccomp-gen(?![\w./@-])([^|&;<>]*)/g)].map(([, words = '']) => {
    const all = words.split(/\s+/).map((word) => word.replace(/^["'([]+|["')\]…,]+$/g, ''))
    const end = all.indexOf('--')
    return (end < 0 ? all : all.slice(0, end)).filter((word) => word !== '')
  })
}
