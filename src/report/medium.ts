// Describes where a report goes and which program wrote it, for formats that print this.
import { noScreen, type Screen } from './screen.ts'

/** Where a report is read, and which program made it. */
export interface Medium {
  readonly screen: Screen
  readonly tool: Tool
}

/** The program that a report names. */
export interface Tool {
  readonly version?: string
  /** The project's page, without a slash at the end; undefined before its first release. */
  readonly homepage?: string
}

/** A file or a pipe, without the program's name. */
export const plainMedium: Medium = { screen: noScreen, tool: {} }
