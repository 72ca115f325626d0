// Every error that a user of the command or the library can get: its code, its facts, its exit status and its sentence.
// docs/messages.md has a heading for each. The sentences are not in report/, because every room throws errors, and
// every error needs a sentence for whoever prints it.
import { clusterErrors } from './clusters.ts'
import { contextErrors } from './context.ts'
import { documentErrors } from './documents.ts'
import { fileErrors } from './files.ts'
import { observationsErrors } from './observations.ts'
import { registryErrors } from './registry.ts'
import { recordingErrors } from './recording.ts'
import type { ErrorRow } from './row.ts'
import { scanErrors } from './scan.ts'
import { traceErrors } from './traces.ts'
import { usageErrors } from './usage.ts'
import { verificationErrors } from './verification.ts'

export const errorTable = {
  ...usageErrors,
  ...fileErrors,
  ...traceErrors,
  ...observationsErrors,
  ...documentErrors,
  ...recordingErrors,
  ...verificationErrors,
  ...scanErrors,
  ...clusterErrors,
  ...registryErrors,
  ...contextErrors,
} as const satisfies Readonly<Record<string, ErrorRow>>

/** The code of an error. docs/messages.md has a heading for each. */
export type ErrorCode = keyof typeof errorTable

/** The facts of an error with this code: where it is and what it is about. */
export type ErrorFacts<Code extends ErrorCode> = Code extends ErrorCode
  ? Parameters<(typeof errorTable)[Code][1]> extends readonly [infer Facts]
    ? Facts
    : Readonly<Record<never, never>>
  : never
