// `--pid`, `--container` and `--pod` in place of a profile: the filters of a running process, read from the kernel. The
// profile behind them need not be known.
import { Option, type Command } from 'commander'
import { UserError } from '../errors.ts'
import { answerOfPrograms, decodeProgram, type Meaning } from '../meaning/index.ts'
import { processId } from './process-id.ts'
import { say } from './say.ts'
import type { World } from './world.ts'

export interface AppliedWords {
  readonly pid?: number
  readonly container?: string
  readonly pod?: string
  readonly cri?: string
}

export function addAppliedOptions(command: Command): Command {
  return command
    .optionsGroup('Instead of a profile, the filters that the kernel has for:')
    .addOption(new Option('--pid <n>', 'a running process').argParser(processId))
    .option('--container <name>', 'a running container')
    .option('--pod <name>', 'NAMESPACE/POD[/CONTAINER] of this node')
    .option('--cri <socket>', 'the node’s container runtime (default: as crictl finds it)')
}

export const isApplied = ({ pid, container, pod }: AppliedWords): boolean =>
  pid !== undefined || container !== undefined || pod !== undefined

/** The answers of a process's filters. Prints how many there are. Throws UserError if they cannot be read. */
export async function appliedAnswers(words: AppliedWords, world: World): Promise<Pick<Meaning, 'answer'>> {
  // Loaded only here: the answers of files and built-ins need no code that finds processes.
  const { filtersOf, processOfQuery } = await import('../record/index.ts')
  const { plural } = await import('../report/account.ts')
  const { container, pod, cri } = words
  const given = [words.pid, container, pod].filter((each) => each !== undefined).length
  if (given > 1) throw new UserError('several-applied')
  const query = container !== undefined ? { container } : pod !== undefined ? { pod } : undefined
  const pid = words.pid ?? (query === undefined ? 0 : await processOfQuery(query, world.env, cri))
  const programs = (await filtersOf(pid)).map(decodeProgram)
  say(
    world,
    programs.length === 0
      ? `process ${pid} has no seccomp filter: every call is allowed`
      : `process ${pid} has ${plural(programs.length, 'filter')}, of ${programs.map(({ length }) => length).join(' and ')} instructions`,
  )
  return { answer: (...call) => answerOfPrograms(programs, ...call) }
}
