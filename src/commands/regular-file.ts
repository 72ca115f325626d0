// Tells whether names lead to the same regular file. Authority: stat(2): st_dev and st_ino identify a file.
import { stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import type { World } from './world.ts'

/** The file's identity, which is the same by every name, and its size in bytes; undefined for anything else. */
export async function regularFile(
  name: string,
  world: World,
): Promise<{ readonly identity: string; readonly size: number } | undefined> {
  const found = await stat(resolve(world.cwd, name), { bigint: true }).catch(() => undefined)
  return found?.isFile() === true
    ? { identity: `${found.dev}:${found.ino}`, size: Number(found.size) }
    : undefined
}
