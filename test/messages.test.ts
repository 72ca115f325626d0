// docs/messages.md has a heading for every code and for no other; reports link to these headings.
import { readFileSync } from 'node:fs'
import t from 'tap'
import type { ChangeId } from '../src/meaning/changes.ts'
import { findingSeverities, type FindingCode } from '../src/check/findings.ts'
import { errorTable, type ErrorCode } from '../src/errors/table.ts'
import { diagnosticCodes } from '../src/report/diagnostics.ts'
import { printReport } from '../src/report/formats.ts'
import { headingsOf, type Heading } from './page-text.ts'

/** The compiler checks that it is complete. */
const changeIds: Readonly<Record<ChangeId, string>> = {
  'call-allowed': 'wider',
  'call-refused': 'narrower',
  'call-answered-otherwise': 'sideways',
  'arguments-allowed': 'wider',
  'arguments-refused': 'narrower',
  'arguments-answered-otherwise': 'sideways',
}

const headings = headingsOf(readFileSync(new URL('../docs/messages.md', import.meta.url), 'utf8'))

function sectionOf(title: string): readonly Heading[] {
  const start = headings.findIndex(({ text }) => text === title)
  const rest = headings.slice(start + 1)
  const end = rest.findIndex(({ level }) => level < 3)
  return end < 0 ? rest : rest.slice(0, end)
}

const sections: Readonly<Record<string, readonly string[]>> = {
  'Of profiles': Object.keys(findingSeverities),
  'Of changes': Object.keys(changeIds),
  'Of what is read': diagnosticCodes,
  'Of what cannot be done': Object.keys(errorTable),
}

for (const [title, codes] of Object.entries(sections)) {
  t.test(`${title}: a heading for each code, and a few lines`, async (t) => {
    const found = sectionOf(title)
    t.same(found.map(({ text }) => text).sort(), [...codes].sort())
    for (const { text, body } of found) {
      t.ok(body !== '' && body.split('\n').length <= 5, `${text}: up to five lines`)
    }
  })
}

t.test('the page says the severity, the direction and the status that the program says', async (t) => {
  for (const { text, body } of sectionOf('Of profiles')) {
    t.equal(/^_(\w+)/.exec(body)?.[1], findingSeverities[text as FindingCode], text)
  }
  for (const { text, body } of sectionOf('Of changes')) {
    t.equal(/^_(\w+)/.exec(body)?.[1], changeIds[text as ChangeId], text)
  }
  for (const { text, body } of sectionOf('Of what cannot be done')) {
    t.equal(/^_(\d+)/.exec(body)?.[1], String(errorTable[text as ErrorCode][0]), text)
  }
})

t.test('SARIF says where to read about a code: its heading is its anchor', async (t) => {
  const report = JSON.parse(printReport('findings', [], 'sarif')) as {
    readonly runs: readonly [
      { tool: { driver: { rules: readonly { id: string; help: { text: string } }[] } } },
    ]
  }
  const { rules } = report.runs[0].tool.driver
  t.same(rules.map(({ id }) => id).sort(), [...(sections['Of profiles'] ?? [])].sort())
  for (const { id, help } of rules) t.match(help.text, `docs/messages.md of seccomp-gen, under ${id},`)
  for (const { text, anchor } of [...sectionOf('Of profiles'), ...sectionOf('Of changes')])
    t.equal(anchor, text)
})
