// Decides whether a program will still exist unchanged when a runtime starts it as root. A user can change a program in
// a home directory, and a clean-up can remove one in a cache.
import { realpathSync, statSync } from 'node:fs'
import { homedir } from 'node:os'
import { dirname } from 'node:path'

const caches = /\/(?:_npx|\.npm|\.cache)\//
const temporary = /^\/(?:var\/)?tmp\//
const sharedBits = 0o022
const sticky = 0o1000

/** Why the program may not last, as a clause; undefined if it is safe. */
export function whyNotForGood(path: string): string | undefined {
  const real = orItself(path)
  if (caches.test(real)) return 'it is in a cache, which may be emptied'
  if (temporary.test(real)) return 'it is in a directory for temporary files'
  if (/^\/(?:home|root)\//.test(real) || real.startsWith(`${homedir()}/`)) return 'it is in a home'
  for (let place = real; ; place = dirname(place)) {
    const found = statSync(place, { throwIfNoEntry: false })
    if (
      found !== undefined &&
      (found.uid !== 0 || ((found.mode & sharedBits) !== 0 && (found.mode & sticky) === 0))
    )
      return `others than root can change ${place}`
    if (place === '/') return undefined
  }
}

function orItself(path: string): string {
  try {
    return realpathSync(path)
  } catch {
    return path
  }
}
