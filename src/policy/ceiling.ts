// The ceiling: the profile that a policy must not exceed, unless the workload was seen to need more. This file asks
// what the ceiling allows for a host, capabilities and a kernel. Authority: meaning/permitted.ts.
import { architectures, type Architecture } from '../abi/architectures.ts'
import { syscallTable } from '../abi/tables.ts'
import { UserError } from '../errors.ts'
import { builtin, contextOf, isPermitted, makeMeaning, permittedCases } from '../meaning/index.ts'
import type { Case, Meaning } from '../meaning/index.ts'
import type { ParsedProfile } from '../profile/dialects.ts'

/** A profile as a ceiling. */
export interface CeilingProfile {
  /** Its name in reasons. */
  readonly name: string
  readonly profile: ParsedProfile
  /** The engine's default capabilities. Default: Docker's. */
  readonly capabilities?: readonly string[]
}

/** The ceiling of a policy, and the context in which it is read. */
export interface CeilingOptions {
  /** A built-in profile by name, a profile, several profiles that all bound the policy, or 'none'. Default 'docker'. */
  readonly within?: string | CeilingProfile | readonly CeilingProfile[]
  /** The container's bounding set: CAP_* names, or 'all'. Default: the default of the ceiling's engine. */
  readonly capabilities?: readonly string[] | 'all'
  /** "major.minor" of the host's kernel. Default "6.12". */
  readonly kernel?: string
}

/** A question to the ceiling. It is also asked with one capability more. */
type Question = (meanings: readonly Meaning[]) => boolean

export class Ceiling {
  readonly name: string
  readonly #profiles: readonly CeilingProfile[]
  readonly #options: CeilingOptions
  readonly #targets: readonly Architecture[]
  readonly #cases = new Map<string, readonly Case[]>()

  readonly #meanings = new Map<string, readonly Meaning[]>()

  private constructor(
    profiles: readonly CeilingProfile[],
    options: CeilingOptions,
    targets: readonly Architecture[],
  ) {
    this.name = profiles.map(({ name }) => name).join(' and ')
    this.#profiles = profiles
    this.#options = options
    this.#targets = targets
  }

  /** Undefined for 'none'. Throws a UserError for a name that is not a built-in. */
  static of(options: CeilingOptions, targets: readonly Architecture[]): Ceiling | undefined {
    const { within = 'docker' } = options
    if (within === 'none') return undefined
    const profiles = typeof within === 'string' ? [builtin(within)] : 'profile' in within ? [within] : within
    return new Ceiling(profiles, options, targets)
  }

  /**
   * The cases in which the ceiling allows the call. No case: never; one empty case: always. Throws a UserError for a
   * profile that its loader or libseccomp refuses, for an unknown capability or kernel, and for conditions that a
   * profile for these targets cannot state.
   */
  cases(architecture: Architecture, syscall: string): readonly Case[] {
    const key = `${architecture} ${syscall}`
    const known = this.#cases.get(key)
    if (known !== undefined) return known
    const all = permittedCases(this.#meaning(architecture), architecture, syscall)
    const cases = all.filter((each) => this.#isPermittedElsewhere(architecture, syscall, each))
    if (cases.length === 0 && all.length > 0) {
      throw new UserError('ceiling-differs', {
        file: this.name,
        call: syscall,
        architectures: this.#targets,
      })
    }
    this.#cases.set(key, cases)
    return cases
  }

  /**
   * The other targets on which the ceiling never allows the call. A rule holds for every architecture of its filter, so
   * allowing the call here allows it there too.
   */
  refusedOn(architecture: Architecture, syscall: string): readonly Architecture[] {
    return this.#otherTargets(architecture, syscall).filter((each) => this.#refuses(each, syscall))
  }

  #otherTargets(architecture: Architecture, syscall: string): readonly Architecture[] {
    const { byteOrder } = architectures[architecture]
    return this.#targets.filter(
      (each) =>
        each !== architecture &&
        // libseccomp refuses a filter with both byte orders (db.c, db_col_db_add), so no rule covers both.
        architectures[each].byteOrder === byteOrder &&
        syscallTable(each).byName(syscall) !== undefined,
    )
  }

  #refuses(architecture: Architecture, syscall: string): boolean {
    return permittedCases(this.#meaning(architecture), architecture, syscall).length === 0
  }

  /**
   * Whether the ceiling allows every call of a case, here and on the other targets of the same rule. Targets on which
   * it never allows the call do not count.
   */
  permits(architecture: Architecture, syscall: string, args: Case): boolean {
    return (
      isPermitted(this.#meaning(architecture), architecture, syscall, args) &&
      this.#isPermittedElsewhere(architecture, syscall, args)
    )
  }

  #isPermittedElsewhere(architecture: Architecture, syscall: string, args: Case): boolean {
    return this.#otherTargets(architecture, syscall).every(
      (other) => this.#refuses(other, syscall) || isPermitted(this.#meaning(other), other, syscall, args),
    )
  }

  /** Each capability that alone, added to the bounding set, makes the ceiling allow the case. */
  capabilitiesFor(architecture: Architecture, syscall: string, args: Case): readonly string[] {
    if (syscallTable(architecture).byName(syscall) === undefined) return []
    const isEnough: Question = (meanings) =>
      args.length === 0
        ? permittedCases(meanings, architecture, syscall).length > 0
        : isPermitted(meanings, architecture, syscall, args)
    const rules = this.#profiles.flatMap(({ profile }) => profile.profile.syscalls)
    const filters = rules.flatMap((rule) => [rule.includes, rule.excludes])
    const named = new Set(filters.flatMap((filter) => filter?.caps ?? []))
    return [...named].sort().filter((each) => isEnough(this.#meaning(architecture, each)))
  }

  /** Returns the same list for the same question, because permitted.ts caches its results by the list. */
  #meaning(architecture: Architecture, capability?: string): readonly Meaning[] {
    const { host } = architectures[architecture]
    const key = `${host} ${capability ?? ''}`
    const known = this.#meanings.get(key)
    if (known !== undefined) return known
    const given =
      this.#options.capabilities ??
      this.#profiles.find((each) => each.capabilities !== undefined)?.capabilities
    const { kernel } = this.#options
    const context = contextOf({
      architecture: host,
      ...(given && { capabilities: given }),
      ...(kernel !== undefined && { kernel }),
    })
    const capabilities = new Set(context.capabilities)
    if (capability !== undefined) capabilities.add(capability)
    const made = this.#profiles.map(({ profile }) => makeMeaning(profile, { ...context, capabilities }))
    this.#meanings.set(key, made)
    return made
  }
}
