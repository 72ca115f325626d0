// `eval`: prints what a profile answers to one call, or to one call a line (--batch).
import {
  architectureNames,
  architectureOf,
  assumedHost,
  hostOfNode,
  type Architecture,
} from '../abi/architectures.ts'
import { constantNames, constantValue } from '../abi/constants.ts'
import { syscallTable } from '../abi/tables.ts'
import { UserError } from '../errors.ts'
import { proposedCall } from '../profile/proposals.ts'
import { answerText, makeMeaning, oldestLibraryOn, type Meaning } from '../meaning/index.ts'
import { similarWords } from '../report/similar.ts'
import { isKnownTo, newestLibrary } from '../meaning/versions/library.ts'
import { Lines } from '../read/lines.ts'
import { addAppliedOptions, appliedAnswers, isApplied, type AppliedWords } from './applied.ts'
import { addContextOptions, contextFrom, type ContextWords } from './context.ts'
import { archOption, outputOption } from './document-options.ts'
import { checkOutput, isStdout, writeOutput } from './output.ts'
import { loadProfile, profileWords, type NamedProfile } from './profiles.ts'
import { say } from './say.ts'
import type { Declare, World } from './world.ts'

interface EvalFlags extends ContextWords, AppliedWords {
  readonly arch?: readonly Architecture[]
  readonly batch?: true
  readonly output?: string
}

export const declare: Declare = (command, world, end) => {
  command
    .usage(
      '[options] PROFILE CALL [ARG…]\n       seccomp-gen eval --pid N | --container NAME | --pod NAME CALL [ARG…]',
    )
    .argument('[profile]', profileWords)
    .argument('[call]', 'name or number')
    .argument(
      '[args...]',
      'up to six values: decimal, 0x or names such as CLONE_NEWUSER|SIGCHLD; missing ones are 0',
    )
    .addOption(archOption('of the call'))
    .option('--batch', 'read JSON queries {"arch","syscall","args"} from stdin')
    .addOption(outputOption('the answers'))
  addAppliedOptions(addContextOptions(command))
    .addHelpText(
      'after',
      '\nExamples:\n  seccomp-gen eval docker clone CLONE_NEWUSER\n  seccomp-gen eval app.json socket AF_VSOCK --cap none',
    )
    .action(
      async (word: string | undefined, call: string | undefined, args: string[], options: EvalFlags) => {
        await checkOutput(options.output, world)
        let answers = ''
        const write = (text: string): boolean => {
          answers += text
          return true
        }
        // Standard output gets each answer at once. A file is written whole.
        const isFile = options.output !== undefined && !isStdout(options.output)
        const place = isFile ? { ...world, stdout: { ...world.stdout, write } } : world
        if (isApplied(options)) {
          // The options replace the profile, so the first word is the call.
          const moved = [word, call, ...args].filter((each) => each !== undefined)
          await evaluateApplied(moved, options, place)
        } else if (word === undefined) throw new UserError('profile-or-applied')
        else await evaluate(word, call, args, options, place)
        if (isFile) await writeOutput(answers, options.output, world)
        end(0)
      },
    )
}

/** Evaluates with the filters of a running process. */
async function evaluateApplied(
  [call, ...args]: readonly string[],
  options: EvalFlags,
  world: World,
): Promise<void> {
  if ((call === undefined) !== (options.batch === true))
    throw new UserError('eval-operands', { batch: options.batch === true })
  const architecture = oneArchitecture(options.arch) ?? hostOfNode(process.arch) ?? assumedHost
  const applied = await appliedAnswers(options, world)
  if (options.batch) return batch(() => applied, architecture, world)
  world.stdout.write(`${answerText(answer(applied, architecture, call ?? '', args))}\n`)
}

async function evaluate(
  word: string,
  call: string | undefined,
  args: readonly string[],
  options: EvalFlags,
  world: World,
): Promise<void> {
  if ((call === undefined) !== (options.batch === true)) {
    throw new UserError('eval-operands', { batch: options.batch === true })
  }
  if (options.batch && word === '-') throw new UserError('stdin-taken', { of: 'queries' })
  const named = await loadProfile(word, world)
  const architecture = oneArchitecture(options.arch) ?? assumedHost
  if (options.batch) return batch((each) => meaningOn(named, options, each), architecture, world)
  const meaning = meaningOn(named, options, architecture)
  const given = answerText(answer(meaning, architecture, call ?? '', args))
  world.stdout.write(`${given}\n`)
  if (options.libseccomp === undefined && isNewCall(architecture, call ?? ''))
    sayOtherLibrary(named, options, architecture, world, (other) => {
      const otherwise = answerText(answer(other, architecture, call ?? '', args))
      return otherwise === given ? undefined : otherwise
    })
}

/** The architecture that --arch names. Throws UserError (2) for several. */
function oneArchitecture(given: readonly Architecture[] = []): Architecture | undefined {
  if (new Set(given).size > 1) throw new UserError('several-hosts')
  return given[0]
}

/** Whether the oldest libseccomp in use skips a rule for this call. */
function isNewCall(architecture: Architecture, call: string): boolean {
  const table = syscallTable(architecture)
  const entry = /^\d/.test(call) ? table.byNumber(Number(call)) : table.byName(call)
  return entry !== undefined && !isKnownTo(oldestLibraryOn(architecture), entry.name)
}

/** Prints the answer with the other library if it differs: files and built-ins have different default libraries. */
function sayOtherLibrary(
  named: NamedProfile,
  options: EvalFlags,
  architecture: Architecture,
  world: World,
  otherwise: (meaning: Meaning) => string | undefined,
): void {
  const oldest = oldestLibraryOn(architecture)
  const isBuiltin = named.capabilities !== undefined
  const libseccomp = isBuiltin ? oldest : newestLibrary
  const answered = otherwise(meaningOn(named, { ...options, libseccomp }, architecture))
  if (answered === undefined) return
  const which = isBuiltin
    ? 'every call is taken as known'
    : `read with libseccomp ${oldest}, the oldest in use`
  say(world, `${which}; with libseccomp ${libseccomp} (--libseccomp) the answer is ${answered}`)
}

/** By default a file is read with the oldest libseccomp in use, and a built-in with one that knows every name in it. */
function meaningOn(
  { profile, capabilities }: NamedProfile,
  options: EvalFlags,
  architecture: Architecture,
): Meaning {
  const library = capabilities === undefined ? { libseccomp: oldestLibraryOn(architecture) } : {}
  return makeMeaning(profile, contextFrom({ ...library, ...options }, architecture, capabilities))
}

function answer(
  meaning: Pick<Meaning, 'answer'>,
  architecture: Architecture,
  call: string,
  args: readonly string[],
) {
  const number = /^(?:\d{1,10}|0x[\da-f]{1,8})$/i.test(call)
    ? Number(call)
    : syscallTable(architecture).byName(call)?.number
  if (number === undefined || number > 0xffffffff) {
    const meant = proposedCall(call, [architecture])
    throw new UserError('no-such-call', { architectures: [architecture], call, meant })
  }
  if (args.length > 6) throw new UserError('too-many-arguments')
  return meaning.answer(architecture, number, args.map(value))
}

/** A number, or flags as a program writes them: `CLONE_NEWUSER|SIGCHLD`, `CLONE_NEWUSER|0x11`. */
function value(word: string): bigint {
  return word
    .split('|')
    .map((each) => each.trim())
    .reduce((all, each) => all | (/^[A-Z_]/i.test(each) ? constant(each) : number(each)), 0n)
}

function constant(name: string): bigint {
  const known = constantValue(name)
  if (known === undefined)
    throw new UserError('not-a-constant', { name, meant: similarWords(name.toUpperCase(), constantNames()) })
  return known
}

function number(word: string): bigint {
  // An octal number in C and as chmod(1) writes modes, a decimal one elsewhere.
  if (/^-?0\d/.test(word)) throw new UserError('octal-or-decimal', { value: word })
  if (!/^-?(?:\d{1,20}|0x[\da-f]{1,16})$/i.test(word)) throw new UserError('not-a-number', { value: word })
  const whole = word.startsWith('-') ? -BigInt(word.slice(1)) : BigInt(word)
  if (whole >= 2n ** 64n || whole < -(2n ** 63n)) throw new UserError('beyond-64-bit', { value: word })
  return BigInt.asUintN(64, whole)
}

/** Answers one query a line, in order. A line that is not a query is answered with its error. */
async function batch(
  meaningOf: (architecture: Architecture) => Pick<Meaning, 'answer'>,
  fallback: Architecture,
  world: World,
): Promise<void> {
  const meanings = new Map<Architecture, Pick<Meaning, 'answer'>>()
  let heard = true
  let isFirst = true
  // Memory is bounded: an overlong line loses its middle, so it is not a query.
  const lines = new Lines((bytes, start, end) => {
    const read = Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString()
    // Editors and PowerShell write a byte order mark before the first line.
    const text = isFirst ? read.replace(/^\uFEFF/, '') : read
    isFirst = false
    for (const line of text.replace(/\n$/, '').split('\n'))
      if (heard) heard = world.stdout.write(`${JSON.stringify(reply(line))}\n`)
  })
  const reply = (line: string): object => {
    try {
      const query = parsed(line)
      if (typeof query !== 'object' || query === null) return { error: 'is not a JSON object' }
      const stranger = Object.keys(query).find((each) => !['arch', 'syscall', 'args'].includes(each))
      if (stranger !== undefined) return { error: `${stranger} is not a key of a query: arch, syscall, args` }
      const { arch = fallback, syscall, args = [] } = query as Readonly<Record<string, unknown>>
      const architecture = typeof arch === 'string' ? architectureOf(arch) : undefined
      if (architecture === undefined) {
        return { error: `unknown architecture: take ${architectureNames.join(', ')}` }
      }
      if (!isWord(syscall)) return { error: 'syscall is not a name or number' }
      if (!Array.isArray(args) || !args.every(isWord)) return { error: 'args is not an array of numbers' }
      // JSON.parse has already rounded such numbers.
      if (args.some((each) => typeof each === 'number' && !Number.isSafeInteger(each)))
        return { error: 'args holds a number beyond 2^53 or no integer: write it as a string' }
      let meaning = meanings.get(architecture)
      if (meaning === undefined) meanings.set(architecture, (meaning = meaningOf(architecture)))
      const { action, errno } = answer(meaning, architecture, String(syscall), args.map(String))
      return action === 'SCMP_ACT_ERRNO' ? { action, errno } : { action }
    } catch (error) {
      if (!(error instanceof UserError)) throw error
      return { error: error.message }
    }
  }
  // An unusable profile fails the command instead of every line.
  meanings.set(fallback, meaningOf(fallback))
  for await (const bytes of world.stdin.bytes()) {
    lines.feed(bytes)
    if (!heard) return
  }
  lines.end()
  if (isFirst) throw new UserError('no-queries')
}

/** Undefined for a line that is not JSON. */
function parsed(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch {
    return undefined
  }
}

function isWord(value: unknown): value is string | number {
  return typeof value === 'string' || typeof value === 'number'
}
