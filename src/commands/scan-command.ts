// `trace --scan`: scans the program that a command runs, either on this machine or in the saved image of the container
// that the command starts.
import { mkdtemp, realpath, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { UserError } from '../errors.ts'
import { findProgram, readTarget, saveImage, type EngineRun } from '../record/index.ts'
import { mountedTree, type Reachable } from '../scan/index.ts'
import { scanPaths } from './scan.ts'
import { directoryTree } from './scan-directory.ts'
import { shown } from './progress.ts'
import type { World } from './world.ts'

/** Scans the program that a command runs and what it loads. Throws a UserError if there is none to read. */
export async function scanCommand(words: readonly string[], world: World): Promise<Reachable> {
  if (words.length === 0) throw new UserError('no-command-to-scan')
  const target = readTarget(words, world.env)
  switch (target.kind) {
    case 'engine':
      return scanContainer(target, world)
    case 'program':
      return scanPaths([programHere(words[target.at] as string, world)], { cache: true }, world)
    case 'unread':
      throw new UserError('nothing-to-scan', { program: target.program })
    default:
      throw new UserError('container-not-scanned', { program: words[0] as string })
  }
}

function programHere(word: string, { cwd, env }: World): string {
  try {
    return resolve(cwd, findProgram(word, cwd, env['PATH']))
  } catch (error) {
    if (!(error instanceof UserError)) throw error
    throw new UserError('nothing-to-scan', { program: word })
  }
}

/** Scans the program that the engine's words start, in the saved image with the mounts of these words. */
async function scanContainer(run: EngineRun, world: World): Promise<Reachable> {
  const { image, mounts, ...started } = run.started
  const directory = await mkdtemp(join(tmpdir(), 'seccomp-gen-scan-'))
  try {
    const file = join(directory, 'image.tar')
    await shown(
      world,
      'line',
      () => `saving ${image}`,
      () => saveImage(run, file, { cwd: world.cwd, env: world.env }),
    )
    const here = directoryTree('/')
    const places = await Promise.all(
      mounts.map(async ({ source, target }) => {
        const from = await realpath(source).catch(() => source)
        return { at: target, entry: (rest: string) => here.entry(`${from}${rest}`) }
      }),
    )
    return await scanPaths(
      [file],
      { cache: true, named: image, started: { ...started, mounted: (root) => mountedTree(root, places) } },
      world,
    )
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}
