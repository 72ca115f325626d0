// Prints the sentences of pages, messages and comments that a reader may have to read twice: more than 25 words, two
// facts joined by a semicolon, a passive without an actor, or a form of `forms`. A list to read, not a verdict.
// Run: npx tsx scripts/prose.ts [--only KIND] [FILE…]; without a file: all pages and src.
import { readdirSync, readFileSync } from 'node:fs'
import { join, relative, resolve } from 'node:path'
import ts from 'typescript'

const root = resolve(import.meta.dirname, '..')

interface Sentence {
  readonly place: string
  readonly text: string
}

/** Forms for which English has a plainer word, and words that the project avoids. */
const forms =
  /(?<!\bthere )\b(?:is|are|was|were|be) no (?!longer|more|less|root)\w+|\bbehind\b|\bas it stands\b|\bwhich is none\b|\bwhere not\b|\bwhat it was\b|\bin doubt\b|\bgoes? on\b|\bmanager\b|\bhandler\b|\butil\b|whitelist|blacklist|\bplease\b|\bsimply\b|\bobviously\b/i
const passive =
  /\b(?:is|are|was|were|be|been)\s+(?:\w+ly\s+)?(?:\w+ed|given|taken|made|known|read|written|found|seen|told|left|kept|put|held|lost|run|set|shown|sent|done|cut|built|said)\b(?!\s+by\b)/i

const kinds = {
  long: (text: string) => text.split(/\s+/).length > 25,
  two: (text: string) => /;/.test(text),
  form: (text: string) => forms.test(text),
  passive: (text: string) => passive.test(text),
} as const satisfies Readonly<Record<string, (text: string) => boolean>>
type Kind = keyof typeof kinds

function sentencesOf(place: string, text: string): readonly Sentence[] {
  return text
    .replace(/\s+/g, ' ')
    .split(/(?<=[\p{L}\d`)\]*_"][.!?:])\s+(?=\S)/u)
    .map((sentence) => ({ place, text: sentence.trim() }))
    .filter(({ text: words }) => words.split(' ').length > 3)
}

function ofPage(file: string, page: string): readonly Sentence[] {
  const lines = page
    .replace(/^```.*?^```$/gms, (code) => '\n'.repeat(code.split('\n').length - 1))
    .split('\n')
  const blocks: { at: number; text: string }[] = []
  let open = false
  lines.forEach((line, index) => {
    if (line.trim() === '' || /^#|^\[[^\]]+\]:|^!\[/.test(line)) open = false
    else if (line.startsWith('|')) {
      for (const cell of line.split(/(?<!\\)\|/)) blocks.push({ at: index + 1, text: cell.trim() })
      open = false
    } else if (!open || /^\s*(?:[-*]|\d+\.) /.test(line)) {
      blocks.push({ at: index + 1, text: line.replace(/^\s*(?:[-*]|\d+\.) /, '') })
      open = true
    } else blocks.at(-1)!.text += ` ${line.trim()}`
  })
  return blocks.flatMap(({ at, text }) =>
    sentencesOf(`${file}:${at}`, text.replace(/\]\([^)]*\)/g, ']').replace(/\]\[[^\]]*\]/g, ']')),
  )
}

/** The strings and comments of a source file. */
function ofSource(file: string, text: string): readonly Sentence[] {
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true)
  const found: Sentence[] = []
  const lineAt = (position: number) => source.getLineAndCharacterOfPosition(position).line + 1
  const visit = (node: ts.Node): void => {
    if (ts.isStringLiteralLike(node))
      found.push(...sentencesOf(`${file}:${lineAt(node.getStart())}`, node.text))
    else if (ts.isTemplateExpression(node)) {
      const words = [node.head.text, ...node.templateSpans.map((span) => `X${span.literal.text}`)].join('')
      found.push(...sentencesOf(`${file}:${lineAt(node.getStart())}`, words))
    }
    ts.forEachChild(node, visit)
  }
  visit(source)
  const comments = text.matchAll(/(?:^[ \t]*\/\/.*\n?)+|\/\*\*[^]*?\*\//gm)
  for (const { 0: comment, index } of comments) {
    const words = comment.replace(/^[ \t]*(?:\/\/|\/\*\*|\*\/|\*)|\*\/$/gm, '')
    found.push(...sentencesOf(`${file}:${lineAt(index)}`, words))
  }
  return found
}

const words = process.argv.slice(2)
const at = words.indexOf('--only')
const [, only] = at < 0 ? [] : words.splice(at, 2)
const below = (folder: string, ending: string) =>
  readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith(ending) && !/(?:^|\/)data\//.test(name))
    .map((name) => join(folder, name))
const files =
  words.length > 0
    ? words.map((file) => relative(root, resolve(file)))
    : ['README.md', 'CONTRIBUTING.md', ...below('docs', '.md'), ...below('src', '.ts')]
const sum = new Map<Kind, number>()
let count = 0
for (const file of files.sort()) {
  const text = readFileSync(join(root, file), 'utf8')
  for (const sentence of file.endsWith('.md') ? ofPage(file, text) : ofSource(file, text)) {
    count++
    const met = (Object.keys(kinds) as Kind[]).filter((kind) => kinds[kind](sentence.text))
    for (const kind of met) sum.set(kind, (sum.get(kind) ?? 0) + 1)
    if (met.length > 0 && (only === undefined || met.includes(only as Kind)))
      console.log(`${sentence.place}: ${met.join(' ')}: ${sentence.text}`)
  }
}
console.log(`${count} sentences: ${[...sum].map(([kind, number]) => `${number} ${kind}`).join(', ')}`)
