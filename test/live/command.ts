// Runs seccomp-gen as its own process, as a shell would: as `npm run build` made it from these sources, else a bundle.
import { execa } from 'execa'
import { resolve } from 'node:path'
import { isBuilt } from '../../scripts/build.mjs'
import { whyNoEbpf } from '../../src/record/ebpf/index.ts'
import { bundle } from '../bundled.ts'

const root = resolve(import.meta.dirname, '../..')
/** Node without NODE_OPTIONS: the test runner's loader takes longer than a short command. */
export const plainNode = ['/usr/bin/env', '-u', 'NODE_OPTIONS', process.execPath] as const
const counted = process.env['NODE_V8_COVERAGE'] !== undefined
/** The words before the arguments of seccomp-gen. */
export const seccompGen: readonly [string, ...string[]] = [
  ...plainNode,
  isBuilt() && !counted ? resolve(root, 'dist/cli.js') : await bundle(),
]

/** Why strace cannot record here; undefined if it can. */
export async function noStrace(): Promise<string | undefined> {
  const tried = await execa('strace', ['-f', '-o', '/dev/null', 'true'], { reject: false })
  return tried.failed ? `strace cannot trace here: ${tried.stderr || tried.shortMessage}` : undefined
}

/** Why the kernel cannot record here; undefined if it can. */
export async function noEbpf(): Promise<string | undefined> {
  const why = await whyNoEbpf()
  // If the kernel or our assembler refuses a program, the program is wrong: that is no reason to skip.
  if (why !== undefined && /^(?:no )?label |^the kernel does not take the BPF program/.test(why))
    throw new Error(why)
  return why && `ebpf cannot record here: ${why}`
}

/** The environment of seccomp-gen, without the test runner's loader. */
export const plainEnvironment: Readonly<Record<string, string>> = { NODE_OPTIONS: '' }

/** Waits until the stderr of a running command has the words. Rejects with its stderr if it ends without them. */
export function said(
  { stderr }: { readonly stderr: NodeJS.ReadableStream | undefined | null },
  words: RegExp,
): Promise<void> {
  let text = ''
  return new Promise((resolve, reject) => {
    stderr?.on('data', (piece: Buffer) => {
      if (words.test((text += piece.toString()))) resolve()
    })
    stderr?.on('end', () => reject(new Error(text)))
  })
}
