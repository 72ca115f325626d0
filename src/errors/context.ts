// Errors of a security context: its document, what a form cannot hold, and patching a manifest.
import type { InFile, ErrorRow } from './row.ts'

export interface ContextFault {
  readonly fault: keyof typeof faults
  /** The wrong member or container. */
  readonly member: string
}

const faults = {
  'not-json': () => 'it is not valid JSON',
  'no-context': () => 'it is not what `seccomp-gen harden --as json` prints',
  'no-container': () => 'it names no container',
  member: (member) => `"${member}" of a container is missing or wrong`,
  repeated: (member) => `the container ${member} occurs twice`,
} as const satisfies Readonly<Record<string, (member: string) => string>>

export const contextErrors = {
  'not-a-context': [
    2,
    ({ file, fault, member }: InFile & ContextFault) =>
      `${file}: is not a security context: ${faults[fault](member)}`,
  ],
  'no-context-evidence': [
    2,
    () =>
      'the input holds no evidence of a security context: record the start of a container with `seccomp-gen trace --observations FILE` and the ebpf recorder; strace shows no checks for capabilities',
  ],
  'container-not-in-input': [
    2,
    ({ name, names }: { readonly name: string; readonly names: readonly string[] }) =>
      `there is no container ${name} in the input: it has ${names.join(', ')}`,
  ],
  'one-container-only': [
    2,
    ({ names, form }: { readonly names: readonly string[]; readonly form: string }) =>
      `the form ${form} describes one container, and the input has ${names.join(', ')}: choose one with --container`,
  ],
  'form-needs-observations': [
    2,
    ({ form }: { readonly form: string }) =>
      `the form ${form} is made from observations, not from a context: give the observations`,
  ],
  'path-not-in-form': [
    2,
    ({ path, form }: { readonly path: string; readonly form: string }) =>
      `the form ${form} has no way to write the path ${path}: take --as json, or rename the directory`,
  ],
  // --- patching a manifest
  'manifest-from-stdin': [2, () => '--patch rewrites a file, and standard input is not one: name a file'],
  'not-a-manifest': [
    2,
    ({ file }: InFile) =>
      `${file}: cannot be patched: give a Kubernetes workload, a compose file or a quadlet (.container)`,
  ],
  'manifest-not-yaml': [
    2,
    ({ file, line, words }: InFile & { readonly line: number; readonly words: string }) =>
      `${file}:${line}: is not valid YAML: ${words}`,
  ],
  'manifest-template': [
    2,
    ({ file, line }: InFile & { readonly line: number }) =>
      `${file}:${line}: is a template of Helm ({{ … }}), whose parts may be left out: patch what \`helm template\` prints, or the values of the chart`,
  ],
  'manifest-other-kind': [
    2,
    ({
      file,
      line,
      member,
      is,
      expected,
    }: InFile & {
      readonly line: number
      readonly member: string
      readonly is: string
      readonly expected: string
    }) => `${file}:${line}: ${member} is ${is} where ${expected} is expected`,
  ],
  'alias-in-manifest': [
    2,
    ({ file, name }: InFile & { readonly name: string }) =>
      `${file}: the patch of what &${name} names would also change every place that uses *${name}: write the value out at each place, and remove the anchor`,
  ],
  'manifest-other-user': [
    2,
    ({ file, name, user }: InFile & { readonly name: string; readonly user: string }) =>
      `${file}: ${name} starts as ${user} here, and was recorded as root: give --user with the number of that user, or record the container as it starts here`,
  ],
  'no-container-to-patch': [
    2,
    ({
      file,
      names,
      here,
    }: InFile & { readonly names: readonly string[]; readonly here: readonly string[] }) =>
      `${file}: the input has no evidence for a container in this file: the input names ${names.join(', ')}, the file ${here.length === 0 ? 'none' : here.join(', ')}`,
  ],
} as const satisfies Readonly<Record<string, ErrorRow>>
