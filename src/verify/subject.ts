// Prepares a verification: reads the profile, finds its loader, chooses the recorder that sees refusals, makes the
// ceiling.
import { UserError } from '../errors.ts'
import { builtin, contextOf } from '../meaning/index.ts'
import type { ParsedProfile } from '../profile/dialects.ts'
import { printProfile } from '../print/index.ts'
import { parseProfile, soundProfile } from '../profile/index.ts'
import {
  refusalRecorders,
  requireLinux,
  whyNoAudit,
  whyNoEbpf,
  whyNoStrace,
  type CommandOptions,
} from '../record/index.ts'
import { ceilingOf, type RepairCeiling } from './ceiling.ts'
import { findLoader, type Loader } from './loader.ts'
import type { SeenBy, VerifySettings } from './verification.ts'

export interface VerifySubject {
  readonly settings: VerifySettings
  /** The profile's name, for messages. */
  readonly name: string
  /** The profile's text before any repair. */
  readonly text: string
  readonly parsed: ParsedProfile
  readonly options: CommandOptions
  /** Aborted by a signal: the current run is then the last one. */
  readonly interruption: AbortSignal
  readonly loader: Loader
  readonly seenBy: SeenBy
  readonly ceiling: RepairCeiling
}

/** Throws UserError: 2 for a profile with mistakes, 125 to 127 if the command cannot be verified. */
export async function prepare(settings: VerifySettings): Promise<VerifySubject> {
  requireLinux('verify')
  const { name = 'profile', command, notice, within, noNewPrivileges = false, profile: given } = settings
  const parsed = typeof given === 'string' ? parseProfile(given, { name }) : given
  const text = typeof given === 'string' ? given : printProfile(soundProfile(parsed))
  soundProfile(parsed)
  const interruption = new AbortController()
  const kill = new AbortController()
  const options: CommandOptions = {
    command,
    ...pick(settings, ['for', 'stop', 'load', 'cwd', 'env', 'streams']),
    kill: kill.signal,
    signals: (listener) =>
      settings.signals?.((signal) => {
        // A second signal kills a command that ignored the first one.
        if (interruption.signal.aborted) kill.abort()
        interruption.abort()
        listener(signal)
      }) ?? (() => undefined),
  }
  const loader = await findLoader(options, { noNewPrivileges }, parsed.dialect)
  const { seenBy, why } = await chooseRecorder(settings, loader)
  notice?.({ code: 'verifying', target: loader.name, seenBy, ...(why !== undefined && { why }) })
  const ceiling = ceilingFor(within, loader)
  return { settings, name, text, parsed, options, interruption: interruption.signal, loader, seenBy, ceiling }
}

/** Throws UserError (125) if no recorder here sees refusals. */
async function chooseRecorder(
  { recorder = 'auto', env = process.env }: VerifySettings,
  { onlyEbpf }: Loader,
): Promise<{ readonly seenBy: SeenBy; readonly why?: string }> {
  const ways = { ebpf: whyNoEbpf, strace: () => whyNoStrace(env), audit: whyNoAudit } as const
  const reasons: string[] = []
  for (const seenBy of recorder === 'auto' ? refusalRecorders : [recorder]) {
    const why = (seenBy === 'ebpf' ? undefined : onlyEbpf) ?? (await ways[seenBy]())
    if (why === undefined) return { seenBy, ...(reasons.length > 0 && { why: reasons.join('; ') }) }
    reasons.push(`${seenBy}: ${why}`)
    if (onlyEbpf !== undefined && seenBy !== 'ebpf') break
  }
  throw new UserError('refusals-not-seen', { reasons })
}

function ceilingFor(within: ParsedProfile | null | undefined, { context, kind }: Loader): RepairCeiling {
  if (within === null) return ceilingOf(undefined, context)
  const profile = within ?? builtin('docker').profile
  // A container's own capabilities decide what its default allows, not ours.
  if (kind === 'engine') return ceilingOf(profile, { ...context, runtime: undefined })
  const kernel = context.kernel.join('.')
  return ceilingOf(profile, contextOf({ architecture: context.host, kernel }))
}

function pick<T extends object, K extends keyof T>(from: T, keys: readonly K[]): Pick<T, K> {
  return Object.fromEntries(
    keys.flatMap((key) => (from[key] === undefined ? [] : [[key, from[key]]])),
  ) as Pick<T, K>
}
