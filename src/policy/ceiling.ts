// The ceiling: the profile that a policy must not be wider than, unless the workload was seen to need it; here, what it
// carries out in a context of host, capabilities and kernel. Authority: meaning/permitted.ts.
import { architectures, type Architecture } from '../abi/architectures.ts'
import { syscallTable } from '../abi/tables.ts'
import { UserError } from '../errors.ts'
import { builtin, contextOf, isPermitted, makeMeaning, permittedCases } from '../meaning/index.ts'
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

/** What a policy must not be wider than, and the context in which that ceiling is read. `within`: default `docker`. */
export interface CeilingOptions {
  /** A built-in default profile by its name, a profile, several that all count, or 'none'. Default 'docker'. */
  readonly within?: string | CeilingProfile | readonly CeilingProfile[]
  /** The container's bounding set: CAP_* names, or 'all'. Default: what the ceiling's engine gives. */
  readonly capabilities?: readonly string[] | 'all'
  /** "major.minor" of the host's kernel. Default "6.12". */
  readonly kernel?: string
}

/** A question to the ceiling, put to it with one capability more as well. */
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

  /** Undefined for 'none'. Throws a UserError for a name that is no built-in. */
  static of(options: CeilingOptions, targets: readonly Architecture[]): Ceiling | undefined {
    const { within = 'docker' } = options
    if (within === 'none') return undefined
    const profiles = typeof within === 'string' ? [builtin(within)] : 'profile' in within ? [within] : within
    return new Ceiling(profiles, options, targets)
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
   * Other targets on which it never carries out the call. A rule is for every architecture of its filter: allowed on this
   * one, the call is allowed there, too.
   */
  refusedOn(architecture: Architecture, syscall: string): readonly Architecture[] {
    return this.#otherTargets(architecture, syscall).filter((each) => this.#refuses(each, syscall))
  }

  #otherTargets(architecture: Architecture, syscall: string): readonly Architecture[] {
    const { byteOrder } = architectures[architecture]
    return this.#targets.filter(
      (each) =>
        each !== architecture &&
        // libseccomp takes no filter of both orders (db.c, db_col_db_add): no rule is ever for both.
        architectures[each].byteOrder === byteOrder &&
        syscallTable(each).byName(syscall) !== undefined,
    )
  }

  #refuses(architecture: Architecture, syscall: string): boolean {
    return permittedCases(this.#meaning(architecture), architecture, syscall).length === 0
  }

  /** Whether it carries out every call of a case, here and on the other targets that have its rule as well. */
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

  /** The capabilities of which any one, added to the bounding set, makes it carry the call out in this case, or in any. */
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

  /** The same list for the same question: what is found out of it is kept by it. */
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
