// Finds what the kernel starts for a path: the program itself, or the interpreter of a script; and what env(1) as an
// interpreter starts in its own place. Authority: execve(2), linux/binfmts.h, env(1).
import { UserError } from '../../errors.ts'
import { readElf, type ElfMachine } from '../elf/image.ts'
import { findOnPath } from './search-path.ts'
import { baseName, readFile, type Located, type Tree } from './tree.ts'

type ReadProgram = Located & { readonly bytes: Uint8Array }

interface KernelStart {
  readonly program: ReadProgram
  /** The scripts that led to the program, outermost first. */
  readonly scripts: readonly string[]
  /** The program that env(1), as the interpreter of a script, starts in its own place. */
  readonly next: string | undefined
}

/** A program that a path starts. */
export interface StartedProgram {
  readonly path: string
  readonly machine: ElfMachine
  /** It only starts the program that follows, in its own place. */
  readonly isReplaced: boolean
}

/** BINPRM_BUF_SIZE: how much of a first line the kernel reads (linux/binfmts.h). */
const mostOfLine = 256
const mostScripts = 5

/** The programs that a path starts, one in place of the other. Throws UserError if one is no program. */
export async function programsStartedBy(tree: Tree, path: string): Promise<readonly StartedProgram[]> {
  const found: StartedProgram[] = []
  const met = new Set<string>()
  for (let each: string | undefined = path; each !== undefined && !met.has(each);) {
    met.add(each)
    const { program, next } = await startedBy(tree, each)
    const then = next === undefined ? undefined : await findOnPath(tree, next)
    const { machine } = readElf(program.path, program.bytes)
    found.push({ path: each, machine, isReplaced: then !== undefined })
    each = then
  }
  return found
}

/** Throws UserError if the path is neither a program nor a script of one. */
export async function startedBy(tree: Tree, path: string): Promise<KernelStart> {
  const scripts: string[] = []
  let program = await requireFile(tree, path, path)
  let next: string | undefined
  for (let by = interpreterOf(program.bytes); by !== undefined; by = interpreterOf(program.bytes)) {
    scripts.push(program.path)
    if (scripts.length > mostScripts) throw new UserError('beyond-scan', { file: path, of: 'scripts' })
    program = await requireFile(tree, by.path, path)
    next = baseName(by.path) === 'env' ? startedByEnv(by.argument) : undefined
  }
  return { program, scripts, next }
}

/** Throws UserError if there is no such file. `asked`: the path that the user gave. */
export async function requireFile(tree: Tree, path: string, asked: string): Promise<ReadProgram> {
  const found = await readFile(tree, path)
  if (found !== undefined) return found
  throw new UserError('no-such-program', { file: asked, interpreter: path === asked ? undefined : path })
}

/**
 * The interpreter of a script and the one argument that the kernel gives it, execve(2): `#!`, blanks, a path, the rest.
 */
function interpreterOf(bytes: Uint8Array): { readonly path: string; readonly argument: string } | undefined {
  if (bytes[0] !== 0x23 || bytes[1] !== 0x21) return undefined
  const line = new TextDecoder('latin1').decode(bytes.subarray(2, mostOfLine)).split('\n')[0] ?? ''
  const [, path = '', argument = ''] = /^[ \t]*([^ \t]*)[ \t]*(.*?)[ \t]*$/.exec(line) ?? []
  return { path, argument }
}

/** env(1): options (`-S` splits the argument into words), assignments, then the program. */
function startedByEnv(argument: string): string | undefined {
  const words = /^-\S*S|^--split-string/.test(argument)
    ? argument
        .replace(/^-[^\sS]*S|^--split-string=?/, '')
        .trim()
        .split(/[ \t]+/)
    : [argument]
  for (let index = 0; index < words.length; index++) {
    const word = words[index] as string
    if (/^(?:-[uC]|--unset|--chdir)$/.test(word)) index++
    else if (word !== '' && !word.startsWith('-') && !word.includes('=')) return word
  }
  return undefined
}
