// The annotation that starts oci-seccomp-bpf-hook for a container: `if:/abs/in.json;of:/abs/out.json`. It is checked as
// the hook checks it. Authority: oci-seccomp-bpf-hook.go (parseAnnotation), README.

/** `io.podman.trace-syscall` is the older name. */
export const annotationNames: readonly string[] = ['io.containers.trace-syscall', 'io.podman.trace-syscall']

export interface TraceAnnotation {
  /** Where the hook writes the profile; absolute. */
  readonly output: string
  /** The profile that the hook adds to; absolute. */
  readonly input?: string
}

/** The parsed value, or why the hook refuses it. Only the hook's machine shows whether the input file exists. */
export function parseTraceAnnotation(value: string): TraceAnnotation | { readonly wrong: string } {
  const parts = value.split(';')
  if (parts.length > 2) return { wrong: `more than one semi-colon: "${value}"` }
  let input: string | undefined
  let output: string | undefined
  for (const part of parts.map((each) => each.trim())) {
    const path = part.slice(3)
    if (part.startsWith('if:')) {
      if (!path.startsWith('/')) return { wrong: `input file path must be absolute: "${path}"` }
      input = path
    } else if (part.startsWith('of:')) {
      if (!path.startsWith('/')) return { wrong: `output file path must be absolute: "${path}"` }
      output = path
    } else return { wrong: `must start "if:" or "of:" prefix: "${part}"` }
  }
  if (output === undefined) return { wrong: 'providing output file is mandatory' }
  return { output, ...(input === undefined ? {} : { input }) }
}
