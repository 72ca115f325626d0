// Prints a profile as an image label, which Podman uses with `--seccomp-policy image`. Authority: podman-run(1),
// --seccomp-policy; Podman's libpod/define annotations (io.containers.seccomp.profile).

/** `KEY=VALUE` as `podman build --label` and `buildah config --label` take it. `profile`: the profile's JSON text. */
export function podmanLabel(profile: string): string {
  // JSON strings hold no line ends, so this only joins lines between values.
  return `io.containers.seccomp.profile=${profile.trimEnd().replaceAll(/\n */g, '')}\n`
}
