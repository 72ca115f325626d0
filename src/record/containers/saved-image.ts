// Has an engine save an image as docker-archive or OCI archive, which src/scan reads.
import { execa } from 'execa'
import { UserError } from '../../errors.ts'
import type { EngineRun } from '../command/index.ts'
import type { RecordSettings } from '../recording.ts'
import { spawnEnvironmentOf } from '../runner/spawn-environment.ts'

/** Saves the image of a run in a new file. If the engine lacks the image, it pulls it, as `run` would. */
export async function saveImage(
  { engine, client, started: { image } }: EngineRun,
  file: string,
  settings: RecordSettings,
): Promise<void> {
  const [program = '', ...words] = client
  const ask = (verb: string, stdout: 'ignore' | { readonly file: string }) =>
    execa(program, [...words, verb, image], {
      ...spawnEnvironmentOf(settings),
      reject: false,
      stdin: 'ignore',
      stdout,
    })
  const saved = await ask('save', { file })
  if (saved.exitCode === 0) return
  const pulled = await ask('pull', 'ignore')
  const again = pulled.exitCode === 0 ? await ask('save', { file }) : pulled
  if (again.exitCode === 0) return
  const why = again.stderr.trim().split('\n').at(-1) ?? again.shortMessage ?? ''
  throw new UserError('image-not-saved', { engine, image, why })
}
