// Which words name a built-in profile; apart from the profiles, so that a command may ask without loading them.

/** What a user may write without a version. */
export const builtinNames: readonly string[] = ['docker', 'podman', 'containerd', 'cri-o', 'unconfined']

/** Whether a word names a built-in, or would if there were that version. */
export function isBuiltinName(word: string): boolean {
  const [name = '', version] = word.split('@', 2)
  return (
    builtinNames.includes(name) &&
    (version === undefined ? !word.includes('@') : /^[\w.-]+$/.test(word.slice(name.length + 1)))
  )
}
