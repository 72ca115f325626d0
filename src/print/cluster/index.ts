// Prints the streams of Kubernetes objects of `--as fleet` and `--as admission`.
import { yamlText } from '../kubernetes.ts'
import { admission } from './admission.ts'
import { recorderProfile } from './data/recorder-profile.ts'
import {
  merger,
  namespace,
  placer,
  recorder,
  recorderNamespace,
  recorderProfileName,
  type ClusterObject,
} from './fleet.ts'

export { recorderProfile } from './data/recorder-profile.ts'
export {
  archiveReader,
  merger,
  namespace,
  placer,
  recorder,
  recorderProfileName,
  type ClusterObject,
} from './fleet.ts'

/** `profile`: the text of the profile, which a ConfigMap carries to the nodes. */
export function fleetText(profile: string, name: string): string {
  const configMap = {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: `${name}-seccomp`, namespace: recorderNamespace },
    data: { [`${name}.json`]: profile, [recorderProfileName]: recorderProfile },
  }
  return stream([
    [
      'Records, merges and places a profile. Replace the image "seccomp-gen" and registry.example.org with yours.',
      'The recorder needs hostPath, CAP_BPF and CAP_PERFMON, and placing needs hostPath: neither can be "restricted".',
    ],
    namespace(),
    [
      'Runs under a profile of its own, once the placing DaemonSet below has put it on the node.',
      'Prints what it recorded: kubectl logs. To push it instead: --push REGISTRY/REPOSITORY in the place of --stdout.',
    ],
    recorder(`*/${name}*`),
    ['Once there are recordings in the registry. It meets "restricted".'],
    merger(name),
    configMap,
    [`A pod names the profile as ${name}.json, and waits until the file is there.`],
    placer(`${name}-seccomp`),
  ])
}

export function admissionText(name: string): string {
  return stream([
    [
      `Pods labelled app.kubernetes.io/name=${name} run under ${name}.json only. In a namespace at a time: give the binding`,
      'a matchResources.namespaceSelector.',
    ],
    ...admission(name, `${name}.json`),
  ])
}

/** Prints objects; a part that is a list of lines is a comment on the next object. */
function stream(parts: readonly (ClusterObject | readonly string[])[]): string {
  let text = ''
  let isFirst = true
  let comment = ''
  for (const part of parts) {
    if (isComment(part)) comment = part.map((line) => `# ${line}\n`).join('')
    else {
      text += `${isFirst ? '' : '---\n'}${comment}${yamlText(part)}`
      comment = ''
      isFirst = false
    }
  }
  return text
}

function isComment(part: ClusterObject | readonly string[]): part is readonly string[] {
  return Array.isArray(part)
}
