// Every report format by its name. The choices of a command are those that print its kind of result, in this order.
import type { ExplainedCall } from '../explain/index.ts'
import type { Compared } from './changes.ts'
import type { ReportFormat } from './format.ts'
import { github } from './formats/github.ts'
import { json } from './formats/json.ts'
import { markdown } from './formats/markdown.ts'
import { sarif } from './formats/sarif.ts'
import { text } from './formats/text.ts'
import type { Checked } from './problems.ts'
import type { Verified } from './verification.ts'

const formats = { text, json, markdown, sarif, github } satisfies Readonly<Record<string, ReportFormat>>

export type FormatName = keyof typeof formats

/** The formats that print such results. */
export function formatsOf(kind: keyof ReportFormat): readonly FormatName[] {
  return (Object.keys(formats) as FormatName[]).filter((name) => printer(name, kind) !== undefined)
}

export function changesReport(compared: Compared, format: FormatName): string {
  return printed('changes', compared, format)
}

export function problemsReport(checked: readonly Checked[], format: FormatName): string {
  return printed('findings', checked, format)
}

export function explanationReport(calls: readonly ExplainedCall[], format: FormatName): string {
  return printed('explanation', calls, format)
}

export function verificationReport(verified: Verified, format: FormatName): string {
  return printed('verification', verified, format)
}

type Printer<Kind extends keyof ReportFormat> = NonNullable<ReportFormat[Kind]>

function printer<Kind extends keyof ReportFormat>(name: FormatName, kind: Kind): ReportFormat[Kind] {
  const format: ReportFormat = formats[name]
  return format[kind]
}

function printed<Kind extends keyof ReportFormat>(
  kind: Kind,
  result: Parameters<Printer<Kind>>[0],
  name: FormatName,
): string {
  const print = printer(name, kind) as ((result: Parameters<Printer<Kind>>[0]) => string) | undefined
  if (print === undefined) throw new TypeError(`${name} is no format for ${kind}`)
  return print(result)
}
