// Errors of traces, and of policies that cannot be made from them.
import { operand, type InFile, type ErrorRow } from './row.ts'

export interface OfFormat extends InFile {
  readonly format: string
}

export interface ByOption {
  /** The option's name, such as `pid`. */
  readonly field: string
}

export interface WideText extends InFile {
  /** As iconv names it; without a byte order, if the text has a mark. */
  readonly encoding: 'UTF-16' | 'UTF-16LE' | 'UTF-16BE' | 'UTF-32' | 'UTF-32LE' | 'UTF-32BE'
}

function ofWideText({ file, encoding }: WideText): string {
  return `${file}: is ${encoding}: make UTF-8 of it first (iconv -f ${encoding} -t UTF-8), or redirect with Out-File -Encoding utf8`
}

export const traceErrors = {
  'no-bytes': [
    2,
    ({ file, is }: InFile & { /** What was given. */ readonly is: string }) =>
      `${file}: ${is} is not a stream of bytes: give a list or stream of Uint8Array, such as [bytes] or response.body`,
  ],
  // --- unpacking
  'unknown-compression': [
    2,
    ({ file, kind, tool }: InFile & { readonly kind: string; readonly tool: string }) =>
      `${file}: is compressed with ${kind}, which seccomp-gen does not unpack: use \`${tool} ${operand(file)} | seccomp-gen …\``,
  ],
  'damaged-stream': [
    2,
    ({ file, kind }: InFile & { readonly kind: string }) =>
      `${file}: the ${kind} stream is damaged or ends early; compress it again`,
  ],
  'behind-gzip': [
    2,
    ({ file }: InFile) =>
      `${file}: other data follows the gzip stream: \`gzip -dc ${operand(file)} | seccomp-gen …\` leaves it out`,
  ],
  'zstd-window': [
    2,
    ({ file }: InFile) =>
      `${file}: this zstd stream needs more memory than 8 MiB: unpack it with \`zstd -dc --memory=2048MB\` and pipe it in`,
  ],
  // --- recognizing the format
  'empty-trace': [2, ({ file }: InFile) => `${file}: is empty; give a trace that holds at least one call`],
  'utf16-trace': [2, ofWideText],
  'utf32-trace': [2, ofWideText],
  'carriage-returns': [
    2,
    ({ file }: InFile) =>
      `${file}: ends its lines with a carriage return alone: convert it first (mac2unix, of the package dos2unix)`,
  ],
  'binary-trace': [
    2,
    ({ file }: InFile) =>
      `${file}: is binary, not text; give the output of strace (gzip and zstd are unpacked)`,
  ],
  'mixed-formats': [
    2,
    ({ file, formats: [one, other] }: InFile & { readonly formats: readonly [FirstLine, FirstLine] }) =>
      `${file}: holds lines of ${one.format} (line ${one.line}) and of ${other.format} (line ${other.line}): give them as two files, or say --format ${one.format} or --format ${other.format}`,
  ],
  'other-format': [
    2,
    ({ file, format, asked }: OfFormat & { readonly asked: string }) =>
      `${file}: ${format === 'observations' ? 'is an observations file' : format === 'profile' ? 'is a seccomp profile' : `looks like ${format}`}, not ${asked}: leave --format out to have it recognised`,
  ],
  'scan-not-trace': [
    2,
    ({ file }: InFile) =>
      `${file}: is the output of \`scan\`, not a trace: give it with --reachable, beside a trace`,
  ],
  'context-not-trace': [
    2,
    ({ file }: InFile) =>
      `${file}: is a security context, as \`harden --as json\` prints it, not a trace: give it to harden alone, or give the observations that it was made from`,
  ],
  'profile-not-trace': [
    2,
    ({ file }: InFile) =>
      `${file}: is a seccomp profile, not a trace: \`seccomp-gen validate ${operand(file)}\` checks it; give --format profile to use the calls that it allows`,
  ],
  'no-single-calls': [
    2,
    ({ file, format }: OfFormat) =>
      `${file}: holds ${format === 'profile' ? 'a profile' : 'observations'}, which have no single calls; read it with observe()`,
  ],
  // --- choosing calls
  'filter-not-told': [
    2,
    ({ file, format }: OfFormat) =>
      `${file}: ${format} does not show when a filter was installed, which --after-filter needs: leave that option out`,
  ],
  'filter-needs-all': [
    2,
    ({ file, field }: InFile & ByOption) =>
      `${file}: --after-filter needs the lines of all processes: leave --${field} out`,
  ],
  'choice-not-carried': [
    2,
    ({ file, format, field }: OfFormat & ByOption) =>
      format === 'profile'
        ? `${file}: a profile does not say whose calls it is for: leave --${field} out`
        : `${file}: ${format} does not hold what --${field} selects by: leave that option out`,
  ],
  'choice-not-in-records': [
    2,
    ({ file, format, field }: OfFormat & ByOption) =>
      `${file}: these ${format} records do not hold what --${field} selects by: leave that option out`,
  ],
  // --- what a trace says
  'machines-contradict': [
    2,
    ({ file, line, call, machine }: InFile & { line: number; call: string; machine: string }) =>
      `${file}:${line}: ${call} is a call of a 32-bit program or of another machine, other calls are of ${machine}, and a report of ausearch does not show the architecture of a line: use ausearch --raw or -i, or give observe --arch A if all lines are of one architecture`,
  ],
  'architecture-not-told': [
    2,
    ({ file }: InFile) => `${file}: holds call numbers without an architecture: give observe --arch A`,
  ],
  'nothing-wanted': [
    2,
    ({ file, line }: InFile & { readonly line: number | undefined }) =>
      `${line === undefined ? `${file}: this filter` : `${file}:${line}: this profile`} allows by default, so it does not show which calls are needed: give one that refuses by default`,
  ],
  'no-call-in-sources': [
    2,
    ({
      file,
      others,
      unrecognised,
      chosen = false,
    }: Sources & {
      readonly unrecognised: boolean
      /** The user chose whose calls count. */ readonly chosen?: boolean
    }) =>
      `no call was found in ${sourcesText({ file, others })}${unrecognised ? ', whose format is unknown (see docs/inputs.md)' : ''}${chosen ? ', or none of the chosen caller and time' : ''}: nothing is written`,
  ],
  'hook-log-alone': [
    2,
    (sources: Sources) =>
      `${sourcesText(sources)}: the hook's log names no calls: give the profile that it wrote beside it`,
  ],
  // --- a policy from a trace
  'nothing-seen': [2, () => 'no system call was seen in the input: there is nothing to make a policy from'],
  'only-refusals': [
    2,
    () =>
      'every call in the input was refused, and stays refused: record the workload, or add what a profile refused to it with `generate --add PROFILE`',
  ],
  'not-inferable': [
    2,
    ({ architecture, seen }: { readonly architecture: string; readonly seen: readonly string[] }) =>
      `no calls of ${architecture} were observed and they cannot be inferred from ${seen.join(', ')}: record there`,
  ],
  'beyond-without-ceiling': [
    2,
    () => '--beyond never keeps to the ceiling and --within none names none: name one with --within',
  ],
  'beyond-contradiction': [
    2,
    () => '--beyond never keeps to the ceiling and --conditions none goes beyond its conditions: choose one',
  ],
} as const satisfies Readonly<Record<string, ErrorRow>>

export interface FirstLine {
  readonly format: string
  /** The first line in this format, from 1. */
  readonly line: number
}

export interface Sources {
  /** The first file. */
  readonly file: string
  /** The number of other files. */
  readonly others: number
}

function sourcesText({ file, others }: Sources): string {
  return others === 0 ? file : `${file} and ${others} more`
}
