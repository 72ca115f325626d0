// Versions of engines and container runtimes: "1.3.6", "1.28", "1.0.0-rc93". Authority: semver 2.0.0 (a release
// candidate comes before its release); crun leaves a last .0 out.

/** Whether it is written as runc and crun write theirs. */
export function isVersion(text: string): boolean {
  return /^\d{1,4}\.\d{1,4}(?:\.\d{1,4})?(?:-rc\.?\d{1,4})?$/.test(text)
}

/** Negative where the first is older. */
export function compareVersions(one: string, other: string): number {
  const [a, b] = [numbers(one), numbers(other)]
  for (const [index, part] of a.entries()) {
    const difference = part - (b[index] ?? 0)
    if (difference !== 0) return difference
  }
  return 0
}

/** Both are of one minor version, between which a runtime's calls hardly change. */
export function isSameMinor(one: string, other: string): boolean {
  const [a, b] = [numbers(one), numbers(other)]
  return a[0] === b[0] && a[1] === b[1]
}

/** Major, minor, patch, candidate; a release comes after every candidate. */
function numbers(version: string): readonly number[] {
  const [release = '', candidate] = version.split('-rc')
  const [major = 0, minor = 0, patch = 0] = release.split('.').map(Number)
  return [major, minor, patch, candidate === undefined ? 99_999 : Number(candidate.replace('.', ''))]
}
