// Kubernetes objects as kubectl prints them: several in a list, in JSON and in YAML, and one whose kind is missing.
import t from 'tap'
import { profileProblems } from '../../src/check/index.ts'
import { observe } from '../../src/observe/index.ts'
import { parseProfiles } from '../../src/profile/index.ts'

const object = (name: string, call: string): object => ({
  apiVersion: 'security-profiles-operator.x-k8s.io/v1beta1',
  kind: 'SeccompProfile',
  metadata: { name },
  spec: {
    defaultAction: 'SCMP_ACT_ERRNO',
    architectures: ['SCMP_ARCH_X86_64'],
    syscalls: [{ action: 'SCMP_ACT_ALLOW', names: [call, 'execve', 'exit_group'] }],
  },
})

const withKind = (kind: string): string =>
  JSON.stringify(
    {
      apiVersion: 'v1',
      items: [object('a', 'read'), object('b', 'write')],
      kind,
      metadata: { resourceVersion: '' },
    },
    null,
    4,
  )

const yaml = `apiVersion: v1
items:
- apiVersion: security-profiles-operator.x-k8s.io/v1beta1
  kind: SeccompProfile
  metadata:
    name: a
  spec:
    architectures:
    - SCMP_ARCH_X86_64
    defaultAction: SCMP_ACT_ERRNO
    syscalls:
    - action: SCMP_ACT_ALLOW
      names: [read, execve, exit_group]
- apiVersion: v1
  kind: Pod
  metadata:
    name: other
- apiVersion: security-profiles-operator.x-k8s.io/v1beta1
  kind: SeccompProfile
  metadata:
    name: b
  spec:
    architectures:
    - SCMP_ARCH_X86_64
    defaultAction: SCMP_ACT_ERRNO
    syscalls:
    - action: SCMP_ACT_ALLOW
      names: [write, execve, exit_group]
kind: List
metadata:
  resourceVersion: ""
`

const withoutKind = `metadata:
  generateName: trace1-
spec:
  architectures:
  - SCMP_ARCH_X86_64
  defaultAction: SCMP_ACT_ERRNO
  syscalls:
  - action: SCMP_ACT_ALLOW
    names: [read, execve, exit_group]
`

t.test('a list is its objects', async (t) => {
  for (const [name, text] of [
    ['json', withKind('List')],
    ['a typed list', withKind('SeccompProfileList')],
    ['yaml', yaml],
  ] as const) {
    t.strictSame(
      parseProfiles(text).map(({ title, envelope }) => [title, envelope]),
      [
        ['a', 'spo'],
        ['b', 'spo'],
      ],
      name,
    )
    const { architectures, sources } = await observe([{ name: 'list', bytes: [Buffer.from(text)] }])
    t.strictSame(
      Object.keys(architectures.x86_64 ?? {}).sort(),
      ['execve', 'exit_group', 'read', 'write'],
      name,
    )
    t.match(sources, [{ format: 'spo', evidence: ['wanted'] }])
  }
})

t.test('an object without its kind', async (t) => {
  const [profile] = parseProfiles(withoutKind)
  t.equal(profile.envelope, 'spo')
  t.notOk(profileProblems(profile).some(({ severity }) => severity === 'error'))
  const { architectures } = await observe([{ name: 'x.yaml', bytes: [Buffer.from(withoutKind)] }])
  t.strictSame(Object.keys(architectures.x86_64 ?? {}).sort(), ['execve', 'exit_group', 'read'])
})
