// Versions of engines and container runtimes: "1.3.6", "1.28", "1.0.0-rc93". Authority: semver 2.0.0 (a release
// candidate precedes its release). crun omits a trailing .0.

/** Whether a text is a version as runc and crun write theirs. */
export function isVersion(text: string): boolean {
  return /^\d{1,4}\.\d{1,4}(?:\.\d{1,4})?(?:-rc\.?\d{1,4})?$/.test(text)
}

/** Negative if the first version is older, positive if it is newer, 0 if both are the same. */
export function compareVersions(one: string, other: string): number {
  const [a, b] = [numbers(one), numbers(other)]
  for (const [index, part] of a.entries()) {
    const difference = part - (b[index] ?? 0)
    if (difference !== 0) return difference
  }
  return 0
}

/** Whether both versions have the same major and minor number. A runtime's own calls hardly change between patches. */
export function isSameMinor(one: string, other: string): boolean {
  const [a, b] = [numbers(one), numbers(other)]
  return a[0] === b[0] && a[1] === b[1]
}

/** Major, minor, patch, candidate. A release sorts after all its candidates. */
function numbers(version: string): readonly number[] {
  const [release = '', candidate] = version.split('-rc')
  const [major = 0, minor = 0, patch = 0] = release.split('.').map(Number)
  return [major, minor, patch, candidate === undefined ? 99_999 : Number(candidate.replace('.', ''))]
}
