// How a container is called in the evidence of its security context: its own name in that of its source, such as
// `docker:web`.

export function containerNameIn(source: string): string {
  return source.replace(/^(?:docker|podman|nerdctl|container):/, '')
}
