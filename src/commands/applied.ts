// `--pid`, `--container` and `--pod` in place of a profile: the filters of a running process, read from the kernel. The
// profile that they came from need not be known.
import { Option, type Command } from 'commander'
import { assumedHost, hostOfNode } from '../abi/architectures.ts'
import { UserError } from '../errors.ts'
import {
  answerOfPrograms,
  appliedFilter,
  appliedProfile,
  decodeProgram,
  type AppliedFilter,
  type BpfProgram,
  type Meaning,
} from '../meaning/index.ts'
import { processId } from './process-id.ts'
import type { NamedProfile } from './profiles.ts'
import { say } from './say.ts'
import type { World } from './world.ts'

export interface AppliedWords {
  readonly pid?: number
  readonly container?: string
  readonly pod?: string
  readonly cri?: string
}

export function addAppliedOptions(
  command: Command,
  title = 'Instead of a profile, the filters that the kernel has for:',
): Command {
  return command
    .optionsGroup(title)
    .addOption(new Option('--pid <n>', 'the filters of a running process').argParser(processId))
    .option('--container <name>', 'the filters of a running container')
    .option('--pod <name>', 'NAMESPACE/POD[/CONTAINER] of this node')
    .option('--cri <socket>', 'the node’s container runtime (default: as crictl finds it)')
}

export const isApplied = ({ pid, container, pod }: AppliedWords): boolean =>
  pid !== undefined || container !== undefined || pod !== undefined

/** The answers of a process's filters. Prints how many there are. Throws UserError if they cannot be read. */
export async function appliedAnswers(words: AppliedWords, world: World): Promise<Pick<Meaning, 'answer'>> {
  const { programs } = await programsOf(words, world)
  return { answer: (...call) => answerOfPrograms(programs, ...call) }
}

/** The filters of a process in place of a profile, and its capabilities. Throws as appliedAnswers does. */
export async function heldProfile(
  words: AppliedWords,
  world: World,
): Promise<NamedProfile & { readonly applied: AppliedFilter; readonly kernel: string }> {
  const { pid, programs } = await programsOf(words, world)
  const { capabilitiesOfProcess, hostKernel } = await import('../record/index.ts')
  const applied = appliedFilter(programs, hostOfNode(process.arch) ?? assumedHost)
  const name = words.container ?? words.pod ?? `process ${pid}`
  if (applied.filter === undefined)
    say(world, `${name}: its filter computes with arguments, so it is compared by samples of their values`)
  return {
    name,
    profile: appliedProfile(applied, name),
    applied,
    capabilities: capabilitiesOfProcess(pid),
    kernel: hostKernel(),
  }
}

async function programsOf(
  { pid: given, container, pod, cri }: AppliedWords,
  world: World,
): Promise<{ readonly pid: number; readonly programs: readonly BpfProgram[] }> {
  // Loaded only here: the answers of files and built-ins need no code that finds processes.
  const { filtersOf, processOfQuery } = await import('../record/index.ts')
  const { plural } = await import('../report/account.ts')
  if ([given, container, pod].filter((each) => each !== undefined).length > 1)
    throw new UserError('several-applied')
  const query = container !== undefined ? { container } : pod !== undefined ? { pod } : undefined
  const pid = given ?? (query === undefined ? 0 : await processOfQuery(query, world.env, cri))
  const programs = (await filtersOf(pid)).map(decodeProgram)
  say(
    world,
    programs.length === 0
      ? `process ${pid} has no seccomp filter: every call is allowed`
      : `process ${pid} has ${plural(programs.length, 'filter')}, of ${programs.map(({ length }) => length).join(' and ')} instructions`,
  )
  return { pid, programs }
}
