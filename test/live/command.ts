// Runs seccomp-gen as its own process, as a shell would: as it was built, if it was built from these sources.
import { execa } from 'execa'
import { resolve } from 'node:path'
import { isBuilt } from '../../scripts/build.mjs'
import { whyNoEbpf } from '../../src/record/ebpf/index.ts'

const root = resolve(import.meta.dirname, '../..')
/** Node without NODE_OPTIONS: the test runner's loader takes longer than a short command. */
export const plainNode = ['/usr/bin/env', '-u', 'NODE_OPTIONS', process.execPath] as const
/** The words before the arguments of seccomp-gen. A translation of the sources at each start would take seconds. */
export const seccompGen: readonly [string, ...string[]] = isBuilt()
  ? [...plainNode, resolve(root, 'dist/cli.js')]
  : [...plainNode, '--import', import.meta.resolve('tsx/esm'), resolve(root, 'src/cli.ts')]

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
