// Makes the directory of a command's results, with the directories above it. destination.ts decides whose links are
// followed.
import { chown, mkdir, stat } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { UserError } from '../errors.ts'
import { callerOf, ownerIn } from './caller.ts'
import { destination } from './destination.ts'
import type { World } from './world.ts'

/**
 * Makes the directory unless it is there. New directories belong to the user who called sudo, who can then delete them.
 * Throws a UserError if a directory cannot be made, or if a link of another user is in the way.
 */
export async function makeDirectory(directory: string, world: World): Promise<void> {
  const path = resolve(world.cwd, directory)
  try {
    // No directory is made through a link of another user.
    await destination(join(await existingPart(path), 'container.json'), world.cwd, callerOf(world))
    const made = await mkdir(path, { recursive: true })
    if (made === undefined) return
    const owner = ownerIn(await stat(dirname(made)), callerOf(world))
    if (owner === undefined) return
    for (let each = path; each !== dirname(made); each = dirname(each))
      await chown(each, owner.uid, owner.gid)
  } catch (error) {
    if (error instanceof UserError) throw error
    throw new UserError('no-directory', { directory, why: (error as Error).message })
  }
}

/** The nearest directory above a path that exists. */
async function existingPart(path: string): Promise<string> {
  const is = await stat(path).catch(() => undefined)
  return is !== undefined || path === dirname(path) ? path : existingPart(dirname(path))
}
