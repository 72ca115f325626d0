// Which words name a built-in profile; apart from the profiles, so that a command may ask without loading them.

/** Whether a word names a built-in, or would if there were that version. */
export function isBuiltinName(word: string): boolean {
  return /^(?:docker|podman|containerd|cri-o|unconfined)(?:@[\w.-]+)?$/.test(word)
}
