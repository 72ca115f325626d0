// The files of deploy/: kustomize bases of the objects that `--as fleet` prints.
import {
  archiveReader,
  merger,
  namespace,
  placer,
  recorder,
  recorderProfile,
  recorderProfileName,
  type ClusterObject,
} from '../src/print/cluster/index.ts'
import { yamlText } from '../src/print/kubernetes.ts'

const kustomization = (
  resources: readonly string[],
  rest: Readonly<Record<string, unknown>> = {},
): Readonly<Record<string, unknown>> => ({
  apiVersion: 'kustomize.config.k8s.io/v1beta1',
  kind: 'Kustomization',
  resources,
  ...rest,
})

const base = (
  name: string,
  objects: Readonly<Record<string, ClusterObject>>,
  rest: Readonly<Record<string, unknown>> = {},
): readonly (readonly [path: string, value: object])[] => [
  ...Object.entries(objects).map(([file, object]) => [`${name}/${file}`, object] as const),
  [`${name}/kustomization.yaml`, kustomization(Object.keys(objects), rest)],
]

/** The texts by path below deploy/. */
export const deployFiles: ReadonlyMap<string, string> = new Map(
  [
    ...base('namespace', { 'namespace.yaml': namespace() }),
    ...base('record', { 'daemonset.yaml': recorder('*') }),
    ...base('merge', { 'job.yaml': merger('app') }),
    ...base('archive', { 'job.yaml': archiveReader('app', 8) }),
    ...base(
      'place',
      { 'daemonset.yaml': placer('seccomp-profiles') },
      {
        // An overlay adds profiles with `behavior: merge`. The name has no hash, so nodes get them by themselves.
        configMapGenerator: [
          { name: 'seccomp-profiles', namespace: 'seccomp-gen', files: [recorderProfileName] },
        ],
        generatorOptions: { disableNameSuffixHash: true },
      },
    ),
    ['kustomization.yaml', kustomization(['namespace', 'record', 'place'])] as const,
  ]
    .map(([path, value]) => [path, yamlText(value)] as const)
    .concat([[`place/${recorderProfileName}`, recorderProfile]]),
)
