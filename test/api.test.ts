// The page of the API is fresh, complete and true: every export has a doc comment, every function that can throw says
// so and every function has an example, which prints what it shows.
import { execa } from 'execa'
import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import t from 'tap'
import { apiPage, exampleFiles, examplesOf } from '../scripts/api-page.ts'
import { readApi } from '../scripts/api.ts'
import { noEbpf, noStrace } from './live/command.ts'

const root = resolve(import.meta.dirname, '..')
t.setTimeout(300_000)
const api = readApi()

t.test('every export is documented', async (t) => {
  t.ok(api.length > 150, 'the exports were found')
  for (const { name, doc, file } of api) t.match(doc, /\w{3}/, `${name} of ${file}`)
})

t.test('what throws says so', async (t) => {
  for (const { name, kind, canThrow, throws, file } of api)
    if (kind === 'function') t.equal(throws !== undefined, canThrow, `${name} of ${file}: @throws`)
  const thrower = (name: string): boolean | undefined => api.find((each) => each.name === name)?.canThrow
  t.equal(thrower('parseProfile'), true, 'a throw is found')
  t.equal(thrower('answerText'), false, 'and not everywhere')
})

t.test('every function has an example', async (t) => {
  const shown = exampleFiles.flatMap(examplesOf)
  for (const { name, kind } of api) {
    if (kind === 'type') continue
    const example = shown.find(({ names }) => names.includes(name))
    t.ok(example !== undefined && new RegExp(`\\b${name}\\b`).test(example.text), name)
  }
  const known = new Set(api.map(({ name }) => name))
  for (const { names } of shown) for (const name of names) t.ok(known.has(name), `${name} is exported`)
})

for (const file of exampleFiles) {
  const why =
    file === 'examples/run.mjs'
      ? await noStrace()
      : file === 'examples/under.mjs'
        ? await noEbpf()
        : undefined
  t.test(`${file} prints what it says`, { skip: why ?? false }, async (t) => {
    const { stdout, stderr } = await execa(process.execPath, [join(root, file)], {
      reject: false,
      env: { NODE_OPTIONS: '' },
    })
    t.equal(
      stdout,
      examplesOf(file)
        .flatMap(({ prints }) => prints)
        .join('\n'),
      stderr,
    )
  })
}

t.test('docs/api.md is what scripts/make-api.ts writes', async (t) => {
  t.equal(readFileSync(join(root, 'docs/api.md'), 'utf8'), await apiPage(api))
})
