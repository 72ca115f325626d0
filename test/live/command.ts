// Runs seccomp-gen from its sources as a process of its own, as a shell would.
import { execa } from 'execa'
import { resolve } from 'node:path'
import { whyNoEbpf } from '../../src/record/ebpf/index.ts'

const root = resolve(import.meta.dirname, '../..')
const loader = import.meta.resolve('tsx/esm')
/** Without what the test runner has every Node load (NODE_OPTIONS), which costs more than a short command. */
export const plainNode = ['/usr/bin/env', '-u', 'NODE_OPTIONS', process.execPath] as const
/** The words before the arguments of seccomp-gen. */
export const seccompGen: readonly [string, ...string[]] = [
  ...plainNode,
  '--import',
  loader,
  resolve(root, 'src/cli.ts'),
]

/** Why strace cannot record here; undefined where it can. */
export async function noStrace(): Promise<string | undefined> {
  const tried = await execa('strace', ['-f', '-o', '/dev/null', 'true'], { reject: false })
  return tried.failed ? `strace cannot trace here: ${tried.stderr || tried.shortMessage}` : undefined
}

/** Why the kernel cannot be asked to record here; undefined where it can. */
export async function noEbpf(): Promise<string | undefined> {
  const why = await whyNoEbpf()
  // A program that the kernel, or our own assembler, does not take is a defect of ours, and no reason to skip.
  if (why !== undefined && /^(?:no )?label |^the kernel does not take the BPF program/.test(why))
    throw new Error(why)
  return why && `ebpf cannot record here: ${why}`
}

/** The environment it runs in: the loader of the tests is not its business. */
export const plainEnvironment: Readonly<Record<string, string>> = { NODE_OPTIONS: '' }
