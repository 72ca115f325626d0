// The second half of `generate` and `trace`: observations to a profile, printed in the dialect asked for, and the
// policy with its reasons beside it. The options are the same in both.
import { Option, type Command } from 'commander'
import type { Architecture } from '../abi/architectures.ts'
import { UserError } from '../errors.ts'
import type { Observations } from '../observe/index.ts'
import { derivePolicy, printPolicy, versionFloor, type FloorChoice } from '../policy/index.ts'
import type { Dialect } from '../profile/document.ts'
import { printPolicyAs } from '../profile/index.ts'
import { notMeasuredSentence } from '../report/findings.ts'
import { archOption, outputOption, runtimeOption } from './options.ts'
import { checkOutput, refuseSame, writeOutput } from './output.ts'
import { say } from './say.ts'
import type { World } from './world.ts'

export interface ProfileOptions {
  readonly arch?: readonly Architecture[]
  readonly runtime: FloorChoice
  /** commander makes `newPrivileges: false` of --no-new-privileges. */
  readonly newPrivileges: boolean
  readonly as: Dialect
  readonly defaultAction: 'errno' | 'kill-process' | 'log'
  readonly allowClone3?: true
  readonly explain?: string
  readonly output?: string
}

export function addProfileOptions(command: Command): Command {
  return command
    .addOption(archOption('architecture the profile is for, repeatable; default: those seen'))
    .addOption(runtimeOption('container runtime whose own calls are added').default('all'))
    .option('--no-new-privileges', 'the container runs with no_new_privs')
    .addOption(
      new Option('--as <dialect>', 'what to print')
        .choices(['oci', 'docker', 'spo', 'kubernetes'])
        .default('oci'),
    )
    .addOption(
      new Option('--default-action <action>', 'what every other call gets')
        .choices(['errno', 'kill-process', 'log'])
        .default('errno'),
    )
    .option('--allow-clone3', 'allow clone3 instead of making libc fall back to clone')
    .option('--explain <file>', 'write the policy with the reason of every rule to a file')
    .addOption(outputOption('the profile'))
}

/** Throws a UserError where a result could not be written: before the work is done. */
export async function checkProfileOutputs(options: ProfileOptions, world: World): Promise<void> {
  if (toStdout(options.explain) && options.explain !== undefined && toStdout(options.output)) {
    throw new UserError('--explain - and the profile cannot both go to standard output: give -o FILE')
  }
  await checkOutput(options.explain, world)
  await checkOutput(options.output, world)
  refuseSame([options.output, options.explain], world)
}

/** Derives the profile and writes it, and the explanation before it. */
export async function writeProfile(
  observations: Observations,
  options: ProfileOptions,
  world: World,
): Promise<void> {
  sayNotMeasured(options, world)
  const policy = derivePolicy(observations, {
    ...(options.arch && { architectures: options.arch }),
    runtime: options.runtime,
    noNewPrivileges: !options.newPrivileges,
    defaultAction: options.defaultAction,
    allowClone3: options.allowClone3 ?? false,
  })
  const text = printPolicyAs(policy, options.as)
  if (options.explain !== undefined) await writeOutput(printPolicy(policy), options.explain, world)
  await writeOutput(text, options.output, world)
}

/** A version of a runtime that nobody measured has the calls of others: that is never done silently. */
function sayNotMeasured({ runtime: choice, newPrivileges }: ProfileOptions, world: World): void {
  if (choice === 'all' || choice === 'none') return
  const { runtime, version, measured, published } = versionFloor(choice, !newPrivileges)
  if (version === undefined || measured.includes(version)) return
  say(world, notMeasuredSentence(`${runtime} ${version}`, `${runtime} ${measured.join(' and ')}`, published))
}

function toStdout(file: string | undefined): boolean {
  return file === undefined || file === '-'
}
