// Errors of an observations file (schemas/observations.schema.json): the first fault is reported.
import type { InFile, ErrorRow } from './row.ts'

export interface ObservationsFault {
  readonly fault: keyof typeof faults
  /** The key of the wrong member. */
  readonly member: string
  /** The members around it, such as `architectures.x86_64.read`; empty for the whole document. */
  readonly within: string
  /** From 1, if known. */
  readonly line?: number
}

const faults = {
  'not-the-version': (member) => `"${member}" is not 1`,
  'not-an-object': (member) => (member === '' ? 'it is not a JSON object' : `"${member}" is not an object`),
  'not-objects': (member) => `"${member}" is not a list of objects`,
  'not-a-count': (member) => `"${member}" is not a whole number`,
  'not-from-1': (member) => `"${member}" is not a whole number of at least 1`,
  'beyond-count': (member) => `"${member}" is not a count within "count"`,
  missing: (member) => `"${member}" is missing`,
  'no-architecture': (member) => `"${member}" is not an architecture`,
  'no-name': (member) => `"${member}" is not the name of a call`,
  'no-index': (member) => `"args" has an index "${member}"; they are 0 to 5`,
  'not-values': (member) => `"args" ${member} is not a list of unsigned 64-bit decimal strings`,
  'not-refusals': (member) => `"refused" ${member} does not say EPERM or EACCES of values that are in "args"`,
  'wrong-member': (member) => `"${member}" is missing or does not follow the schema`,
  'incomplete-source': () => 'a source is not complete',
  'wrong-source': () => '"lost" or "evidence" of a source does not follow the schema',
  'incomplete-diagnostic': () => 'a diagnostic has no code or place',
  'wrong-diagnostic': () => '"count" or "facts" of a diagnostic does not follow the schema',
  repeated: (member) => `"${member}" occurs twice: \`seccomp-gen observe\` of two files adds them up`,
} as const satisfies Readonly<Record<string, (member: string) => string>>

export const observationsErrors = {
  'not-observations': [
    2,
    ({ file }: InFile) => `${file}: is not an observations file of seccomp-gen observe`,
  ],
  'broken-observations': [
    2,
    ({ file, fault, member, within, line }: InFile & ObservationsFault) =>
      `${file}: is not an observations file: ${line === undefined ? '' : `line ${line}: `}${within === '' ? '' : `${within}: `}${faults[fault](member)}`,
  ],
  'observations-not-json': [
    2,
    ({ file, words }: InFile & { /** The parser's message. */ readonly words: string }) =>
      `${file}: is not valid JSON: ${words}`,
  ],
} as const satisfies Readonly<Record<string, ErrorRow>>
