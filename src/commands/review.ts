// `review`: prints what changed in meaning in the profiles that differ between two git revisions, for a pull or merge
// request. Each profile of a file is compared with the profile of the same name.
import { Option } from 'commander'
import { UserError } from '../errors.ts'
import { changedFiles, hasFiles, type ChangedFile, type Side } from '../git/changed.ts'
import { parseProfiles } from '../profile/parse.ts'
import type { ParsedProfile } from '../profile/dialects.ts'
import { printReport, type FormatName } from '../report/formats.ts'
import type { Reviewed, ReviewedProfile } from '../report/reviewed.ts'
import { addComparisonOptions, compared, type ComparisonOptions } from './compared.ts'
import { outputOption } from './document-options.ts'
import { mediumFor } from './medium.ts'
import { checkOutput, writeOutput } from './output.ts'
import { loadProfile, type NamedProfile } from './profiles.ts'
import { addReportOptions } from './report-option.ts'
import type { Declare, World } from './world.ts'

interface ReviewOptions extends ComparisonOptions {
  readonly base?: string
  readonly head: string
  readonly report: FormatName
  readonly output?: string
}

/** The files that can contain a profile. Only those with an action or a default action are read, valid or broken. */
const anywhere = ['*.json', '*.yaml', '*.yml']

export const declare: Declare = (command, world, end) => {
  addReportOptions(command, 'review')
  command
    .argument('[pathspec...]', 'git pathspecs (default: every JSON or YAML file with a profile)')
    .option('--base <revision>', 'revision to compare with (default: what the CI names, or origin/HEAD)')
    .addOption(new Option('--head <revision>', 'revision to review').default('HEAD'))
    .addOption(outputOption('the report'))
  addComparisonOptions(command, 'wider')
    .addHelpText(
      'after',
      `
Returns 1 where --fail-on says so, 2 where a profile could not be compared.

Examples:
  seccomp-gen review --base origin/main
  seccomp-gen review --base origin/main --report gitlab -o quality.json 'deploy/*.yaml'`,
    )
    .action(async (pathspecs: string[], options: ReviewOptions) =>
      end(await review(pathspecs, options, world)),
    )
}

async function review(
  pathspecs: readonly string[],
  options: ReviewOptions,
  world: World,
): Promise<0 | 1 | 2> {
  await checkOutput(options.output, world)
  const base = options.base ?? baseIn(world.env)
  const given = pathspecs.length > 0
  const specs = given ? pathspecs : anywhere
  const files = (await changedFiles(base, options.head, specs, world.cwd)).filter(
    ({ before, after }) => given || [before, after].some(holdsProfile),
  )
  const without = await loadProfile('docker', world)
  const profiles = files.flatMap((file) => reviewedIn(file, base, without, options))
  const isBroken = profiles.some((each) => each.compared === undefined)
  const fails = isBroken || profiles.some(({ compared }) => compared?.outcome === 'fails')
  const nothing =
    profiles.length > 0
      ? undefined
      : given && !(await hasFiles(specs, world.cwd))
        ? `no file matched ${specs.join(' ')}: give the profiles as pathspecs of git`
        : 'no profile changed'
  const reviewed: Reviewed = {
    profiles,
    outcome: fails ? 'fails' : 'passes',
    ...(nothing !== undefined && { nothing }),
  }
  const text = printReport('review', reviewed, options.report, mediumFor(options.output, world))
  await writeOutput(text, options.output, world)
  return isBroken ? 2 : fails ? 1 : 0
}

/**
 * The base that the CI names: docs.github.com, "Default environment variables"; docs.gitlab.com, "Predefined CI/CD
 * variables".
 */
function baseIn({
  GITHUB_BASE_REF: github = '',
  CI_MERGE_REQUEST_DIFF_BASE_SHA: gitlab = '',
}: World['env']): string {
  return github !== '' ? `origin/${github}` : gitlab !== '' ? gitlab : 'origin/HEAD'
}

/**
 * Whether a side contains a profile, valid or broken. Other objects with the same words, such as a CRD, do not count.
 */
function holdsProfile(side: Side): boolean {
  if (!namesProfile(side)) return false
  try {
    return parseProfiles(side.text).length > 0
  } catch (error) {
    if (!(error instanceof UserError)) throw error
    return !error.is('not-a-profile')
  }
}

function namesProfile(side: Side): side is Side & { kind: 'file' } {
  return side.kind === 'file' && /SCMP_ACT_[A-Z]|\bdefaultAction\b/.test(side.text)
}

function reviewedIn(
  file: ChangedFile,
  base: string,
  without: NamedProfile,
  options: ComparisonOptions,
): readonly ReviewedProfile[] {
  const { path, oldPath = path, before, after } = file
  if (before.kind === 'link' || after.kind === 'link')
    return [{ file: path, problem: `${path}: is a symbolic link or a submodule, which is not followed` }]
  try {
    const news = profilesOf(after, path)
    const { profiles: olds, unreadable } = baseProfilesOf(before, `${base}:${oldPath}`)
    // Kubernetes has objects of many kinds.
    if (olds.size === 0 && news.size === 0 && unreadable === undefined) return []
    // A single profile on each side is the same one, even if its name changed.
    const single = olds.size <= 1 && news.size <= 1
    const keys = single ? [undefined] : [...new Set([...news.keys(), ...olds.keys()])]
    return keys.map((key): ReviewedProfile => {
      const one = key === undefined ? [...olds.values()][0] : olds.get(key)
      const other = key === undefined ? [...news.values()][0] : news.get(key)
      const event = eventOf(file, one, other, unreadable)
      const named = (profile: ParsedProfile | undefined, name: string): NamedProfile =>
        profile === undefined ? without : { name, profile }
      const { status: _, ...found } = compared(named(one, oldPath), named(other, path), options, true)
      return {
        file: path,
        ...(key !== undefined && { title: key }),
        ...(event !== undefined && { event }),
        compared: found,
      }
    })
  } catch (error) {
    if (!(error instanceof UserError)) throw error
    const { line } = error.facts as { readonly line?: unknown }
    return [{ file: path, problem: error.message, ...(typeof line === 'number' && { line }) }]
  }
}

/** A profile that nobody could read was no profile: what replaces it is compared as a new one. */
function baseProfilesOf(
  side: Side,
  name: string,
): { readonly profiles: ReadonlyMap<string, ParsedProfile>; readonly unreadable?: string } {
  try {
    return { profiles: profilesOf(side, name) }
  } catch (error) {
    if (!(error instanceof UserError)) throw error
    return { profiles: new Map(), unreadable: error.message }
  }
}

/** The profiles by name. Repeated names get a number. */
function profilesOf(side: Side, name: string): ReadonlyMap<string, ParsedProfile> {
  const found = new Map<string, ParsedProfile>()
  if (side.kind !== 'file' || (!namesProfile(side) && /^\s*(?:---|apiVersion:|kind:|#)/m.test(side.text)))
    return found
  for (const profile of parseProfiles(side.text, { name })) {
    const title = profile.title ?? 'profile'
    let key = title
    for (let number = 2; found.has(key); number++) key = `${title} ${number}`
    found.set(key, profile)
  }
  return found
}

/**
 * What happens to a workload that names a new, deleted or renamed profile (docker run; kubelet, CreateContainerError).
 */
function eventOf(
  { path, oldPath }: ChangedFile,
  before: ParsedProfile | undefined,
  after: ParsedProfile | undefined,
  unreadable: string | undefined,
): string | undefined {
  if (unreadable !== undefined) {
    const why = `The base has no profile that can be read: ${unreadable}.`
    return after === undefined
      ? `Deleted. ${why} There is nothing to compare.`
      : `${why} Compared with the default of Docker, as a new profile is.`
  }
  if (before === undefined)
    return 'New: compared with the default of Docker, which a container has without a profile.'
  if (after === undefined)
    return 'Deleted: a workload that still names this profile does not start. Without the name it has the default of the engine, which is compared here; in Kubernetes it is unconfined unless the kubelet sets seccompDefault.'
  if (oldPath !== undefined)
    return `Renamed from ${oldPath}: a workload that names the old path does not start until it names ${path}.`
  return undefined
}
