// `verify`: runs a command under a profile and reports what was refused; --repair adds it. The command's streams are
// handled as in `trace`: stdout carries the report, and the command's own output only if the report goes elsewhere.
import { Option, type Command } from 'commander'
import { UserError } from '../errors.ts'
import { roundLine } from '../report/progress.ts'
import { refusalRecorders } from '../record/index.ts'
import { printReport } from '../report/formats.ts'
import type { Verified } from '../report/verification.ts'
import { verify, type Verification } from '../verify/index.ts'
import { verificationStatus } from './ending.ts'
import { mediumFor } from './medium.ts'
import { addLoadOptions, duration, loadOf, times } from './options.ts'
import { addReportOptions } from './report-option.ts'
import { checkOutput, isStdout, refuseInputs, writeOutput } from './output.ts'
import { loadProfile, profileWords } from './profiles.ts'
import { shown } from './progress.ts'
import { say } from './say.ts'
import { verifyUnderContext } from './verify-context.ts'
import { noticeSentence, type VerifyOptions } from './verify-options.ts'
import type { Declare, World } from './world.ts'

export const declare: Declare = (command, world, end) => {
  addReportOptions(command, 'verification')
  const runs = command
    .usage('[options] [PROFILE] -- CMD...')
    .argument('<profile>', profileWords)
    .argument('[cmd...]', 'docker, podman, nerdctl, runc or crun run, or any program')
    .passThroughOptions()
    .option('--context <file>', 'run under this security context (docker run, podman run)')
    .option('--minimize', 'with --context: run without each part, list what is refused')
    .option('--repair', 'add refused calls until none is refused; print the patch')
    .option('--widen', 'with --repair: also add calls beyond --within')
    .addOption(new Option('--runs <n>', 'number of runs under each profile').argParser(times).default(1))
    .addOption(new Option('--for <time>', 'end the command after 30s, 5m, 500ms …').argParser(duration))
  addLoadOptions(runs)
    .option('--within <profile>', 'the ceiling: a built-in, a file or none', 'docker')
    .addOption(
      new Option('--recorder <recorder>', 'which recorder sees refusals')
        .choices(['auto', ...refusalRecorders])
        .default('auto'),
    )
    .option('--no-new-privileges', 'run a plain command with no_new_privs')
    .option('-o, --output <file>', 'write the report, with --repair the profile, to a file')
    .addHelpText(
      'after',
      `
Returns the status of CMD, or 1 where CMD succeeded and calls were refused; 125
when seccomp-gen itself failed, 126 or 127 when CMD could not be run or found.

Examples:
  seccomp-gen verify app.json -- docker run --rm app:latest
  seccomp-gen verify --repair --runs 3 -o app.json app.json -- ./app --self-test
  seccomp-gen verify --load ./load.sh app.json -- docker run --rm app:latest
  seccomp-gen verify --context app.context.json app.json -- docker run --rm app`,
    )
    .action(async (profile: string, words: string[]) =>
      end(await verifyWords(profile, commandIn(words, command), command.opts<VerifyOptions>(), world)),
    )
}

/** The words of the command, after reading the options between the profile and the `--`. */
function commandIn(words: readonly string[], command: Command): readonly string[] {
  const [first = ''] = words
  const separator = words.indexOf('--')
  if (!first.startsWith('-') || separator <= 0) return words
  const { operands, unknown } = command.parseOptions(words.slice(0, separator))
  const [other] = [...unknown, ...operands]
  if (other !== undefined) throw new UserError('beside-profile', { word: other })
  return words.slice(separator)
}

async function verifyWords(
  word: string,
  words: readonly string[],
  options: VerifyOptions,
  world: World,
): Promise<number> {
  const { repair = false, widen = false, runs, output, within: ceiling } = options
  if (options.context !== undefined)
    return await verifyUnderContext(word, words, options.context, options, world)
  if (options.minimize === true) throw new UserError('minimize-without-context')
  // commander passes everything after the profile through, including the `--` before CMD.
  const [program, ...operands] = words[0] === '--' ? words.slice(1) : words
  if (program === undefined) throw new UserError('nothing-to-verify')
  if (words[0] !== '--' && program.startsWith('-'))
    throw new UserError('option-after-profile', { word: program })
  if (widen && !repair) throw new UserError('widen-without-repair')
  const load = loadOf(options)
  await checkOutput(output, world)
  // A repaired profile may take the place of the profile; a report may not.
  if (!repair) await refuseInputs(output, [word], world)
  const named = await loadProfile(word, world)
  const { profile, text } = named
  const within = ceiling === 'none' ? null : (await loadProfile(ceiling, world)).profile
  if (repair && output !== undefined && isStdout(output))
    throw new UserError('stdout-taken', { file: output, by: 'report' })
  const reportIsOnStdout = isStdout(output) || repair
  let round = 1
  const verifyIn = (world: World): Promise<Verification> =>
    verify({
      profile: text ?? profile,
      name: word,
      command: [program, ...operands],
      within,
      repair,
      widen,
      runs,
      noNewPrivileges: !options.newPrivileges,
      recorder: options.recorder,
      ...(options.for !== undefined && { for: options.for }),
      ...load,
      cwd: world.cwd,
      env: world.env,
      signals: world.signals,
      streams: reportIsOnStdout && !world.stdout.isTerminal ? 'to-stderr' : 'inherit',
      notice: (notice) => {
        if (notice.code === 'round') round++
        say(world, noticeSentence(notice))
      },
    })
  const verification = repair
    ? await shown(world, 'corner', (seconds) => roundLine(round, seconds), verifyIn)
    : await verifyIn(world)
  const verified: Verified = {
    ...verification,
    profile: word,
    ...(repair && output !== undefined && { written: output }),
    within: within === null ? undefined : ceiling,
  }
  const report = printReport(
    'verification',
    verified,
    options.report,
    mediumFor(repair ? undefined : output, world),
  )
  if (repair && output !== undefined) await writeOutput(verified.repair?.text ?? '', output, world)
  await writeOutput(report, repair ? undefined : output, world)
  return verificationStatus(verified)
}
