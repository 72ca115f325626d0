// The values that the settings of a verification, and of a recording under a filter, may have.
import {
  callback,
  commandWords,
  flag,
  oneOf,
  text,
  wholeFrom,
  type OptionTable,
  type OptionReader,
} from '../options.ts'
import type { ParsedProfile } from '../profile/dialects.ts'
import { parsedProfile } from '../profile/parse.ts'
import { refusalRecorders, settingsTable } from '../record/index.ts'
import type { RecordUnderSettings } from './under.ts'
import type { VerifySettings } from './verification.ts'

const { known: _, ...sharedTable } = settingsTable

const profileOrText: OptionReader<string | ParsedProfile> = (value, at) =>
  typeof value === 'string' ? value : parsedProfile(value, at)

const profileOrNull: OptionReader<ParsedProfile | null> = (value, at) =>
  value === null ? null : parsedProfile(value, at)

export const verifyTable: OptionTable<VerifySettings> = {
  ...sharedTable,
  profile: profileOrText,
  name: text,
  command: commandWords,
  within: profileOrNull,
  repair: flag,
  widen: flag,
  runs: wholeFrom(1),
  noNewPrivileges: flag,
  recorder: oneOf(['auto', ...refusalRecorders]),
  notice: callback(),
}

export const underTable: OptionTable<RecordUnderSettings> = {
  ...settingsTable,
  command: commandWords,
  under: parsedProfile,
  noNewPrivileges: flag,
}
