// A report as one self-contained HTML file. The Content-Security-Policy (CSP Level 3) allows only the page's own style
// and script, by their hashes: no network, no image, no form. Without the script all rows are shown, and only search
// and filters are missing. All text from input goes through `escapeHtml`.
import { sha256 } from '../../sha256.ts'
import { escapeHtml, escapeMarkup } from '../escape.ts'
import type { Tool } from '../medium.ts'
import { script } from './script.ts'
import { style } from './style.ts'

export interface HtmlPage {
  /** The subject: a file or a comparison. */
  readonly title: string
  readonly verdict: string
  readonly tone: Tone
  /** Sentences below the verdict. */
  readonly sentences: readonly string[]
  readonly sections: readonly Section[]
}

export type Tone = 'good' | 'bad' | 'mixed' | 'plain'

export interface Section {
  readonly title: string
  /** A sentence below the title of the section. */
  readonly note?: string
  readonly columns: readonly string[]
  readonly rows: readonly PageRow[]
  /** Whether the section is folded at first. */
  readonly folded?: boolean
  /** Lines in place of a table, such as a patch. Control characters are already escaped. */
  readonly text?: string
}

export interface PageRow {
  readonly cells: readonly string[]
  /** The grade for the filter. The first cell shows it. */
  readonly grade?: string
}

export function htmlPage(page: HtmlPage, { version, homepage }: Tool): string {
  const grades = [...new Set(page.sections.flatMap(({ rows }) => rows.flatMap(({ grade }) => grade ?? [])))]
  const policy = [
    "default-src 'none'",
    `style-src '${digest(style)}'`,
    `script-src '${digest(script)}'`,
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ')
  const made = `seccomp-gen${version === undefined ? '' : ` ${version}`}`
  const maker =
    homepage === undefined
      ? escapeHtml(made)
      : `<a href="${escapeHtml(homepage)}" rel="noreferrer">${escapeHtml(made)}</a>`
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<title>${escapeHtml(page.title)}: ${escapeHtml(page.verdict)}</title>
<style>${style}</style>
</head>
<body>
<header>
<p class="about">${escapeHtml(page.title)}</p>
<h1 class="${page.tone}">${escapeHtml(page.verdict)}</h1>
${page.sentences.map((each) => `<p>${escapeHtml(each)}</p>\n`).join('')}</header>
${controls(grades)}<main>
${page.sections.map(sectionHtml).join('')}</main>
<footer><p>Made by ${maker}. This page loads nothing from anywhere.</p></footer>
<script>${script}</script>
</body>
</html>
`
}

/** The search and filter controls, hidden until the script runs. */
function controls(grades: readonly string[]): string {
  const boxes = grades.map(
    (grade) =>
      `<label><input type="checkbox" name="grade" value="${escapeHtml(grade)}" checked> ${escapeHtml(grade)}</label>\n`,
  )
  return `<form id="controls" hidden role="search">
<label>Search <input type="search" id="words" autocomplete="off"></label>
${boxes.join('')}<span id="shown" role="status"></span>
</form>
`
}

function sectionHtml({ title, note, columns, rows, folded = false, text }: Section): string {
  const body =
    text === undefined
      ? `<div class="wide" role="region" tabindex="0" aria-label="${escapeHtml(title)}"><table>
<thead><tr>${columns.map((each) => `<th scope="col">${escapeHtml(each)}</th>`).join('')}</tr></thead>
<tbody>
${rows.map((each) => rowHtml(each, columns)).join('')}</tbody>
</table></div>`
      : `<pre tabindex="0">${escapeMarkup(text)}</pre>`
  const count = text === undefined ? ` <span class="count">${rows.length}</span>` : ''
  return `<section>
<details${folded ? '' : ' open'}><summary><h2>${escapeHtml(title)}${count}</h2></summary>
${note === undefined ? '' : `<p>${escapeHtml(note)}</p>\n`}${body}
</details>
</section>
`
}

function rowHtml({ cells, grade }: PageRow, columns: readonly string[]): string {
  const attribute = grade === undefined ? '' : ` data-grade="${escapeHtml(grade)}"`
  const tds = cells.map((cell, index) => {
    const label = ` data-label="${escapeHtml(columns[index] ?? '')}"`
    return index === 0
      ? `<th scope="row"${label}>${escapeHtml(cell)}</th>`
      : `<td${label}>${escapeHtml(cell)}</td>`
  })
  return `<tr${attribute}>${tds.join('')}</tr>\n`
}

/** A hash source of the Content-Security-Policy. */
function digest(text: string): string {
  const bytes =
    sha256(text)
      .match(/../g)
      ?.map((each) => Number.parseInt(each, 16)) ?? []
  return `sha256-${btoa(String.fromCharCode(...bytes))}`
}
