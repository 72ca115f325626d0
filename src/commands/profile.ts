// The second half of `generate` and `trace`: turns observations into a profile, prints it in the requested dialect, and
// writes the policy with its reasons. Both commands share these options.
import { InvalidArgumentError, Option, type Command } from 'commander'
import { assumedHost, commonHosts, hostNames, type Architecture } from '../abi/architectures.ts'
import { scalars } from '../abi/scalars.ts'
import { UserError } from '../errors.ts'
import { makeMeaning } from '../meaning/index.ts'
import type { Observations } from '../observe/index.ts'
import {
  beyondChoices,
  conditionsChoices,
  defaultActionNames,
  derivePolicy,
  isFloorMeasured,
  partNames,
  unseenChoices,
  versionFloor,
  type BeyondChoice,
  type FloorChoice,
  type PartName,
  type Policy,
  type PolicyOptions,
  type PolicyRule,
  type UnseenChoice,
} from '../policy/index.ts'
import { printPolicy, printPolicyAs } from '../print/index.ts'
import { printedForms, type PrintedForm } from '../print/printed-forms.ts'
import { ceilingLines } from '../report/ceiling.ts'
import { contentsLine } from '../report/contents.ts'
import { inferredFloorSentence, notMeasuredSentence } from '../report/findings.ts'
import { addHostOptions, capabilitiesFrom, contextFrom, type ContextWords } from './context.ts'
import { archOption, outputOption, runtimeOption } from './options.ts'
import { checkOutput, isStdout, refuseSame, writeOutput } from './output.ts'
import { loadProfile, type NamedProfile } from './profiles.ts'
import { mergeReachable, type Reachable } from '../scan/reachable.ts'
import { coverage, readReachable } from './reachable.ts'
import { say } from './say.ts'
import { shownName } from './file-name.ts'
import type { World } from './world.ts'

export interface ProfileOptions extends Pick<ContextWords, 'cap' | 'kernel'> {
  readonly arch?: readonly Architecture[]
  readonly runtime: FloorChoice
  /** commander turns --no-new-privileges into `newPrivileges: false`. */
  readonly newPrivileges: boolean
  readonly as: PrintedForm
  readonly defaultAction: 'errno' | 'kill-process' | 'log'
  readonly logRefusals?: true
  readonly allowClone3?: true
  readonly within: readonly string[]
  readonly conditions: 'none' | 'within' | 'observed'
  readonly beyond: BeyondChoice
  readonly reachable?: readonly string[]
  readonly unseen?: UnseenChoice
  readonly margin: 'none' | 'libc'
  readonly with?: readonly PartName[]
  readonly explain?: string
  /** The name of Kubernetes objects. */
  readonly name?: string
  readonly recording?: string
  readonly image?: readonly string[]
  readonly output?: string
}

const defaultCeiling: readonly string[] = ['docker']
const isDefault = (words: readonly string[] | undefined): words is undefined =>
  words === undefined || words === defaultCeiling

/** Whether the user named no ceiling. */
export const isDefaultCeiling = ({ within }: Pick<ProfileOptions, 'within'>): boolean => isDefault(within)

/** The profiles that bound the result. */
export type CeilingChoice = 'none' | readonly NamedProfile[]

export function addProfileOptions(command: Command): Command {
  const all = command
    .optionsGroup('The profile:')
    .addOption(archOption('architectures'))
    .addOption(runtimeOption('add the calls of a runtime:').default('all'))
    .option('--no-new-privileges', 'the container runs with no_new_privs')
    .addOption(new Option('--as <form>', 'format of the output').choices(printedForms).default('oci'))
    .addOption(
      new Option('--default-action <action>', 'answer to all other calls')
        .choices(defaultActionNames)
        .default('errno'),
    )
    .option('--log-refusals', 'the kernel logs what the profile refuses (runc 1.2.0, crun 0.9)')
    .option('--allow-clone3', 'allow clone3 (default: ENOSYS, so that libc uses clone)')
    .addOption(
      new Option(
        '--within <profile>',
        'ceiling, exceeded only by seen calls: a built-in, a file or none; repeatable',
      )
        .argParser((word, words: readonly string[] | undefined) => [...(isDefault(words) ? [] : words), word])
        .default(defaultCeiling, 'docker'),
    )
    .addOption(
      new Option('--conditions <conditions>', 'conditions on arguments')
        .choices(conditionsChoices)
        .default('within'),
    )
    .addOption(
      new Option('--beyond <beyond>', 'calls seen beyond --within: seen allows them unless only refused')
        .choices(beyondChoices)
        .default('seen'),
    )
    .addOption(
      new Option(
        '--reachable <file>',
        'calls that the code can make, from scan --report json; repeatable',
      ).argParser((word: string, before: readonly string[] = []) => [...before, word]),
    )
    .addOption(
      new Option(
        '--unseen <unseen>',
        'answer to calls that are reachable and unseen (default refuse)',
      ).choices(unseenChoices),
    )
    .addOption(
      new Option('--margin <margin>', 'calls that libc makes on rare paths, within --within')
        .choices(['none', 'libc'])
        .default('libc'),
    )
    .addOption(
      new Option('--with <parts>', 'add other programs of the container: exec,init,tty').argParser(
        (word: string, before: readonly PartName[] = []) => [...before, ...partsIn(word)],
      ),
    )
    .option('--explain <file>', 'write the reason of every rule to a file')
    .addOption(outputOption('the profile'))
  return addHostOptions(all)
}

function partsIn(words: string): readonly PartName[] {
  return words.split(',').map((word) => {
    const part = partNames.find((each) => each === word)
    if (part === undefined) throw new InvalidArgumentError(`Allowed choices are ${partNames.join(', ')}.`)
    return part
  })
}

/** Throws a UserError if a result cannot be written. Called before the work. `others`: further results. */
export async function checkProfileOutputs(
  options: ProfileOptions,
  world: World,
  others: readonly (string | undefined)[] = [],
): Promise<void> {
  if (options.explain !== undefined && isStdout(options.explain) && isStdout(options.output)) {
    throw new UserError('stdout-taken', { file: options.explain, by: 'profile' })
  }
  await checkOutput(options.explain, world)
  await checkOutput(options.output, world)
  await refuseSame([options.output, options.explain, ...others], world)
}

/** Reads the requested ceilings. Throws a UserError for a ceiling that is unreadable or that runtimes refuse. */
export async function readCeiling(options: ProfileOptions, world: World): Promise<CeilingChoice> {
  if (options.within.includes('none')) {
    if (options.within.length > 1) throw new UserError('within-none-alone')
    return 'none'
  }
  const ceilings: NamedProfile[] = []
  for (const word of options.within) {
    if (word === '-') throw new UserError('stdin-taken', { of: 'traces' })
    const ceiling = await loadProfile(word, world)
    for (const architecture of commonHosts)
      makeMeaning(ceiling.profile, contextFrom(hostOf(options), architecture, ceiling.capabilities))
    ceilings.push(ceiling)
  }
  return ceilings
}

/**
 * The arguments to read, by call: those in the ceilings' conditions; with `observed` also all that conditions can name.
 */
export function argumentsOf(
  ceilings: CeilingChoice,
  { conditions }: Pick<ProfileOptions, 'conditions'>,
): ReadonlyMap<string, readonly number[]> {
  const spoken = new Map<string, readonly number[]>()
  const speak = (call: string, index: number): void =>
    void spoken.set(call, [...(spoken.get(call) ?? []), index])
  if (conditions === 'observed') for (const { call, index } of scalars) speak(call, index)
  if (conditions === 'none' || ceilings === 'none') return spoken
  for (const { names, args = [] } of ceilings.flatMap(({ profile }) => profile.profile.syscalls))
    for (const name of names) for (const { index } of args) speak(name, index)
  return spoken
}

/** The host's options without --runtime, which chooses a floor in these commands. */
function hostOf({ cap, kernel }: ProfileOptions): ContextWords {
  return { ...(cap && { cap }), ...(kernel !== undefined && { kernel }) }
}

export interface Written {
  /** 1 if the profile lacks a seen call. */
  readonly status: 0 | 1
  /** The last line to print: what the profile contains, and its file. */
  readonly contents: string
}

/** Derives the profile and writes the explanation, then the profile. */
export async function writeProfile(
  observations: Observations,
  options: ProfileOptions,
  within: CeilingChoice,
  world: World,
  scanned?: { readonly reachable: Reachable; readonly alone?: boolean },
): Promise<Written> {
  const given = await readReachable(options.reachable, world)
  const reachable =
    scanned === undefined
      ? given
      : given === undefined
        ? scanned.reachable
        : mergeReachable(scanned.reachable, given)
  if (reachable === undefined && options.unseen !== undefined) throw new UserError('unseen-without-scan')
  const fromScan = scanned?.alone === true
  const capabilities = capabilitiesFrom(options.cap)
  sayNotMeasured(options, world)
  const settings: PolicyOptions = {
    ...(options.arch && { architectures: options.arch }),
    runtime: options.runtime,
    noNewPrivileges: !options.newPrivileges,
    defaultAction: options.defaultAction,
    logRefusals: options.logRefusals ?? false,
    allowClone3: options.allowClone3 ?? false,
    within,
    conditions: options.conditions,
    beyond: options.beyond,
    margin: options.margin,
    ...(options.with && { with: options.with }),
    ...(reachable && { reachable, unseen: options.unseen ?? (fromScan ? 'allow' : 'refuse'), fromScan }),
    ...(capabilities && { capabilities }),
    ...(options.kernel !== undefined && { kernel: options.kernel }),
  }
  const policy = derivePolicy(observations, settings)
  if (!fromScan && !policy.rules.some(isOfCall)) throw new UserError('only-refusals')
  const text = printPolicyAs(policy, options.as, {
    ...(options.name !== undefined && { name: options.name }),
    ...(options.recording !== undefined && { recording: options.recording }),
    ...(options.image !== undefined && { images: options.image }),
    observations,
  })
  if (options.explain !== undefined) await writeOutput(printPolicy(policy), options.explain, world)
  await writeOutput(text, options.output, world)
  for (const line of ceilingLines(policy)) say(world, line)
  if (policy.logsRefusals && (options.runtime === 'all' || options.runtime === 'none'))
    say(world, 'the profile has flags: runc before 1.2.0 and crun before 0.9 start no container with it')
  sayInferredFloors(policy, world)
  if (reachable !== undefined && !fromScan)
    for (const line of coverage(reachable, observations, settings)) say(world, line)
  return {
    status: policy.left.some(({ why }) => why === 'not-within') ? 1 : 0,
    contents: contentsLine(
      policy,
      options.output === undefined || isStdout(options.output) ? undefined : shownName(options.output),
    ),
  }
}

/** Whether a rule lets a call through because it was seen, or does so for another architecture. */
function isOfCall({ action, because }: PolicyRule): boolean {
  return action.type !== 'errno' && because.some(({ kind }) => kind === 'seen' || kind === 'equivalent')
}

/** Says if a floor was translated from another host. */
function sayInferredFloors({ rules }: Policy, world: World): void {
  const withFloor = rules.filter(({ because }) => because.some(({ kind }) => kind === 'floor'))
  const inferred = hostNames.filter(
    (host) => !isFloorMeasured(host) && withFloor.some(({ architectures }) => architectures.includes(host)),
  )
  if (inferred.length > 0) say(world, inferredFloorSentence(inferred, assumedHost))
}

/** Says if the named version of a runtime was not measured, so that other versions stand in for it. */
function sayNotMeasured({ runtime: choice, newPrivileges }: ProfileOptions, world: World): void {
  if (choice === 'all' || choice === 'none') return
  const { runtime, version, measured, published } = versionFloor(choice, !newPrivileges)
  if (version === undefined || measured.includes(version)) return
  say(world, notMeasuredSentence(`${runtime} ${version}`, `${runtime} ${measured.join(' and ')}`, published))
}
