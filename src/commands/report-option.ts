// `--report FORMAT`: its choices are the formats that print such results.
import { Option } from 'commander'
import type { Results } from '../report/format.ts'
import { formatsOf, type FormatName } from '../report/formats.ts'

export const reportOption = (kind: keyof Results, usual: FormatName = 'text'): Option =>
  new Option('--report <format>', 'how to print it').choices([...formatsOf(kind)]).default(usual)
