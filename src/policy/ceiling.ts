// The ceiling: the profile that a policy must not be wider than, unless the workload was seen to need it; here, what it
// carries out in a context of host, capabilities and kernel. Authority: meaning/permitted.ts.
import { architectures, type Architecture } from '../abi/architectures.ts'
import { syscallTable } from '../abi/tables.ts'
import { UserError } from '../errors.ts'
import { builtin, contextOf, isCarriedOut, makeMeaning, permittedCases } from '../meaning/index.ts'
import type { Case, Meaning } from '../meaning/index.ts'
import type { ParsedProfile } from '../profile/dialects.ts'

/** A profile as a ceiling. */
export interface CeilingProfile {
  /** What reasons call it. */
  readonly name: string
  readonly profile: ParsedProfile
  /** What its engine gives a container that asks for nothing; absent: as Docker's. */
  readonly capabilities?: readonly string[]
}

export interface CeilingOptions {
  /** A built-in default profile by its name, a profile, or 'none'. Default 'docker'. */
  readonly within?: string | CeilingProfile
  /** The container's bounding set: CAP_* names, or 'all'. Default: what the ceiling's engine gives. */
  readonly capabilities?: readonly string[] | 'all'
  /** "major.minor" of the host's kernel. Default "6.12". */
  readonly kernel?: string
}

/** A question to the ceiling, put to it with one capability more as well. */
type Question = (meaning: Meaning) => boolean

export class Ceiling {
  readonly name: string
  readonly #profile: CeilingProfile
  readonly #options: CeilingOptions
  readonly #also32: boolean
  readonly #meanings = new Map<string, Meaning>()
  readonly #cases = new Map<string, readonly Case[]>()

  private constructor(profile: CeilingProfile, options: CeilingOptions, targets: readonly Architecture[]) {
    this.name = profile.name
    this.#profile = profile
    this.#options = options
    this.#also32 = targets.some((each) => architectures[each].bits === 32)
  }

  /** Undefined for 'none'. Throws a UserError for a name that is no built-in. */
  static of(options: CeilingOptions, targets: readonly Architecture[]): Ceiling | undefined {
    const { within = 'docker' } = options
    if (within === 'none') return undefined
    return new Ceiling(typeof within === 'string' ? builtin(within) : within, options, targets)
  }

  /**
   * The cases in which it carries the call out: none where it never does, one empty case where it always does. Throws a
   * UserError for a profile that a loader or libseccomp refuses, for a capability or kernel that is none, and for
   * conditions that a profile for these targets cannot say.
   */
  cases(architecture: Architecture, syscall: string): readonly Case[] {
    const key = `${architecture} ${syscall}`
    const known = this.#cases.get(key)
    if (known !== undefined) return known
    const all = permittedCases(this.#meaning(architecture), architecture, syscall)
    const cases = this.#also32 ? all.filter(holdsIn32) : all
    if (cases.length === 0 && all.length > 0) {
      throw new UserError(
        `${this.name} compares upper halves of the arguments of ${syscall}, which 32-bit architectures do not have: make a profile for ${architecture} alone, with --arch`,
      )
    }
    this.#cases.set(key, cases)
    return cases
  }

  /** Whether it carries out the call with these arguments; those that the case does not name are 0. */
  carriesOut(architecture: Architecture, syscall: string, args: Case): boolean {
    return isCarriedOut(this.#meaning(architecture), architecture, syscall, args)
  }

  /** The capabilities of which any one, added to the bounding set, makes it carry the call out in this case, or in any. */
  capabilitiesFor(architecture: Architecture, syscall: string, args: Case): readonly string[] {
    if (syscallTable(architecture).byName(syscall) === undefined) return []
    const isEnough: Question = (meaning) =>
      args.length === 0
        ? permittedCases(meaning, architecture, syscall).length > 0
        : isCarriedOut(meaning, architecture, syscall, args)
    const filters = this.#profile.profile.profile.syscalls.flatMap((rule) => [rule.includes, rule.excludes])
    const named = new Set(filters.flatMap((filter) => filter?.caps ?? []))
    return [...named].sort().filter((each) => isEnough(this.#meaning(architecture, each)))
  }

  #meaning(architecture: Architecture, capability?: string): Meaning {
    const { host } = architectures[architecture]
    const key = `${host} ${capability ?? ''}`
    const known = this.#meanings.get(key)
    if (known !== undefined) return known
    const given = this.#options.capabilities ?? this.#profile.capabilities
    const { kernel } = this.#options
    const context = contextOf({
      architecture: host,
      ...(given && { capabilities: given }),
      ...(kernel !== undefined && { kernel }),
    })
    const capabilities = new Set(context.capabilities)
    if (capability !== undefined) capabilities.add(capability)
    const meaning = makeMeaning(this.#profile.profile, { ...context, capabilities })
    this.#meanings.set(key, meaning)
    return meaning
  }
}

/**
 * In a filter that has 32-bit architectures as well, a rule is for them, too, and libseccomp forgets the upper half of its
 * numbers there: what compares nothing else would hold always, and what wants some of it set would hold without it.
 */
function holdsIn32(conditions: Case): boolean {
  return conditions.every(({ mask, value }) => (mask & 0xffffffffn) !== 0n && value <= 0xffffffffn)
}
