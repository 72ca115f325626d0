// `diff`: prints what changes in meaning between two profiles, for people and for git as its external diff
// (GIT_EXTERNAL_DIFF, diff.NAME.command).
import { Option } from 'commander'
import { resolve } from 'node:path'
import { UserError } from '../errors.ts'
import { intersectProfiles, likelyMaker, mergeProfiles } from '../meaning/index.ts'
import { printProfile } from '../print/profile.ts'
import { parseProfile } from '../profile/parse.ts'
import { isScan } from '../read/own-results.ts'
import { printReport, type FormatName } from '../report/formats.ts'
import { escapeMarkdown, escapeTerminal } from '../report/escape.ts'
import type { Reachable } from '../scan/reachable.ts'
import { statLines } from '../report/review-lines.ts'
import { addAppliedOptions, heldProfile, isApplied, type AppliedWords } from './applied.ts'
import { addComparisonOptions, compared, type ComparisonOptions } from './compared.ts'
import { contextOptionsFrom, hostOf } from './context.ts'
import { gitPair, type GitPair } from './git-diff.ts'
import { outputOption } from './document-options.ts'
import { mediumFor } from './medium.ts'
import { addReportOptions } from './report-option.ts'
import { checkOutput, refuseInputs, writeOutput } from './output.ts'
import {
  loadProfile,
  parsedGiven,
  profileWords,
  readGiven,
  type Given,
  type NamedProfile,
} from './profiles.ts'
import { say } from './say.ts'
import { readText } from './texts.ts'
import type { Declare, World } from './world.ts'

interface DiffFlags extends ComparisonOptions, AppliedWords {
  readonly report: FormatName
  readonly stat?: true
  readonly quiet?: true
  readonly intersect?: true
  readonly merge?: true
  readonly output?: string
}

export const declare: Declare = (command, world, end) => {
  addReportOptions(command, 'changes')
  command
    .usage('[options] <base> <head>\n       seccomp-gen diff <base> --pid N | --container NAME | --pod NAME')
    .argument('<base>', profileWords)
    .argument('[head]', 'the same')
    .allowExcessArguments()
    .addOption(new Option('--stat', 'the verdict and the numbers only').conflicts('report'))
    .option('-q, --quiet', 'print nothing; the status has the result')
    .addOption(
      new Option('--intersect', 'print one profile of what both allow; on stderr what HEAD loses').conflicts([
        'merge',
        'contexts',
      ]),
    )
    .addOption(
      new Option('--merge', 'print one profile of what either allows; on stderr what HEAD gains').conflicts(
        'contexts',
      ),
    )
    .addOption(outputOption('the report or the profile'))
  addAppliedOptions(
    addComparisonOptions(command, 'any'),
    'Instead of <head>, the filters that the kernel has for:',
  )
    .addHelpText(
      'after',
      '\nExamples:\n  seccomp-gen diff docker app.json\n  seccomp-gen diff docker --container web\n  seccomp-gen diff --fail-on wider origin/main:app.json app.json\n  seccomp-gen diff --intersect containerd@1.6.20 app.json -o left.json\n  git -c diff.seccomp.command="seccomp-gen diff --" diff',
    )
    .action(async (_base: string, _head: string | undefined, options: DiffFlags) => {
      const failOnGiven = command.getOptionValueSource('failOn') === 'cli'
      end(await diff(command.args, options, failOnGiven, world))
    })
}

async function diff(
  words: readonly string[],
  options: DiffFlags,
  failOnGiven: boolean,
  world: World,
): Promise<number> {
  const [base, head] = words
  if (isApplied(options)) {
    if (base === undefined || head !== undefined || options.intersect || options.merge)
      throw new UserError('diff-applied-operands')
    await checkOutput(options.output, world)
    return diffApplied(await loadProfile(base, world), options, failOnGiven, world)
  }
  if (words.length === 2 && base !== undefined && head !== undefined) {
    if (base === '-' && head === '-') throw new UserError('stdin-twice')
    await checkOutput(options.output, world)
    const isProfile = options.intersect !== undefined || options.merge !== undefined
    if (!isProfile) await refuseInputs(options.output, [base, head], world)
    const given = [await readGiven(base, world), await readGiven(head, world)] as const
    if (given[0].text !== undefined && isScan(given[0].text)) {
      if (given[1].text === undefined || !isScan(given[1].text))
        throw new UserError('scan-with-other', { file: given[1].name })
      return diffScans(given, options, world)
    }
    const [one, other] = [parsedGiven(given[0]), parsedGiven(given[1])]
    if (isProfile) return combine(one, other, options, failOnGiven, world)
    const { text, status } = reported(one, other, options, failOnGiven, world)
    if (options.quiet === undefined) await writeOutput(text, options.output, world)
    return status
  }
  if (options.intersect !== undefined || options.merge !== undefined) throw new UserError('diff-operands')
  const pair = gitPair(words, world.env)
  if (pair === undefined) throw new UserError('diff-operands')
  if (options.output !== undefined) throw new UserError('stdout-taken', { file: options.output, by: 'git' })
  const { text, status } = await gitDiff(pair, options, failOnGiven, world)
  if (options.quiet === undefined) world.stdout.write(text)
  // git stops at a status other than 0 unless diff.NAME.trustExitCode is set. A user who sets it also gives --fail-on.
  return failOnGiven ? status : 0
}

/**
 * Compares a profile with a process's filters, by default with its capabilities, its kernel and the likeliest maker.
 */
async function diffApplied(
  one: NamedProfile,
  options: DiffFlags,
  failOnGiven: boolean,
  world: World,
): Promise<0 | 1> {
  const { applied, kernel, ...held } = await heldProfile(options, world)
  const given = { kernel, ...options }
  const isMakerGiven = options.runtime !== undefined || options.libseccomp !== undefined
  const base = { ...one, ...(held.capabilities && { capabilities: held.capabilities }) }
  const maker = isMakerGiven
    ? {}
    : likelyMaker(applied, one.profile, contextOptionsFrom(given, applied.host, base.capabilities))
  const { runtime, libseccomp } = maker
  if (runtime !== undefined || libseccomp !== undefined) {
    const as = [runtime, libseccomp && `libseccomp ${libseccomp}`].filter(Boolean).join(' with ')
    say(world, `${one.name} is read as by ${as}, which comes nearest (--runtime, --libseccomp)`)
  }
  const { text, status } = reported(base, held, { ...given, ...maker }, failOnGiven, world)
  if (options.quiet === undefined) await writeOutput(text, options.output, world)
  return status
}

/** Compares two scans, as `scan --report json` prints them. */
async function diffScans(given: readonly Given[], options: DiffFlags, world: World): Promise<number> {
  const { report, failOn, intersect, merge } = options
  const combined = intersect === true ? '--intersect' : merge === true ? '--merge' : undefined
  const form = report === 'text' || report === 'json' || report === 'markdown' ? report : undefined
  if (form === undefined || combined !== undefined)
    throw new UserError('not-of-scans', { option: combined ?? `--report ${report}` })
  const { parseReachable } = await import('../scan/reachable.ts')
  const [base, head] = given.map(({ name, text = '' }) => parseReachable(text, name)) as [
    Reachable,
    Reachable,
  ]
  const { compareScans, scanChangesReport, scanDirections, scanStatLine } =
    await import('../report/scan-changes.ts')
  const comparison = compareScans(base, head, options.arch)
  const text = options.stat === undefined ? scanChangesReport(comparison, form) : scanStatLine(comparison)
  if (options.quiet === undefined) await writeOutput(text, options.output, world)
  const directions = scanDirections(comparison)
  const counts = failOn === 'any' ? directions.size > 0 : directions.has('wider')
  return failOn !== 'never' && counts ? 1 : 0
}

interface Report {
  readonly text: string
  readonly status: 0 | 1
}

/**
 * Compares the two sides of git's external diff. A new or removed profile is compared with Docker's default, which a
 * container has without a profile. A file that is not a profile is reported as such, and refused if --fail-on was
 * given.
 */
async function gitDiff(
  { path, newPath, before, after }: GitPair,
  options: DiffFlags,
  strict: boolean,
  world: World,
): Promise<Report> {
  const forPeople = options.report === 'text' || options.report === 'markdown'
  const line = (text: string): string =>
    !forPeople
      ? ''
      : options.report === 'markdown'
        ? `### ${escapeMarkdown(text)}\n\n`
        : `${escapeTerminal(text)}\n`
  if (before === undefined && after === undefined) {
    return { text: line(`${path}: unmerged, not compared`), status: 0 }
  }
  const side = async (file: string | undefined, prefix: string, name: string): Promise<NamedProfile> => {
    if (file === undefined) return loadProfile('docker', world)
    const text = await readText(resolve(world.cwd, file), world)
    return { name: `${prefix}/${name}`, profile: parseProfile(text, { name }) }
  }
  try {
    const one = await side(before, 'a', path)
    const other = await side(after, 'b', newPath)
    const what =
      before === undefined
        ? `${newPath}: new; compared with what docker applies without a profile`
        : after === undefined
          ? `${path}: removed; what docker applies without a profile is compared with it`
          : path === newPath
            ? path
            : `${path}, now ${newPath}`
    const { text, status } = reported(one, other, options, strict, world)
    return { text: `${line(what)}${text}`, status }
  } catch (error) {
    if (strict || !(error instanceof UserError)) throw error
    return { text: line(`${newPath}: not compared: ${error.message}`), status: 0 }
  }
}

/** Prints one profile that answers as both together, and on stderr how HEAD's answers change. */
async function combine(
  one: NamedProfile,
  other: NamedProfile,
  options: DiffFlags,
  failOnGiven: boolean,
  world: World,
): Promise<0 | 1> {
  const host = hostOf(options.arch)
  const context = contextOptionsFrom(options, host, one.capabilities ?? other.capabilities)
  const make = options.intersect === undefined ? mergeProfiles : intersectProfiles
  const { document, profile } = make([one.profile, other.profile], context)
  await writeOutput(printProfile(document), options.output, world)
  const result = { name: options.intersect === undefined ? 'both merged' : 'both together', profile }
  const { text, status } = reported(
    { ...other, ...(one.capabilities && { capabilities: one.capabilities }) },
    result,
    options,
    failOnGiven,
    { ...world, stdout: world.stderr },
  )
  if (options.quiet === undefined) world.stderr.write(text)
  return status
}

function reported(
  one: NamedProfile,
  other: NamedProfile,
  options: DiffFlags,
  failOnGiven: boolean,
  world: World,
): Report {
  const { status, ...found } = compared(one, other, options, failOnGiven)
  const medium = mediumFor(options.output, world)
  const text =
    options.stat === undefined
      ? printReport('changes', found, options.report, medium)
      : `${statLines(found, medium.screen).join('\n')}\n`
  return { text, status }
}
