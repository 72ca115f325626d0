// Whether a profile suffices, found out by running the workload under it: what the filter refused is told call by call,
// and on request added to the profile, round after round, until nothing is refused. Decided from what the kernel was
// seen to refuse and from the profile's meaning; a refusal may hide the next, so every profile is run before it is given.
import type { Architecture } from '../abi/architectures.ts'
import { UserError } from '../errors.ts'
import { builtin, contextOf, level, makeMeaning, type Answer, type Meaning } from '../meaning/index.ts'
import type { ParsedProfile } from '../profile/dialects.ts'
import { printProfile } from '../print/index.ts'
import { parseProfile, soundProfile } from '../profile/index.ts'
import type { CommandOptions, Ending, RecordSettings, RefusalsSeenBy, Suspect } from '../record/index.ts'
import { whyNoAudit, whyNoEbpf, whyNoStrace } from '../record/index.ts'
import { auditedText } from './audited.ts'
import { always, ceilingOf, type Ceiling } from './ceiling.ts'
import { withCall } from './edit.ts'
import { refusalsOf, watchFor, type Refusal } from './refusals.ts'
import { findTarget, type Target } from './target.ts'

export type { RefusedProcess, Refusal } from './refusals.ts'

export type VerifySettings = Omit<RecordSettings, 'known' | 'recorder' | 'notice'> & {
  /** Its text, or as parseProfile gives it. Text keeps its layout when it is repaired. */
  readonly profile: string | ParsedProfile
  /** Of the profile, for messages. Default "profile". */
  readonly name?: string
  readonly command: readonly [string, ...string[]]
  /** What is refused is compared with it and, with `repair`, added within it. Default: docker's newest; null: none. */
  readonly within?: ParsedProfile | null
  /** Add what was refused and run again, until nothing is. */
  readonly repair?: boolean
  /** With `repair`: beyond `within` as well. */
  readonly widen?: boolean
  /** How often the command is run under each profile. Default 1. */
  readonly runs?: number
  /** A plain command runs with no_new_privs. */
  readonly noNewPrivileges?: boolean
  /** What sees refusals; `auto` (default) takes ebpf where the machine and our rights allow it, else strace, else audit. */
  readonly recorder?: 'auto' | SeenBy
  readonly notice?: (notice: VerifyNotice) => void
}

export type VerifyNotice =
  /** What runs the command, and what sees its refusals. */
  | {
      readonly code: 'verifying'
      readonly target: string
      readonly seenBy: SeenBy
      /** Why it is not another that `auto` prefers, such as `ebpf: it needs root`. */
      readonly why?: string
    }
  /** A round is over. */
  | {
      readonly code: 'round'
      readonly round: number
      readonly refused: number
      readonly added: readonly string[]
      /** Added before, and made no more since nothing is refused. */
      readonly dropped?: readonly string[]
    }

/** `audit`: what the profile refuses is let through, and the kernel's records tell of it. */
export type SeenBy = RefusalsSeenBy

/** A refused call and what the default says of it. */
export interface Judged extends Refusal {
  /** What the default answers to it; undefined without a default. */
  readonly default: Answer | undefined
}

/** A call that was added. */
export interface Repaired {
  readonly refusal: Judged
  readonly round: number
  /** Under the default's own conditions. */
  readonly conditional: boolean
  readonly within: boolean
}

export interface Verification {
  readonly target: string
  readonly seenBy: SeenBy
  /** Of the run that counts: the first that failed, else the last. */
  readonly ending: Ending
  /** Whether a program was started under the filter in every run: before that, what runs is the runtime's own. */
  readonly started: boolean
  readonly runs: number
  readonly rounds: number
  /** In the last round: what the profile lacks. */
  readonly refusals: readonly Judged[]
  /** In the last round: what it says there is not, by a rule of its own. */
  readonly withheld: readonly Judged[]
  /** How many refusals could not be kept. */
  readonly lost: number
  /** The last round was cut short by a signal. */
  readonly interrupted: boolean
  readonly repair?: Repair
}

export interface Repair {
  readonly before: string
  /** The repaired profile; the same as before where nothing could be added. */
  readonly text: string
  readonly added: readonly Repaired[]
  /** The bound on rounds was met. */
  readonly bounded: boolean
}

/** Rounds of a repair. Each adds a call at least, so there is an end anyway; this is for what starts slowly. */
export const roundLimit = 100

/**
 * Runs a command under a profile in a real runtime and tells what was refused.
 *
 * @throws UserError with status 127 or 126 where the command is not found or cannot be run; 125 where it cannot be
 * verified: no runtime, no way to see refusals, a profile that the runtime would read otherwise; 2 for a profile with
 * mistakes.
 */
export async function verify(settings: VerifySettings): Promise<Verification> {
  const { name = 'profile', command, runs = 1, notice, within, noNewPrivileges = false } = settings
  const { profile: given, repair, widen, ...recording } = settings
  const parsed = typeof given === 'string' ? parseProfile(given, { name }) : given
  soundProfile(parsed)
  const interruption = new AbortController()
  const options: CommandOptions = {
    command,
    ...pick(recording, ['for', 'stop', 'cwd', 'env', 'streams']),
    signals: (listener) =>
      settings.signals?.((signal) => {
        interruption.abort()
        listener(signal)
      }) ?? (() => undefined),
  }
  const target = await findTarget(options, { noNewPrivileges })
  const { seenBy, why } = await chooseRecorder(settings, target)
  notice?.({ code: 'verifying', target: target.name, seenBy, ...(why !== undefined && { why }) })
  const ceiling = ceilingFor(within, target)
  const before = typeof given === 'string' ? given : printProfile(soundProfile(parsed))
  let added: readonly Repaired[] = []
  let dropped: readonly Repaired[] = []
  let text = before
  let current = parsed
  for (let round = 1; ; round++) {
    const meaning = makeMeaning(target.read(current), target.context)
    const result = await runUnder(target, seenBy, options, current, meaning, runs, interruption.signal)
    const judged = result.refusals.map((each): Judged => ({ ...each, default: ceiling.answerTo(each) }))
    const missing = judged.filter(({ withheld }) => !withheld)
    const fixed =
      repair && !result.interrupted && round < roundLimit
        ? repaired(text, name, missing, ceiling, widen === true, target, round)
        : { text, added: [] }
    if (fixed.added.length > 0) {
      notice?.({
        code: 'round',
        round,
        refused: missing.length,
        added: fixed.added.map(({ refusal }) => refusal.syscall ?? ''),
      })
      added = [...added, ...fixed.added]
      text = fixed.text
      current = parseProfile(text, { name })
      continue
    }
    // What a program tried only because something else was refused, it no longer needs. Tried once: a call that comes
    // and goes between runs would be added again.
    const { made } = result
    const idle = made === undefined ? [] : added.filter(({ refusal }) => !made.has(callKey(refusal)))
    const clean = missing.length === 0 && !result.interrupted
    if (repair && clean && idle.length > 0 && dropped.length === 0 && round < roundLimit) {
      dropped = idle
      added = added.filter((each) => !idle.includes(each))
      const kept = added.map(({ refusal }) => refusal)
      text = repaired(before, name, kept, ceiling, widen === true, target, round).text
      current = parseProfile(text, { name })
      notice?.({
        code: 'round',
        round,
        refused: 0,
        added: [],
        dropped: idle.map(({ refusal }) => refusal.syscall ?? ''),
      })
      continue
    }
    return {
      target: target.name,
      seenBy,
      ending: result.ending,
      started: result.started,
      runs: result.runs,
      rounds: round,
      refusals: missing,
      withheld: judged.filter(({ withheld }) => withheld),
      lost: result.lost,
      interrupted: result.interrupted,
      ...(repair && { repair: { before, text, added, bounded: missing.length > 0 && round === roundLimit } }),
    }
  }
}

interface Result {
  readonly refusals: readonly Refusal[]
  readonly ending: Ending
  readonly started: boolean
  readonly runs: number
  readonly lost: number
  readonly interrupted: boolean
  /**
   * Calls that were carried out under the filter, as callKey writes them. Undefined for audit: it refuses nothing, and
   * so nothing is tried instead.
   */
  readonly made: ReadonlySet<string> | undefined
}

function callKey({ architecture, syscall }: Pick<Refusal, 'architecture' | 'syscall'>): string {
  return `${architecture} ${syscall}`
}

async function runUnder(
  target: Target,
  seenBy: SeenBy,
  options: CommandOptions,
  parsed: ParsedProfile,
  meaning: Meaning,
  runs: number,
  interruption: AbortSignal,
): Promise<Result> {
  const profile =
    seenBy === 'audit' ? auditedText(target.read(parsed), target.context) : target.textOf(parsed)
  const under = { profile, watch: watchFor(meaning) }
  const suspects: Suspect[] = []
  const endings: Ending[] = []
  const made = new Set<string>()
  let started = true
  let lost = 0
  while (endings.length < runs && !interruption.aborted) {
    const { ending, refusals, observations } = await target.run(options, under, seenBy)
    for (const [architecture, calls] of Object.entries(observations.architectures))
      for (const syscall of Object.keys(calls))
        made.add(callKey({ architecture: architecture as Architecture, syscall }))
    endings.push(ending)
    suspects.push(...(refusals?.suspects ?? []))
    started &&= (refusals?.programs ?? 0) > 0
    lost += refusals?.lost ?? 0
  }
  const failed = endings.find((each) => each.kind !== 'exited' || each.status !== 0)
  const ending = failed ?? endings.at(-1) ?? { kind: 'released' }
  return {
    refusals: refusalsOf(meaning, suspects),
    ending,
    started,
    runs: endings.length,
    lost,
    interrupted: interruption.aborted,
    made: seenBy === 'audit' ? undefined : made,
  }
}

/** Throws UserError (125) where nothing here sees what is refused. */
async function chooseRecorder(
  { recorder = 'auto', env = process.env }: VerifySettings,
  { onlyEbpf }: Target,
): Promise<{ readonly seenBy: SeenBy; readonly why?: string }> {
  const ways = { ebpf: whyNoEbpf, strace: () => whyNoStrace(env), audit: whyNoAudit } as const
  const reasons: string[] = []
  for (const seenBy of recorder === 'auto' ? (['ebpf', 'strace', 'audit'] as const) : [recorder]) {
    const why = (seenBy === 'ebpf' ? undefined : onlyEbpf) ?? (await ways[seenBy]())
    if (why === undefined) return { seenBy, ...(reasons.length > 0 && { why: reasons.join('; ') }) }
    reasons.push(`${seenBy}: ${why}`)
    if (onlyEbpf !== undefined && seenBy !== 'ebpf') break
  }
  throw new UserError(`refusals cannot be seen here: ${reasons.join('; ')}`, 125)
}

function ceilingFor(within: ParsedProfile | null | undefined, { context, kind }: Target): Ceiling {
  if (within === null) return ceilingOf(undefined, context)
  const profile = within ?? builtin('docker').profile
  // What a container is given says what its default allows; our own rights say nothing of that.
  if (kind === 'engine') return ceilingOf(profile, { ...context, runtime: undefined })
  const kernel = context.kernel.join('.')
  return ceilingOf(profile, contextOf({ architecture: context.host, kernel }))
}

/** The text with all that may be added of what was refused. */
function repaired(
  text: string,
  name: string,
  missing: readonly Judged[],
  ceiling: Ceiling,
  widen: boolean,
  target: Target,
  round: number,
): { readonly text: string; readonly added: readonly Repaired[] } {
  const added: Repaired[] = []
  let edited = text
  const { architectures } = makeMeaning(target.read(parseProfile(text, { name })), target.context).resolved
  for (const refusal of missing) {
    const { architecture, syscall, number, args = [] } = refusal
    const inside = ceiling.casesFor(refusal, architectures)
    const cases = inside ?? (widen ? always : undefined)
    if (cases === undefined || syscall === undefined || number === undefined) continue
    const allowed = (text: string): boolean => {
      try {
        const meaning = makeMeaning(target.read(parseProfile(text, { name })), target.context)
        return level(meaning.answer(architecture, number, args)) === 2
      } catch (error) {
        // libseccomp refuses a rule beside one that answers otherwise.
        if (!(error instanceof UserError)) throw error
        return false
      }
    }
    // What was added before may allow it too: a name holds on every architecture.
    const next = allowed(edited) ? edited : withCall(edited, name, { architecture, syscall, cases }, allowed)
    if (next === undefined) continue
    edited = next
    added.push({ refusal, round, conditional: cases[0].length > 0, within: inside !== undefined })
  }
  return { text: edited, added }
}

function pick<T extends object, K extends keyof T>(from: T, keys: readonly K[]): Pick<T, K> {
  return Object.fromEntries(
    keys.flatMap((key) => (from[key] === undefined ? [] : [[key, from[key]]])),
  ) as Pick<T, K>
}
