// `push`: uploads a profile or observations as an artifact of a registry. A profile that the runtimes would refuse from
// an artifact is not pushed. Authority for what they refuse: KEP-6061 and its type checks in CRI-O.
import { isValid, profileProblems } from '../check/index.ts'
import { assumedHost } from '../abi/architectures.ts'
import { UserError } from '../errors.ts'
import { intersectProfiles } from '../meaning/index.ts'
import { printProfile } from '../print/profile.ts'
import { parseProfile, type ParsedProfile } from '../profile/index.ts'
import {
  entryLimit,
  parseReference,
  printReference,
  profileLimit,
  pushObservations,
  pushProfile,
} from '../registry/index.ts'
import { plainHttpOption, registryOf, type RegistryWords } from './registry.ts'
import { profileWords, readGiven, type NamedProfile } from './profiles.ts'
import { say } from './say.ts'
import type { Declare, World } from './world.ts'

export const declare: Declare = (command, world, end) => {
  command
    .argument('<profile>', `plain OCI JSON: ${profileWords}; or observations`)
    .argument('<ref>', 'REGISTRY/REPOSITORY[:TAG]')
    .addOption(plainHttpOption())
    .addHelpText(
      'after',
      '\nPrints REGISTRY/REPOSITORY@DIGEST, by which it is pinned.\n\nExample:\n  seccomp-gen push app.json registry.example.org/profiles/app:1.4',
    )
    .action(async (file: string, ref: string, options: RegistryWords) => {
      await push(file, ref, options, world)
      end(0)
    })
}

async function push(file: string, ref: string, options: RegistryWords, world: World): Promise<void> {
  const reference = parseReference(ref)
  if (reference.digest !== undefined) throw new UserError('push-to-digest', { reference: ref })
  const given = await readGiven(file, world)
  const text = given.text ?? plainText(given)
  const registry = registryOf(reference, world, { plainHttp: options.plainHttp ?? false })
  if (isObservations(text)) {
    const { digest, tag } = await pushObservations(registry, text, reference.tag)
    world.stdout.write(`${printReference({ ...reference, tag: undefined, digest })}\n`)
    say(world, `pushed observations as ${printReference({ ...reference, tag, digest: undefined })}`)
    return
  }
  refuseUnusable(parseProfile(text, { name: file }), text)
  const digest = await pushProfile(registry, text, reference.tag ?? 'latest')
  if (given.text === undefined)
    say(world, `${file} as ${assumedHost} reads it, with the capabilities that its engine gives`)
  const pinned = printReference({ ...reference, tag: undefined, digest })
  world.stdout.write(`${pinned}\n`)
  say(world, `pushed; sign it with \`cosign sign --key KEY ${pinned}\``)
}

/** A built-in as plain OCI for one host: runtimes that pull artifacts read no other keys. */
function plainText({ profile, capabilities }: NamedProfile): string {
  const { document } = intersectProfiles([profile], {
    architecture: assumedHost,
    ...(capabilities && { capabilities }),
  })
  return printProfile(document)
}

/** Whether a text is observations. All other texts are read as profiles, which reports what is wrong with them. */
function isObservations(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && 'version' in value && 'sources' in value
  } catch {
    return false
  }
}

/** @throws UserError for a profile that no runtime accepts from an artifact. */
function refuseUnusable(parsed: ParsedProfile, text: string): void {
  const { name, envelope, beyondOci, profile } = parsed
  const refuse = (
    fault: UserError<'not-pushed'>['facts']['fault'],
    more: { readonly count?: number; readonly limit?: number; readonly call?: string } = {},
  ): UserError => new UserError('not-pushed', { file: name, fault, ...more })
  const findings = profileProblems(parsed, { dialect: 'oci' })
  // The runtimes read strictly: they refuse a key beyond the specification even if it is empty.
  const isPlain = envelope === 'none' && beyondOci.length === 0 && profile.archMap === undefined
  if (!isPlain || findings.some(({ code }) => code === 'unknown-key')) throw refuse('dialect')
  if (!isValid(findings)) throw refuse('errors')
  const size = Buffer.byteLength(text)
  if (size > profileLimit) throw refuse('large', { count: size, limit: profileLimit })
  if (
    profile.listenerPath !== undefined ||
    profile.syscalls.some(({ action }) => action === 'SCMP_ACT_NOTIFY')
  )
    throw refuse('listener')
  const entries = new Map<string, number>()
  for (const call of profile.syscalls.flatMap(({ names }) => names))
    entries.set(call, (entries.get(call) ?? 0) + 1)
  const [crowded] = [...entries].filter(([, count]) => count > entryLimit)
  if (crowded !== undefined)
    throw refuse('crowded', { call: crowded[0], count: crowded[1], limit: entryLimit })
}
