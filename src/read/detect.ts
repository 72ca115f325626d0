// Which format a source is in, told from how it starts. A guess is a defect: what is recognised as something else is
// refused by its name, and what is not recognised at all is left for the reader to find calls in, or none.
import { UserError } from '../errors.ts'

export type Format = 'strace' | 'strace-summary' | 'observations'

/** The formats that `--format` takes, `auto` apart. */
export const formats: readonly Format[] = ['strace', 'strace-summary', 'observations']

/** What can be told of a source from its first bytes (64 KiB or all of it). Throws a UserError for what is no trace. */
export function detectFormat(name: string, head: Uint8Array): Format {
  if (head.length === 0) throw new UserError(`${name}: is empty; give a trace that holds at least one call`)
  const text = Buffer.from(head)
    .toString('latin1')
    .replace(/^\xef\xbb\xbf/, '')
  const start = text.trimStart()
  if (start.startsWith('{') || start.startsWith('[')) {
    const kind = kindOfJson(start)
    if (kind === 'observations') return kind
    if (kind === 'profile') {
      throw new UserError(
        `${name}: is a seccomp profile, not a trace; \`seccomp-gen validate ${name}\` checks it`,
      )
    }
  }
  if (isBinary(head)) {
    throw new UserError(
      `${name}: is binary, not text; give the output of strace (gzip and zstd are unpacked)`,
    )
  }
  return 'strace'
}

/** Looks at the first keys only: the rest of a large file is not here. */
function kindOfJson(text: string): 'observations' | 'profile' | undefined {
  if (/^\{\s*"version"\s*:\s*1\s*,\s*"architectures"\s*:\s*\{/.test(text)) return 'observations'
  if (/"(?:defaultAction|ociVersion)"\s*:/.test(text)) return 'profile'
  if (/"architectures"\s*:\s*\{/.test(text) && /"sources"\s*:\s*\[|"count"\s*:/.test(text))
    return 'observations'
  return undefined
}

/** Text has no NUL, and few of the other control characters; strace escapes them all. */
function isBinary(head: Uint8Array): boolean {
  let control = 0
  for (const byte of head) {
    if (byte === 0) return true
    if (byte < 0x20 && byte !== 0x09 && byte !== 0x0a && byte !== 0x0d && byte !== 0x1b) control++
  }
  return control * 20 > head.length
}
