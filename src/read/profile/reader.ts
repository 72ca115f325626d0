// Reads a seccomp profile as evidence that the calls it allows are wanted: plain OCI, Docker's and containers/common's
// format, a whole config.json, a SeccompProfile, a ConfigMap. A refused call is not evidence, and a profile that allows
// by default is not evidence at all. profile/parse.ts parses the text.
import {
  architectureNames,
  architectures,
  commonHosts,
  engineNames,
  type Architecture,
  assumedHost,
} from '../../abi/architectures.ts'
import { isKnownAnywhere, syscallTable } from '../../abi/tables.ts'
import { UserError } from '../../errors.ts'
import type { ParsedProfile, PlacedRule } from '../../profile/dialects.ts'
import { parseProfiles } from '../../profile/parse.ts'
import type { Recorded } from '../../profile/recorded.ts'
import type { Evidence } from '../account.ts'
import { DiagnosticLog } from '../diagnostics.ts'
import { joined, utf8 } from '../pieces.ts'
import { placeOf } from '../place.ts'
import type { LinesAccount, Reader, ReaderOptions } from '../reader.ts'
import { newSeen, noteValue, type Sink } from '../seen.ts'
import { choiceFields } from '../subject.ts'
import { otherDialect } from './other-dialects.ts'

/** A profile is a few hundred names. A file beyond this size is something else. */
const sizeLimit = 8 * 1024 * 1024

/** A call that a profile allows on some architectures. */
export interface AllowedCall {
  readonly name: string
  readonly line: number
  readonly architectures: readonly Architecture[] | 'any'
  /** By argument index, the one allowed value; undefined for other conditions (a range, a mask, an inequality). */
  readonly values: ReadonlyMap<number, bigint | undefined>
}

interface Profile {
  readonly source: string
  readonly wanted: readonly AllowedCall[]
  readonly recorded?: Recorded | undefined
  /** The recorder wrote the whole profile. */
  readonly isWhole?: boolean
  /** The line at which the profile begins. */
  readonly line: number
  /** The name as a source, if the profile is one object of a list. */
  readonly listed?: string | undefined
}

/** Whether the hook or the operator saw the calls. Otherwise they are only wanted. */
function isSeen({ recorded, isWhole }: Profile): boolean {
  return recorded !== undefined || isWhole === true
}

/** Whether the profile has its own runs: an object of a list is one run, a merged profile one per recording. */
function isOwnSource({ listed, recorded }: Profile): boolean {
  return listed !== undefined || recorded?.recordings !== undefined
}

export class ProfileReader implements Reader {
  readonly format: string
  readonly #options: ReaderOptions
  /** The writer of the profile recorded a program, so the calls were seen. */
  readonly #recorded: boolean
  readonly #diagnostics = new DiagnosticLog()
  readonly #profiles: Profile[] = []
  #source = ''
  #pieces: Uint8Array[] = []
  #size = 0

  constructor(format: string, recorded: boolean, options: ReaderOptions) {
    this.format = format
    this.#recorded = recorded
    this.#options = options
  }

  isDocument(): boolean {
    return true
  }

  startSource(name: string): void {
    this.#source = name
    this.#pieces = []
    this.#size = 0
    const [field] = choiceFields(this.#options.choice ?? {})
    if (field !== undefined)
      throw new UserError('choice-not-carried', { file: name, format: 'profile', field })
  }

  takeLines(bytes: Uint8Array, start: number, end: number): void {
    this.#size += end - start
    if (this.#size > sizeLimit) throw new UserError('file-too-large', { file: this.#source, kind: 'profile' })
    this.#pieces.push(Uint8Array.from(bytes.subarray(start, end)))
  }

  endSource(): LinesAccount {
    const text = utf8(joined(this.#pieces))
    this.#pieces = []
    const other = otherDialect(this.#source, text)
    const found =
      other === undefined ? this.#parsed(text) : [{ source: this.#source, wanted: other, line: 1 }]
    this.#profiles.push(...found)
    const lines = text.split('\n').length - (text.endsWith('\n') ? 1 : 0)
    const calls = found.reduce((sum, { wanted }) => sum + wanted.length, 0)
    const areSeen = found.every(isSeen)
    if (!areSeen) this.#diagnostics.add('profile-wanted', this.#source)
    const account = { lines, calls, ignored: 0, unparsed: 0, evidence: evidenceOf(areSeen) }
    return found.some(isOwnSource) ? { ...account, parts: this.#parts(found, lines) } : account
  }

  /** An account for each object. An object's lines reach to the next one; the first also has the lines above it. */
  #parts(profiles: readonly Profile[], lines: number): NonNullable<LinesAccount['parts']> {
    const starts = profiles.map(({ line }, index) => (index === 0 ? 1 : line))
    return profiles.map((each, index) => ({
      name: each.listed ?? this.#source,
      lines: (starts[index + 1] ?? lines + 1) - (starts[index] as number),
      calls: each.wanted.length,
      ignored: 0,
      unparsed: 0,
      evidence: evidenceOf(isSeen(each)),
    }))
  }

  #parsed(text: string): Profile[] {
    const profiles = untitled(text).flatMap((each) => parseProfiles(each, { name: this.#source }))
    // The hook writes one rule. The rules of a base profile come first, and their calls were not seen.
    const isWhole = this.#recorded && profiles.every(({ profile }) => profile.syscalls.length <= 1)
    return profiles.map((each, index) => ({
      source: this.#source,
      wanted: this.#wanted(each),
      isWhole,
      recorded: each.recorded,
      line: each.tree.at.line,
      listed: each.isListed && `${this.#source}#${each.title ?? index + 1}`,
    }))
  }

  #wanted({ name, profile, base, flaws }: ParsedProfile): AllowedCall[] {
    const { defaultAction, at } = profile
    if (defaultAction === 'SCMP_ACT_ALLOW' || defaultAction === 'SCMP_ACT_LOG') {
      throw new UserError('nothing-wanted', { file: name, line: at.line })
    }
    if (flaws.some(({ severity }) => severity === 'error')) this.#diagnostics.add('profile-flawed', name)
    if (base !== undefined) this.#diagnostics.add('profile-base', name, at.line, { base })
    const targets = this.format === 'inspektor-gadget' ? hostOfGadget(profile) : targetsOf(profile)
    return profile.syscalls.flatMap((rule) => {
      if (rule.action !== 'SCMP_ACT_ALLOW' && rule.action !== 'SCMP_ACT_LOG') {
        if (rule.action === 'SCMP_ACT_NOTIFY' || rule.action === 'SCMP_ACT_TRACE')
          this.#diagnostics.add('profile-rule-left-out', name, rule.at.line, { why: rule.action })
        return []
      }
      const caps = rule.includes?.caps ?? []
      if (caps.length > 0) {
        this.#diagnostics.add('profile-rule-left-out', name, rule.at.line, { why: caps.join(', ') })
        return []
      }
      return wantedBy(rule, targets)
    })
  }

  end(sink: Sink): void {
    const hasOwn = this.#profiles.some(isOwnSource)
    for (const profile of this.#profiles) {
      this.#tell(profile, sink)
      const { recorded, listed } = profile
      if (recorded?.recordings !== undefined) sink.runs(recorded.recordings)
      else if (hasOwn) sink.endRun(listed !== undefined || isSeen(profile))
    }
    for (const diagnostic of this.#diagnostics.all()) sink.diagnostic(diagnostic)
  }

  #tell({ source, wanted, recorded }: Profile, sink: Sink): void {
    const { architecture: told } = this.#options
    if (told === undefined && wanted.some(({ architectures }) => architectures === 'any'))
      this.#diagnostics.add('architecture-assumed', source, undefined, { architecture: assumedHost })
    for (const { name: printed, line, architectures: on, values } of wanted) {
      const name = this.format === 'inspektor-gadget' ? withName(printed, told ?? assumedHost) : printed
      const seen = newSeen(placeOf(source, line))
      seen.count = recorded?.calls.get(name) ?? 1
      // If the operator has no count of a call, somebody else added it.
      if (recorded?.recordings !== undefined) seen.runs = recorded.calls.get(name) ?? 0
      for (const index of this.#options.arguments.get(name) ?? []) noteValue(seen, index, values.get(index))
      const targets =
        on === 'any' ? [told ?? assumedHost] : on.filter((each) => told === undefined || each === told)
      if (!isKnownAnywhere(name)) {
        const [architecture = told ?? assumedHost] = targets
        sink.unknown(architecture, name, seen)
        this.#diagnostics.add('unknown-call', source, line, { call: name, architecture })
        continue
      }
      // A loader skips a name that an architecture does not have.
      for (const architecture of targets) {
        if (syscallTable(architecture).byName(name) !== undefined) sink.seen(architecture, name, seen)
      }
    }
  }
}

function evidenceOf(isSeen: boolean): readonly Evidence[] {
  return isSeen ? ['every-call', 'native-only', 'no-arguments'] : ['wanted']
}

/** A host and the architectures whose programs it runs under the filter. */
interface ProfileHost {
  readonly host: Architecture
  readonly all: readonly Architecture[]
}

/**
 * The host of a profile of Inspektor Gadget's, which lists x86_64, x86 and x32 on every machine. The gadget records
 * calls of 64-bit programs only (gadgets/advise_seccomp). None if the calls are those of several machines.
 */
function hostOfGadget({ syscalls }: ParsedProfile['profile']): readonly ProfileHost[] {
  const names = syscalls.flatMap((rule) => rule.names).filter((name) => isKnownAnywhere(name))
  const hosts = commonHosts.filter((host) =>
    names.every((name) => syscallTable(host).byName(name) !== undefined),
  )
  return hosts.length === 1 ? hosts.map((host) => ({ host, all: [host] })) : []
}

/** The call of `unknown_syscall_470`, a number without a name in the gadget's table. */
function withName(printed: string, on: Architecture): string {
  const number = /^unknown_syscall_(\d{1,4})$/.exec(printed)?.[1]
  return (number !== undefined && syscallTable(on).byNumber(Number(number))?.name) || printed
}

/** `architectures` has precedence, because the hook adds the machine there and keeps the archMap of its base. */
function targetsOf({ archMap, architectures: listed }: ParsedProfile['profile']): readonly ProfileHost[] {
  if (listed !== undefined && listed.length > 0) {
    return listed.flatMap((word) => {
      const architecture = architectureOfScmp(word)
      return architecture === undefined
        ? []
        : [{ host: architectures[architecture].host, all: [architecture] }]
    })
  }
  return (archMap ?? []).flatMap(({ architecture, subArchitectures }) => {
    const host = architectureOfScmp(architecture)
    const others = subArchitectures.map(architectureOfScmp).filter((each) => each !== undefined)
    return host === undefined ? [] : [{ host, all: [host, ...others] }]
  })
}

function architectureOfScmp(word: string): Architecture | undefined {
  return architectureNames.find((each) => architectures[each].scmp === word)
}

function wantedBy(rule: PlacedRule, targets: readonly ProfileHost[]): AllowedCall[] {
  const applies = ({ host }: ProfileHost): boolean => {
    const isNamed = (arches: readonly string[]): boolean =>
      engineNames(host).some((each) => arches.includes(each))
    const only = rule.includes?.arches ?? []
    return (only.length === 0 || isNamed(only)) && !isNamed(rule.excludes?.arches ?? [])
  }
  const on = targets.length === 0 ? 'any' : [...new Set(targets.filter(applies).flatMap(({ all }) => all))]
  const args = rule.args ?? []
  const values = new Map(
    args.map(({ index, op, value }) => [
      index,
      op === 'SCMP_CMP_EQ' && args.filter((each) => each.index === index).length === 1 ? value : undefined,
    ]),
  )
  // Some versions of the hook write empty names.
  return rule.names.flatMap((name, position) =>
    name === ''
      ? []
      : [
          {
            name,
            line: (rule.namesAt[position] ?? rule).at.line,
            architectures: on,
            values,
          } satisfies AllowedCall,
        ],
  )
}

/** A pod has fewer containers. */
const titlesLimit = 256

/** Splits profiles at the `// container` that Inspektor Gadget prints before each. Line numbers stay the same. */
function untitled(text: string): string[] {
  if (!text.startsWith('//')) return [text]
  const parts = text.split(/^\/\/.*$/m)
  if (parts.length > titlesLimit) return [parts.join('')]
  let lines = 0
  return parts.flatMap((part) => {
    const placed = '\n'.repeat(lines) + part
    lines += part.split('\n').length - 1
    return part.trim() === '' ? [] : [placed]
  })
}
