// `harden`: reads observations and prints the security context of each container.
import { InvalidArgumentError, Option } from 'commander'
import { UserError } from '../errors.ts'
import {
  hardenAs,
  isContext,
  parseContext,
  type HardenOptions,
  type SecurityContext,
} from '../harden/index.ts'
import type { Observations } from '../observe/index.ts'
import { contextForms, patchManifest, printContextAs, type ContextForm } from '../print/context/index.ts'
import { plural } from '../report/account.ts'
import { contextReport } from '../report/context.ts'
import { outputOption } from './options.ts'
import { checkOutput, writeOutput } from './output.ts'
import { quadletFiles } from './quadlet-files.ts'
import { readInputs } from './read.ts'
import { say } from './say.ts'
import { readText } from './texts.ts'
import type { Declare, World } from './world.ts'

interface HardenFlags {
  readonly as: ContextForm | 'text'
  readonly container?: string
  readonly user?: NonNullable<HardenOptions['user']>
  readonly image?: string
  readonly seccomp?: string
  readonly patch?: string
  readonly output?: string
}

export const declare: Declare = (command, world, end) => {
  command
    .argument(
      '[file...]',
      'observations with evidence, traces of strace, or one context that harden --as json printed, -',
    )
    .addOption(
      new Option('--as <form>', 'format of the output').choices(['text', ...contextForms]).default('text'),
    )
    .option('--container <name>', 'print this container only')
    .addOption(
      new Option(
        '--user <uid[:gid]>',
        'start as this user; list what root did and this user may not',
      ).argParser(userWord),
    )
    .option('--image <name>', 'name of the image in the output (default: IMAGE, to be replaced)')
    .option('--seccomp <file>', 'name of the seccomp profile in the output')
    .addOption(
      new Option('--patch <manifest>', 'write the context into a Kubernetes, compose or quadlet file')
        .argParser((word: string, before: string | undefined) => {
          if (before !== undefined) throw new InvalidArgumentError('Give one manifest.')
          return word
        })
        .conflicts('as'),
    )
    .addOption(outputOption('the result'))
    .addHelpText(
      'after',
      '\nExamples:\n  seccomp-gen trace --observations web.json -o app.json -- docker run web\n  seccomp-gen harden web.json --as kubernetes\n  seccomp-gen harden web.json --user 33 --patch deployment.yaml',
    )
    .action(async (files: string[], options: HardenFlags) => end(await harden(files, options, world)))
}

/** `33` or `33:33`. Ids have 32 bits, and the largest number is not an id. */
function userWord(word: string): NonNullable<HardenOptions['user']> {
  const [, uid, gid] = /^(\d{1,10})(?::(\d{1,10}))?$/.exec(word) ?? []
  const isId = (digits: string): boolean => Number(digits) < 0xffffffff
  if (uid === undefined || !isId(uid) || (gid !== undefined && !isId(gid)))
    throw new InvalidArgumentError('Give numbers, such as 33 or 33:33.')
  return { uid: Number(uid), ...(gid === undefined ? {} : { gid: Number(gid) }) }
}

async function harden(files: readonly string[], options: HardenFlags, world: World): Promise<number> {
  const { patch, output, as } = options
  if (patch === '-') throw new UserError('manifest-from-stdin')
  await checkOutput(output ?? patch, world)
  const { context, observations, refused = 0 } = await contextOf(files, options, world)
  // With --user the status shows that something would be refused to that user.
  const status = refused > 0 ? 1 : 0
  const printing = {
    ...(options.image === undefined ? {} : { image: options.image }),
    ...(options.seccomp === undefined ? {} : { seccomp: options.seccomp }),
  }
  if (patch !== undefined) {
    const manifest = await readText(patch, world)
    const beside = await quadletFiles(manifest, patch, world)
    const result = patchManifest(manifest, patch, context, { ...printing, ...beside })
    await writeOutput(result.text, output ?? patch, world)
    say(world, `patched: ${result.patched.join(', ')}`)
    if (result.unprivileged.length > 0) say(world, `no longer privileged: ${result.unprivileged.join(', ')}`)
    if (result.unconfined.length > 0)
      say(world, `still without a seccomp filter (--seccomp gives one): ${result.unconfined.join(', ')}`)
    if (result.inherited.length > 0)
      say(world, `still from what they extend, where lists add up: ${result.inherited.join(', ')}`)
    if (result.overridden.length > 0)
      say(world, `drop-ins that win over the context: ${result.overridden.join(', ')}`)
    if (result.hostSysctls.length > 0)
      say(world, `for containers on its network, set on the host: ${result.hostSysctls.join(', ')}`)
    if (result.left.length > 0) say(world, `without evidence, left as they are: ${result.left.join(', ')}`)
    if (result.unused.length > 0) say(world, `not in ${patch}: ${result.unused.join(', ')}`)
    if (refused > 0)
      say(
        world,
        `${plural(refused, 'open or change', 'opens and changes')} of root would be refused to this user: harden without --patch lists them`,
      )
    return status
  }
  const text = as === 'text' ? contextReport(context) : printContextAs(context, as, printing, observations)
  await writeOutput(text, output, world)
  return status
}

/** Reads a context, or derives one from observations. Throws a UserError for other files. */
async function contextOf(
  files: readonly string[],
  { container, user }: HardenFlags,
  world: World,
): Promise<{
  readonly context: SecurityContext
  readonly observations?: Observations
  readonly refused?: number
}> {
  const [only, ...others] = files
  if (only !== undefined && others.length === 0 && only !== '-') {
    const text = await readText(only, world).catch(() => '')
    if (isContextText(text)) {
      if (user !== undefined) throw new UserError('form-needs-observations', { form: '--user' })
      return { context: chosen(parseContext(text, only), container) }
    }
  }
  const observations = await readInputs(files, world, { context: true })
  const options = {
    ...(container === undefined ? {} : { container }),
    ...(user === undefined ? {} : { user }),
  }
  return { ...hardenAs(observations, options), observations }
}

function isContextText(text: string): boolean {
  try {
    return isContext(JSON.parse(text))
  } catch {
    return false
  }
}

function chosen(context: SecurityContext, name: string | undefined): SecurityContext {
  if (name === undefined) return context
  const containers = context.containers.filter((each) => each.name === name)
  if (containers.length === 0)
    throw new UserError('container-not-in-input', {
      name,
      names: context.containers.map((each) => each.name),
    })
  return { version: 1, containers }
}
