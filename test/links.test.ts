// The targets of the pages exist: files, anchors, and the commands and options that pages tell people to type.
import { existsSync, readFileSync } from 'node:fs'
import { dirname, relative, resolve } from 'node:path'
import t from 'tap'
import { transcript } from './commands/world.ts'
import { commandsIn, headingsOf, linksOf, spansOf, typedLinesOf } from './page-text.ts'
import { pages } from './pages.ts'

const root = resolve(import.meta.dirname, '..')
const all = [...pages, resolve(root, 'CONTRIBUTING.md'), resolve(root, 'CHANGELOG.md')]

t.test('relative links and anchors resolve', async (t) => {
  let links = 0
  for (const page of all) {
    for (const link of linksOf(readFileSync(page, 'utf8'))) {
      if (link.startsWith('https:')) continue
      links++
      const [path = '', anchor] = link.split('#')
      const target = path === '' ? page : resolve(dirname(page), path)
      const name = `${relative(root, page)}: ${link}`
      if (!t.ok(existsSync(target), name) || anchor === undefined) continue
      const anchors = headingsOf(readFileSync(target, 'utf8')).map((heading) => heading.anchor)
      t.ok(anchors.includes(anchor), `${name}: a heading`)
    }
  }
  t.ok(links > 20, 'the links were found')
})

t.test('every page of docs/ is linked from the README', async (t) => {
  const linked = linksOf(readFileSync(resolve(root, 'README.md'), 'utf8'))
  for (const page of pages.map((each) => relative(root, each)).filter((each) => each.startsWith('docs/'))) {
    t.ok(
      linked.some((link) => link.split('#')[0] === page),
      page,
    )
  }
})

/** Options of other programs that the text names without their program. */
const others: ReadonlySet<string> = new Set([
  '--security-opt',
  '--cgroup-parent',
  '--cidfile',
  '--platform',
  '--cap-add',
  '--cap-drop',
  '--privileged',
  '--tmpfs',
  '--read-only',
  '--read-only-tmpfs',
  '--use-signing-config',
  '--insecure-ignore-tlog',
])

t.test('commands and options of the pages are declared', async (t) => {
  const help = async (...words: readonly string[]): Promise<string> =>
    (await transcript([...words, '--help'], root)).stdout
  const optionsIn = (text: string): readonly string[] =>
    [...text.matchAll(/^ {2}(-\w)?(?:, )?(--[\w-]+)?/gm)].flatMap(([, short = [], long = []]) =>
      [short, long].flat(),
    )
  const top = await help()
  const names = [...top.matchAll(/^ {2}([a-z]\w+) /gm)].map(([, name = '']) => name)
  const declared = new Map<string, readonly string[]>()
  for (const name of names) declared.set(name, optionsIn(await help(name)))
  const known = [...optionsIn(top), ...[...declared.values()].flat()]

  let commands = 0
  for (const page of all) {
    const text = readFileSync(page, 'utf8')
    const name = relative(root, page)
    const spans = spansOf(text)
    const bare = spans.filter((span) => names.includes(span.split(' ')[0] as string))
    const typed = [...spans, ...typedLinesOf(text)].flatMap(commandsIn)
    for (const words of [...typed, ...bare.flatMap((span) => commandsIn(`seccomp-gen ${span}`))]) {
      const [command = ''] = words.filter((word) => !word.startsWith('-'))
      if (command === '') continue
      commands++
      if (!t.ok(names.includes(command), `${name}: seccomp-gen ${words.join(' ')}`)) continue
      for (const option of words.filter((word) => /^--?[a-z]/.test(word))) {
        const spelled = option.replace(/=.*/, '').split('|')[0] as string
        t.ok(declared.get(command)?.includes(spelled), `${name}: ${command} ${spelled}`)
      }
    }
    for (const option of spans.flatMap((span) => /^--[a-z][\w-]*/.exec(span) ?? [])) {
      t.ok(known.includes(option) || others.has(option), `${name}: ${option}`)
    }
  }
  t.ok(commands > 50, 'the commands were found')
})
