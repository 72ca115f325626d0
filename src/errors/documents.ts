// Errors of documents: of profiles, their meaning and their printed forms.
import { refusalSentences, type RefusalCode } from './refusals.ts'
import { operand, placeText, type AtPlace, type InFile, type ErrorRow } from './row.ts'

/** Why a text cannot be read as JSON or YAML. */
export interface DocumentFault {
  readonly fault: Fault
  /** With `nested`: the allowed depth. With `large`: the allowed size in MiB. */
  readonly limit?: number
  /** With `parser`: the YAML parser's message. */
  readonly words?: string
}

type Fault = keyof typeof faults

/** The faults of JSON's grammar have jsonc-parser's names. */
const faults = {
  'invalid-symbol': 'this is neither a value nor punctuation (strings stand in double quotes)',
  'invalid-number-format': 'this is not a number',
  'property-name-expected': 'a key in double quotes is expected here (no comma before a closing brace)',
  'value-expected': 'a value is expected here (no comma before a closing bracket)',
  'colon-expected': 'a colon is expected here',
  'comma-expected': 'a comma is expected here',
  'close-brace-expected': 'the text ends where a closing brace is expected',
  'close-bracket-expected': 'the text ends where a closing bracket is expected',
  'end-of-file-expected': 'something follows the end of the document',
  'invalid-comment-token': 'comments are not allowed',
  'unexpected-end-of-comment': 'a comment does not end',
  'unexpected-end-of-string': 'a string does not end on its line',
  'unexpected-end-of-number': 'a digit is expected here',
  'invalid-unicode': 'four hexadecimal digits are expected after \\u',
  'invalid-escape-character': 'this is not an escape sequence of JSON',
  'invalid-character': 'a control character must be escaped in a string',
  grammar: 'it does not follow the grammar',
  'no-value': 'there is no value',
  'too-many-values': 'it has too many values',
  'too-many-with-aliases': 'it has too many values (aliases count each time)',
  nested: ({ limit }: DocumentFault) => `it is nested more than ${limit} deep`,
  large: ({ limit }: DocumentFault) => `it is larger than ${limit} MiB`,
  'unknown-anchor': 'this alias has no anchor before it',
  'key-not-plain': 'a key must be a plain word',
  'merge-not-map': '`<<` merges mappings only',
  'not-json': 'this is not a JSON value',
  parser: ({ words }: DocumentFault) => words ?? 'it does not follow the grammar',
} as const satisfies Readonly<Record<string, string | ((fault: DocumentFault) => string)>>

export function isFault(word: string): word is Fault {
  return Object.hasOwn(faults, word)
}

export function faultText(fault: DocumentFault): string {
  const text: string | ((fault: DocumentFault) => string) = faults[fault.fault]
  return typeof text === 'string' ? text : text(fault)
}

/** Why a text is not a profile. */
export type NotProfile = keyof typeof notProfiles

const notProfiles = {
  empty: 'is empty: a profile is a JSON object',
  trace: 'is a trace, not a profile: make one from it with `seccomp-gen generate`',
  'no-document': 'is not a profile: neither a JSON object nor a SeccompProfile in YAML',
  'no-object': 'is not a profile: a profile is a JSON object',
  features: 'is not a profile: it lists the features of a runtime',
  'config-without-filter': 'is a config.json without linux.seccomp: its container runs without a filter',
  observations: 'holds observations, not a profile: make one with `seccomp-gen generate`',
  scan: 'holds what code can call, not a profile: `seccomp-gen diff` compares two of them, and `generate --reachable` reads one beside traces',
  seccompiler:
    'is a filter for seccompiler (Firecracker), which seccomp-gen does not read: give an OCI or Docker profile',
  'no-key': 'is not a profile: it has no defaultAction, no syscalls and no other key of one',
  'without-spec': 'is a SeccompProfile without spec: put the profile there',
  'none-in-objects': 'holds no profile: it has neither a SeccompProfile nor a ConfigMap with a .json value',
} as const satisfies Readonly<Record<string, string>>

export const documentErrors = {
  // --- reading a profile
  'not-a-profile': [
    2,
    ({ because, ...at }: AtPlace & { readonly because: NotProfile }) =>
      `${placeText(at)}: ${notProfiles[because]}`,
  ],
  'invalid-json': [
    2,
    ({ value, ...at }: AtPlace & DocumentFault & { /** A ConfigMap's key. */ readonly value?: string }) =>
      `${placeText(at)}: ${value === undefined ? '' : `the value ${value} `}is not valid JSON: ${faultText(at)}`,
  ],
  'invalid-yaml': [
    2,
    (at: AtPlace & DocumentFault) => `${placeText(at)}: is not valid YAML: ${faultText(at)}`,
  ],
  'several-profiles': [
    2,
    ({ title, ...at }: AtPlace & { /** The second title. */ readonly title: string | undefined }) =>
      `${placeText(at)}: a second profile begins here (${title ?? 'without a name'}): give each a file of its own`,
  ],
  'flawed-profile': [
    2,
    ({ finding, ...at }: AtPlace & { /** The first code. */ readonly finding: string }) =>
      `${placeText(at)}: the profile has mistakes (${finding}): see \`seccomp-gen validate ${operand(at.file)}\``,
  ],
  // --- what a profile means
  'no-such-builtin': [
    2,
    ({ name, builtins }: { readonly name: string; readonly builtins: readonly string[] }) =>
      `there is no built-in profile ${name}: take ${builtins.join(', ')}, or a file`,
  ],
  'no-such-builtin-version': [
    2,
    ({
      name,
      engine,
      versions,
    }: {
      readonly name: string
      readonly engine: string
      readonly versions: string
    }) =>
      `there is no built-in profile ${name}: ${engine}'s are known for versions ${versions}; ${engine} alone is the newest`,
  ],
  'no-such-capability': [
    2,
    ({ name }: { readonly name: string }) =>
      `${name} is not a capability: see capabilities(7), or write none or all`,
  ],
  'not-a-kernel': [
    2,
    ({ kernel }: { readonly kernel: string }) => `${kernel} is not a kernel version: write one such as 6.12`,
  ],
  'not-a-runtime': [
    2,
    ({ runtime }: { readonly runtime: string }) =>
      `${runtime} is not a known runtime: write runc, crun, or a version such as runc@1.3.6`,
  ],
  'not-an-engine': [
    2,
    ({ engine }: { readonly engine: string }) =>
      `${engine} is not a known engine: write docker, podman, containerd, cri-o, or a version such as docker@20.10`,
  ],
  'not-a-libseccomp': [
    2,
    ({ version, first }: { readonly version: string; /** The oldest known. */ readonly first: string }) =>
      `${version} is not a known version of libseccomp: write one from ${first} on, such as 2.5.4`,
  ],
  'refused-profile': [
    2,
    ({
      refusal,
      about,
      ...at
    }: AtPlace & { readonly refusal: RefusalCode; readonly about: Readonly<Record<string, string>> }) =>
      `${placeText(at)}: ${refusalSentences[refusal](about)}`,
  ],
  'conditions-beyond-comparing': [
    2,
    ({
      call,
      architecture,
      bound,
    }: {
      readonly call: string
      readonly architecture: string
      readonly bound: number
    }) =>
      `${call} on ${architecture} has more conditions than can be compared in ${bound} steps: write them with fewer arguments`,
  ],
  'nothing-to-combine': [2, () => 'give at least one profile'],
  'profiles-not-combined': [
    2,
    ({ call, architectures }: { readonly call: string; readonly architectures: readonly string[] }) =>
      `no single profile for ${architectures.join(', ')} can answer ${call} as these profiles do together: their answers differ between architectures, or in a way that no rule can express`,
  ],
  'two-listeners': [
    2,
    ({ files }: { readonly files: readonly string[] }) =>
      `${files.join(' and ')} each have a listener, and a process can have only one: remove listenerPath from one of them`,
  ],
  'ceiling-too-complex': [
    2,
    ({ file, call }: InFile & { readonly call: string }) =>
      `${file}: has too many conditions on ${call} to carry over: give --within another profile, or none`,
  ],
  'ceiling-differs': [
    2,
    ({
      file,
      call,
      architectures,
    }: InFile & { readonly call: string; readonly architectures: readonly string[] }) =>
      `${file}: the conditions on ${call} have different meanings on ${architectures.join(' and ')}: make a profile for each architecture, with --arch`,
  ],
  // --- calls
  'no-such-architecture': [
    2,
    ({ architecture, known }: { readonly architecture: string; readonly known: readonly string[] }) =>
      `${architecture} is not a known architecture: give one of ${known.join(', ')}`,
  ],
  'no-such-call': [
    2,
    ({
      architectures,
      call,
      meant,
    }: {
      readonly architectures: readonly string[]
      readonly call: string
      /** The call with this other name. */ readonly meant?: string | undefined
    }) =>
      `${architectures.join(', ')} has no call ${call === '' ? 'with an empty name' : call}: ${meant === undefined ? 'see `seccomp-gen syscalls`' : `did you mean ${meant}?`}`,
  ],
  'no-call-of-number': [
    2,
    ({ number }: { readonly number: number }) =>
      `${number} is not the number of a call: give 0 to 4294967295`,
  ],
  'too-many-arguments': [2, () => 'a call has at most six arguments'],
  'not-a-number': [
    2,
    ({ value }: { readonly value: string }) =>
      value === '' ? 'an argument is empty: write a number' : `${value} is not a 64-bit number`,
  ],
  'octal-or-decimal': [
    2,
    ({ value }: { readonly value: string }) =>
      `${value} is octal or decimal, which nobody can tell: write it without the leading zero, or as 0x`,
  ],
  'not-a-constant': [
    2,
    ({ name, meant }: { readonly name: string; readonly meant: readonly string[] }) =>
      `${name} is not a known constant${meant.length === 0 ? ': write the number' : `: did you mean ${meant.join(' or ')}?`}`,
  ],
  'not-a-bigint': [2, ({ value }: { readonly value: string }) => `${value} is not a bigint`],
  'beyond-64-bit': [2, ({ value }: { readonly value: string }) => `${value} does not fit in 64 bits`],
  // --- printing
  'errno-not-taken': [
    2,
    ({ errno, limit }: { readonly errno: number; readonly limit: number }) =>
      `${errno} is not an errno that libseccomp takes: give 0 to ${limit}`,
  ],
  'conditions-never-hold': [
    2,
    ({ call, argument }: { readonly call: string; readonly argument: number }) =>
      `the conditions on argument ${argument} of ${call} can never hold`,
  ],
  'byte-orders-mixed': [
    2,
    ({ architectures: [one, other] }: { readonly architectures: readonly [string, string] }) =>
      `${one} and ${other} have different byte orders, and libseccomp makes no filter of both: print --as docker, or a profile for each with --arch`,
  ],
  'operator-default-errno': [
    2,
    ({ errno }: { readonly errno: number }) =>
      `a SeccompProfile has no defaultErrnoRet: refused calls always get EPERM, not errno ${errno}; print --as oci, or choose another default action`,
  ],
  'operator-value': [
    2,
    ({ calls, value }: { readonly calls: readonly string[]; readonly value: string }) =>
      `a SeccompProfile's values are int64, and ${calls.join(', ')} is compared with ${value}: print --as oci`,
  ],
  'not-an-object-name': [
    2,
    ({ name }: { readonly name: string }) =>
      `${name} cannot name a Kubernetes object: use lower-case letters, digits, "-" and "." and begin and end with a letter or digit`,
  ],
  'wrong-recording': [
    2,
    ({ recording }: { readonly recording: string }) =>
      `${recording} names no container of a ProfileRecording: write NAMESPACE/NAME/CONTAINER, of lower-case letters, digits and "-"`,
  ],
  'statement-without-image': [
    2,
    () =>
      'a statement is about an image, and the recordings name none: give --image NAME@sha256:DIGEST, or record with trace --pod',
  ],
  'image-without-digest': [
    2,
    ({ image }: { readonly image: string }) =>
      `${image} is not the digest of an image: write NAME@sha256: and 64 hexadecimal digits`,
  ],
} as const satisfies Readonly<Record<string, ErrorRow>>
