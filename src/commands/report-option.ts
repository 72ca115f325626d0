// `--report FORMAT`: the choices are the formats that can print the command's results.
import { Option, type Command } from 'commander'
import type { Results } from '../report/format.ts'
import { formatsOf, type FormatName } from '../report/formats.ts'

/** Adds --report and its synonym --json, which users of other tools type. */
export function addReportOptions(command: Command, kind: keyof Results, usual?: FormatName): Command {
  return command
    .addOption(reportOption(kind, usual))
    .addOption(new Option('--json', 'the same as --report json').implies({ report: 'json' }))
}

const reportOption = (kind: keyof Results, usual: FormatName = 'text'): Option =>
  new Option('--report <format>', 'format of the report').choices([...formatsOf(kind)]).default(usual)
