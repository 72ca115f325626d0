// `verify --context`: runs a container under a security context, with or without a profile, and reports what the
// context refused. --repair adds it; --minimize reports what each capability is for.
import { UserError } from '../errors.ts'
import { parseContext, printContext } from '../harden/index.ts'
import { printReport } from '../report/formats.ts'
import { unifiedDiff } from '../report/unified.ts'
import { escapedLines, noProfile, type Verified } from '../report/verification.ts'
import { verifyContext } from '../verify/context/index.ts'
import { verificationStatus } from './ending.ts'
import { loadOf } from './options.ts'
import { mediumFor } from './medium.ts'
import { checkOutput, isStdout, writeOutput } from './output.ts'
import { loadProfile } from './profiles.ts'
import { say } from './say.ts'
import { readText } from './texts.ts'
import { noticeSentence, type VerifyOptions } from './verify-options.ts'
import type { World } from './world.ts'

export async function verifyUnderContext(
  word: string,
  words: readonly string[],
  file: string,
  options: VerifyOptions,
  world: World,
): Promise<number> {
  const { repair = false, minimize = false, widen = false, runs, output, within: ceiling } = options
  // After a profile the words still begin with `--`; without a profile commander has removed it.
  const hasProfile = words[0] === '--'
  const [program, ...operands] = hasProfile ? words.slice(1) : [word, ...words]
  if (program === undefined) throw new UserError('nothing-to-verify')
  await checkOutput(output, world)
  const before = await readText(file, world)
  const named = hasProfile ? await loadProfile(word, world) : undefined
  const within = ceiling === 'none' ? null : (await loadProfile(ceiling, world)).profile
  const changes = repair || minimize
  if (changes && output !== undefined && isStdout(output))
    throw new UserError('stdout-taken', { file: output, by: 'report' })
  const reportIsOnStdout = isStdout(output) || changes
  const given = parseContext(before, file)
  const verification = await verifyContext({
    context: given,
    ...(named && { profile: named.text ?? named.profile, name: word }),
    command: [program, ...operands],
    within,
    repair,
    widen,
    minimize,
    runs,
    ...(options.for !== undefined && { for: options.for }),
    ...loadOf(options),
    cwd: world.cwd,
    env: world.env,
    signals: world.signals,
    streams: reportIsOnStdout && !world.stdout.isTerminal ? 'to-stderr' : 'inherit',
    notice: (notice) => say(world, noticeSentence(notice)),
  })
  const verified: Verified = {
    ...verification,
    profile: hasProfile ? word : noProfile,
    contextName: file,
    within: within === null ? undefined : ceiling,
  }
  const medium = mediumFor(changes ? undefined : output, world)
  const report = printReport('verification', verified, options.report, medium)
  const document = printContext(verification.context.document)
  if (changes && output !== undefined) await writeOutput(document, output, world)
  const name = file.replace(/^\//, '')
  const patch = unifiedDiff(printContext(given), document, [`a/${name}`, `b/${name}`])
  const more = changes && options.report === 'text' ? escapedLines(patch) : ''
  await writeOutput(report + more, changes ? undefined : output, world)
  return verificationStatus(verified)
}
