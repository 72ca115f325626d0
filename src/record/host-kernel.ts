// The kernel of this machine, as a profile's minKernel compares it. Authority: uname(2).
import { release } from 'node:os'
import { defaultKernel } from '../meaning/context.ts'

/** "major.minor"; the default kernel if the release starts with no number. */
export function hostKernel(): string {
  return /^\d+\.\d+/.exec(release())?.[0] ?? defaultKernel
}
