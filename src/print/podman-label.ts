// A profile that an image carries: Podman takes it with `--seccomp-policy image`. Authority: podman-run(1), --seccomp-policy;
// Podman's libpod/define annotations (io.containers.seccomp.profile).

/** `KEY=VALUE`, as `podman build --label` and `buildah config --label` take it; `profile` is its JSON text. */
export function podmanLabel(profile: string): string {
  // Between values only: in a string of JSON a line cannot end.
  return `io.containers.seccomp.profile=${profile.trimEnd().replaceAll(/\n */g, '')}\n`
}
