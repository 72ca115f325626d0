// The name of a container in the evidence of its security context: its source's name without the engine, so `web` for
// `docker:web`.

export function containerNameIn(source: string): string {
  return source.replace(/^(?:docker|podman|nerdctl|container):/, '')
}
