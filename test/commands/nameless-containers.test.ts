// Containers that ended before their name could be read: how many there were, with and without a sandbox in their pod.
// Authority: containerd makes a sandbox for every pod; crio.conf(5), drop_infra_ctr: CRI-O leaves it out by default.
import t from 'tap'
import { NamelessContainers } from '../../src/commands/nameless-containers.ts'

/** The directory of a pod's container, as containerd and CRI-O name it with systemd, and CRI-O with cgroupfs. */
const places = {
  containerd: (pod: string, id: string) =>
    `/k/kubepods.slice/kubepods-besteffort-pod${pod}.slice/cri-containerd-${id}.scope`,
  'CRI-O': (pod: string, id: string) => `/k/kubepods.slice/kubepods-pod${pod}.slice/crio-${id}.scope`,
  'CRI-O, cgroupfs': (pod: string, id: string) => `/k/kubepods/besteffort/pod${pod}/crio-${id}`,
} as const
type Runtime = keyof typeof places

for (const [what, runtime, programs, expected] of [
  ['a sandbox alone', 'containerd', ['pause'], 0],
  ['a sandbox of an unknown program', 'containerd', ['sleep'], 0],
  ['a sandbox and one more', 'containerd', ['pause', 'true'], 1],
  ['no sandbox, and one container', 'CRI-O', ['true'], 1],
  ['no sandbox, and two containers', 'CRI-O, cgroupfs', ['true', 'sh'], 2],
  ['a sandbox alone', 'CRI-O', ['pause'], 0],
  ['OpenShift’s sandbox, and one container', 'CRI-O', ['true', 'pod'], 1],
] satisfies readonly (readonly [string, Runtime, readonly string[], number])[])
  t.test(`${runtime}: ${what}`, async (t) => {
    const containers = new NamelessContainers((id) => new Set(['runc:[2:INIT]', id]))
    for (const program of programs) containers.add({ id: program, directory: places[runtime]('1', program) })
    t.equal(containers.count, expected, 'while the pod is there')
    const pod = places[runtime]('1', 'x').replace(/\/[^/]+$/, '')
    containers.forgetBut(new Set([pod]))
    t.equal(containers.count, expected)
    containers.forgetBut(new Set())
    t.equal(containers.count, expected, 'after the pod')
  })

t.test('pods are counted apart, and containers outside of pods are not', async (t) => {
  const containers = new NamelessContainers(() => new Set(['true']))
  for (const pod of ['1', '2']) {
    containers.add({ id: 'a', directory: places.containerd(pod, 'a') })
    containers.add({ id: 'b', directory: places.containerd(pod, 'b') })
  }
  containers.add({ id: 'c', directory: '/k/system.slice/docker-c.scope' })
  t.equal(containers.count, 2)
})
