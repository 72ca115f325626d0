// Errors of verifying: why a profile cannot be tested exactly against a command.
import { placeText, type AtPlace, type InFile, type ErrorRow, type Why } from './row.ts'

export interface Client {
  /** The name of an engine's client. */
  readonly program: string
}

export const verificationErrors = {
  'client-verified': [
    125,
    ({ program }: Client) =>
      `the profile would apply to ${program} itself, not to its container: give docker run, podman run, nerdctl run, docker compose up, runc run or crun run`,
  ],
  'compose-capabilities': [
    125,
    () =>
      'the profile has rules for capabilities, and the services differ in cap_add and cap_drop, so each would run under a different filter: verify them one by one, with a -f FILE for each',
  ],
  'beside-context': [
    125,
    ({ option }: { /** In the engine's command. */ readonly option: string }) =>
      `the command has ${option}, which the context decides: remove it, or write it into the context`,
  ],
  'context-not-seen': [
    125,
    ({ why }: Why) => `only ebpf sees what a context refuses, and ebpf does not work here: ${why}`,
  ],
  'context-without-engine': [
    125,
    () =>
      'a context can be applied to docker run and podman run only: for Kubernetes apply what seccomp-gen harden --as kubernetes prints, and record that pod',
  ],
  'inner-client-verified': [
    125,
    ({
      program,
      words,
    }: Client & { /** The command that started the container. */ readonly words: string }) =>
      `the command started ${words} …, and the profile applied to ${program} itself, not to its container: give that command, seccomp-gen verify PROFILE -- ${words} …`,
  ],
  'minimize-without-context': [2, () => '--minimize removes parts of a context: give --context FILE'],
  'raiser-in-sandbox': [
    125,
    ({ program }: Client) =>
      `${program} gains no privileges in a sandbox: run ${program} seccomp-gen verify … instead`,
  ],
  'runtime-without-filter': [
    125,
    ({ runtime }: { readonly runtime: string }) =>
      `${runtime} does not run containers on this kernel: its refusals cannot be seen from here`,
  ],
  'no-sandbox': [
    125,
    ({ why }: Why) =>
      `a plain command is verified in bubblewrap, or for root in runc or crun: ${why}. Or give a docker, podman, runc or crun command`,
  ],
  'refusals-not-seen': [
    125,
    ({ reasons }: { /** A clause for each recorder. */ readonly reasons: readonly string[] }) =>
      `refusals cannot be seen here: ${reasons.join('; ')}`,
  ],
  'base-not-here': [
    125,
    ({ file, base }: InFile & { readonly base: string }) =>
      `${file}: builds on ${base}, which is not available here: print both as one profile with seccomp-gen generate`,
  ],
  'key-not-read': [
    125,
    ({ key, by, ...at }: AtPlace & { readonly key: string; /** The loader. */ readonly by: string }) =>
      `${placeText(at)}: ${by} reads plain OCI and ignores ${key}, so a different filter would run: give a plain OCI profile`,
  ],
  'audit-not-exact': [
    125,
    ({ file, call }: InFile & { readonly call: string }) =>
      `${file}: rules with different answers to ${call} overlap, so audit records would not show which calls are refused: use --recorder ebpf or strace`,
  ],
  'libseccomp-refuses': [
    125,
    ({
      file,
      part,
      errno,
    }: InFile & { /** An architecture or a rule. */ readonly part: string; readonly errno: number }) =>
      `${file}: libseccomp refuses ${part} (error ${errno}), and no filter is made`,
  ],
  'libseccomp-makes-none': [
    125,
    ({ file }: InFile) => `${file}: libseccomp makes no filter with this default action`,
  ],
} as const satisfies Readonly<Record<string, ErrorRow>>
