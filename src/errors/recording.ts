// Errors of recording: what cannot be run, attached to or seen. Their status is 125, except 126 if the command cannot
// be run, 127 if it is not found, and 2 in the hook.
import type { Cause, InFile, ErrorRow, Why } from './row.ts'

export interface OfProgram {
  /** The program as the command names it. */
  readonly program: string
}

export interface OfProcess {
  readonly pid: number
}

export interface OfContainer {
  readonly container: string
  readonly engine: string
}

export interface OfEngine {
  readonly engine: string
}

/** exec's errnos in the words of strerror(3). */
const execFailures: Readonly<Record<string, string>> = {
  ENOENT: 'No such file or directory',
  EACCES: 'Permission denied',
  ENOEXEC: 'Exec format error',
  E2BIG: 'Argument list too long',
}

/** Why one of the user's options prevents recording a container. */
const obstacles = {
  filter: 'seccomp-gen sets a filter itself; leave this option out',
  privileged:
    'engines give a privileged container no filter, so a profile would have no effect; name the capabilities it needs with --cap-add',
  emulated:
    'an emulated program’s calls are those of the emulator on this machine; record it on its own platform',
  restart:
    'the engine would restart the container after this run, with the filter and cgroup of this run: leave this option out',
  cgroup: 'seccomp-gen gives the container a cgroup of its own; leave this option out',
  'service-filter': 'the recording sets a filter itself, one that allows all; leave it out while recording',
  'service-privileged':
    'engines give a privileged container no filter, so a profile would have no effect; name the capabilities it needs with cap_add',
  'service-cgroup': 'the recording needs a cgroup of its own; leave it out while recording',
} as const satisfies Readonly<Record<string, string>>

export type Obstacle = keyof typeof obstacles

/** Why only the ebpf recorder can do this. */
const ebpfOnly = {
  engine: (engine: string) =>
    `a container that ${engine} starts is not a child of this command, so only ebpf can record it`,
  compose: () =>
    'containers that docker starts are not children of this command, so only ebpf can record them',
  cgroup: () => 'only ebpf can record a cgroup',
  each: () => 'only ebpf can record the containers that a command has engines start',
  under: () => 'only ebpf distinguishes what a filter refuses from what it allows',
  collect: () => 'only ebpf can record the containers of a node',
  watch: () => 'only ebpf can watch a process that already runs',
} as const satisfies Readonly<Record<string, (engine: string) => string>>

export type EbpfOnly = keyof typeof ebpfOnly

/** Work that needs Linux, and the remedy on other systems. */
const onLinux = {
  record: (system: string) =>
    `recording needs Linux, and this is ${system}: record in a container that has strace, docker run --rm --cap-add SYS_PTRACE -v "\${PWD}:/out" IMAGE strace -f -o /out/app.strace CMD, then run here: seccomp-gen generate app.strace -o app.json`,
  verify: (system: string) =>
    `verifying needs Linux, and this is ${system}: run seccomp-gen verify on a Linux machine (a virtual one is enough), or try the profile in a container: docker run --rm --security-opt seccomp=app.json IMAGE`,
} as const satisfies Readonly<Record<string, (system: string) => string>>

export type OnLinux = keyof typeof onLinux

export const recordingErrors = {
  // --- the command
  'empty-command': [127, () => 'the command is an empty string'],
  'command-not-found': [
    127,
    ({ program }: OfProgram) =>
      `${program}: not found${program.includes('/') ? '' : ' in PATH'}${program.includes(' ') ? ' (a whole command line in one word? give its words separately, or sh -c)' : ''}`,
  ],
  'not-executable': [
    126,
    ({ program }: OfProgram) =>
      program.includes('/')
        ? `${program}: cannot be run: not an executable file`
        : `${program}: found in PATH, but not as an executable file`,
  ],
  'cannot-run': [
    126,
    ({ program, errno, words }: OfProgram & Cause) =>
      `${program}: cannot be run: ${(errno === undefined ? undefined : execFailures[errno]) ?? words}`,
  ],
  'command-is-strace': [
    125,
    ({ program }: { /** The traced program and its operands. */ readonly program: string | undefined }) =>
      `the command is strace itself: give the program alone (seccomp-gen trace -- ${program ?? 'PROGRAM'}), or write its trace with strace -f -o FILE and run: seccomp-gen generate FILE`,
  ],
  'raiser-traced': [
    125,
    ({ program }: OfProgram) =>
      `${program} gains no privileges while an ordinary user traces it: run ${program === 'sudo' ? 'sudo seccomp-gen trace -- …' : 'seccomp-gen trace -- … as root'}`,
  ],
  'client-recorded': [
    125,
    ({ program }: OfProgram) =>
      `this would record ${program} itself, not the program in the container: record the running container with seccomp-gen trace --container NAME, every container that the command starts with --each DIR, or run seccomp-gen trace inside the container`,
  ],
  'inner-client-recorded': [
    125,
    ({
      program,
      words,
    }: OfProgram & { /** The command that started the container. */ readonly words: string }) =>
      `the command started ${words} …, and the recording holds the calls of ${program} itself, not those of its container: record each container below the command with seccomp-gen trace --each DIR -- …, or one with --container NAME`,
  ],
  // --- recorders
  'needs-linux': [
    125,
    ({ what, system }: { readonly what: OnLinux; /** This machine's system. */ readonly system: string }) =>
      onLinux[what](system),
  ],
  'ebpf-needed': [
    125,
    ({ for: what, engine = '', why }: Why & EbpfNeed) =>
      `${ebpfOnly[what](engine)}, and ebpf cannot be used here: ${why}`,
  ],
  'no-ebpf': [125, ({ why }: Why) => `the recorder ebpf cannot be used: ${why}`],
  'no-strace': [
    125,
    () =>
      'strace is not installed: apt-get install strace, dnf install strace or apk add strace; or record elsewhere and run: seccomp-gen generate FILE',
  ],
  'strace-not-permitted': [
    125,
    ({ why }: Why) =>
      `strace cannot trace here (${why}): ptrace must be permitted (in a container: --cap-add SYS_PTRACE); or record elsewhere and run: seccomp-gen generate FILE`,
  ],
  'strace-saw-nothing': [125, ({ program }: OfProgram) => `strace recorded nothing of ${program}`],
  'strace-ended-early': [
    125,
    ({ program }: OfProgram) =>
      `strace ended while ${program} was still running: the recording is incomplete`,
  ],
  'audit-saw-nothing': [
    125,
    ({ program }: OfProgram) =>
      `${program}: the kernel recorded nothing, not even that a program was started under the filter: either no program was started, or an audit rule drops the records (auditctl -l)`,
  ],
  'no-temporary-directory': [125, ({ why }: Why) => `cannot make a temporary directory: ${why}; set TMPDIR`],
  'no-fifo': [
    125,
    ({ directory, why }: Why & { readonly directory: string }) =>
      `cannot make a FIFO in ${directory}: ${why}`,
  ],
  // --- processes and cgroups
  'no-such-process': [125, ({ pid }: OfProcess) => `there is no process ${pid}`],
  'process-not-attached': [
    125,
    ({ pid, why }: Why & OfProcess) =>
      `cannot record process ${pid} (${why}): the process must run and be yours, or seccomp-gen must run as root`,
  ],
  'silent-process': [
    125,
    ({ pid }: OfProcess) => `process ${pid} made no call while it was recorded: record it for longer`,
  ],
  'no-unified-cgroups': [
    125,
    () =>
      'no cgroup version 2 hierarchy is mounted here, by which containers are found: start this machine with systemd.unified_cgroup_hierarchy=1',
  ],
  'part-of-cgroups': [
    125,
    ({ mount }: { readonly mount: string }) =>
      `${mount}: only this container’s own part of the cgroups is mounted here: mount the host’s (hostPath, or -v /sys/fs/cgroup:/host/cgroup:ro; beside version 1 /sys/fs/cgroup/unified)`,
  ],
  'no-such-cgroup': [
    125,
    ({ cgroup, mount }: { readonly cgroup: string; readonly mount: string }) =>
      `${cgroup}: no cgroup of this name below ${mount}`,
  ],
  'root-cgroup': [
    125,
    ({ cgroup }: { readonly cgroup: string }) =>
      `${cgroup}: is the root cgroup, which holds every process: name a cgroup below it`,
  ],
  'silent-cgroup': [
    125,
    ({ cgroup }: { readonly cgroup: string }) =>
      `nothing in cgroup ${cgroup} made a call while it was recorded: record it for longer`,
  ],
  // --- containers
  'no-engine': [125, () => 'none of docker, podman and nerdctl is installed: give --pid or --cgroup'],
  'no-such-container': [
    125,
    ({ container }: { readonly container: string }) =>
      `no container ${container} was found: see docker ps, podman ps (as the user who started it)`,
  ],
  'container-not-running': [
    125,
    ({ container, engine }: OfContainer) =>
      `container ${container} of ${engine} is not running: start it, then record it`,
  ],
  'container-elsewhere': [
    125,
    ({ container, engine }: OfContainer) =>
      `container ${container} of ${engine} runs on another machine: run seccomp-gen there`,
  ],
  'engine-elsewhere': [
    125,
    ({ engine, place }: OfEngine & { /** The host or the option that names it. */ readonly place: string }) =>
      `${engine} is told to use ${place}: a container on another machine cannot be recorded from here: run seccomp-gen there`,
  ],
  'engine-silent': [125, ({ engine, why }: Why & OfEngine) => `${engine} does not answer: ${why}`],
  'image-not-saved': [
    125,
    ({ engine, image, why }: Why & OfEngine & { readonly image: string }) =>
      `${image}: ${engine} cannot save the image, so --scan cannot read it: ${why}`,
  ],
  'unknown-engine-option': [
    125,
    ({ engine }: OfEngine) =>
      `${engine} run: an option before the image is unknown, so the image is unknown: start the container, then record it with --container NAME`,
  ],
  'engine-option': [
    125,
    ({ engine, option, because }: OfEngine & { readonly option: string; readonly because: Obstacle }) =>
      `${engine} run ${option}: ${obstacles[because]}`,
  ],
  'compose-files-unknown': [
    125,
    () => 'docker compose: which files it reads cannot be determined: name them with -f FILE',
  ],
  'compose-without-service': [125, () => 'docker compose: no service is defined'],
  'compose-refuses': [125, ({ why }: Why) => `docker compose config: ${why}`],
  'compose-service': [
    125,
    ({
      service,
      key,
      because,
    }: {
      readonly service: string
      readonly key: string
      readonly because: Obstacle
    }) => `compose service ${service}, ${key}: ${obstacles[because]}`,
  ],
  'no-container-recorded': [
    125,
    () =>
      'the command started no container with a cgroup and a filter of its own: nothing is written (without --each the command itself is recorded)',
  ],
  'container-not-prepared': [125, ({ why }: Why) => `cannot prepare the container: ${why}`],
  'slice-failed': [
    125,
    ({ verb, slice }: { readonly verb: 'start' | 'stop'; readonly slice: string }) =>
      `systemctl ${verb} ${slice} failed`,
  ],
  'bundle-not-read': [125, ({ file, why }: Why & InFile) => `${file}: cannot be read: ${why}`],
  'hooked-never-started': [2, () => 'the program in the container never started: nothing is written'],
} as const satisfies Readonly<Record<string, ErrorRow>>

export interface EbpfNeed {
  readonly for: EbpfOnly
  readonly engine?: string
}
