// All report formats by name. A command offers those that print its kind of result, in this order.
import type { ReportFormat, Results } from './format.ts'
import { github } from './formats/github.ts'
import { gitlab } from './formats/gitlab.ts'
import { html } from './formats/html.ts'
import { json } from './formats/json.ts'
import { markdown } from './formats/markdown.ts'
import { sarif } from './formats/sarif.ts'
import { text } from './formats/text.ts'
import { plainMedium, type Medium } from './medium.ts'

const formats = { text, json, markdown, sarif, github, gitlab, html } satisfies Readonly<
  Record<string, ReportFormat>
>

export type FormatName = keyof typeof formats

/** The formats that print this kind of result. */
export function formatsOf(kind: keyof Results): readonly FormatName[] {
  return (Object.keys(formats) as FormatName[]).filter((name) => printerOf(kind, name) !== undefined)
}

/** @throws TypeError for a format that does not print this kind of result. */
export function printReport<Kind extends keyof Results>(
  kind: Kind,
  result: Results[Kind],
  name: FormatName,
  medium: Medium = plainMedium,
): string {
  const print = printerOf(kind, name)
  if (print === undefined) throw new TypeError(`${name} is not a format for ${kind}`)
  return print(result, medium)
}

function printerOf<Kind extends keyof Results>(kind: Kind, name: FormatName): ReportFormat[Kind] {
  const format: ReportFormat = formats[name]
  return format[kind]
}
