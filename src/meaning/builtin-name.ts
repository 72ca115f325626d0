// Which words name a built-in profile. A file of its own, so that a command can ask without loading the profiles.

/** The names that need no version. */
export const builtinNames: readonly string[] = ['docker', 'podman', 'containerd', 'cri-o', 'unconfined']

/** Whether a word names a built-in. The version need not exist: `docker@99` names one too. */
export function isBuiltinName(word: string): boolean {
  const [name = '', version] = word.split('@', 2)
  return (
    builtinNames.includes(name) &&
    (version === undefined ? !word.includes('@') : /^[\w.-]+$/.test(word.slice(name.length + 1)))
  )
}
