// containerd for a node of the tests: Debian's, or another one by SECCOMP_GEN_CONTAINERD=DIRECTORY, which has containerd,
// ctr and the shim, and no runc: sid's needs a newer libc than bookworm's. Authority: containerd's docs/cri/config.md.
import { execa } from 'execa'
import { spawn } from 'node:child_process'
import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { NodeRuntime } from './node.ts'

const folder = process.env['SECCOMP_GEN_CONTAINERD']
/** containerd finds its shim in PATH. */
const env = folder === undefined ? {} : { PATH: `${folder}:${process.env['PATH'] ?? ''}` }

/** The image of the container that holds a pod's namespaces. */
export const pause = 'docker.io/local/pause:1'

/** The release of containerd, such as 1.6. From 2.0 on it has another configuration, and no CRI before v1. */
export async function containerdRelease(): Promise<string> {
  const { stdout } = await execa('containerd', ['--version'], { env })
  return / v?(\d+\.\d+)\./.exec(stdout)?.[1] ?? ''
}

/** Why no such node can run here; undefined if it can. */
export async function whyNoContainerd(): Promise<string | undefined> {
  if (process.getuid?.() !== 0) return 'containerd is run as root here, and this is not root'
  if (!existsSync('/bin/busybox')) return '/bin/busybox is missing: apt-get install busybox-static'
  for (const tool of ['containerd', 'ctr', 'runc']) {
    const { code } = await execa(tool, ['--version'], { reject: false, env })
    if (code === 'ENOENT') return `${tool} is not installed`
  }
  return undefined
}

export const containerd: NodeRuntime = {
  start: async (directory, socket) => {
    const file = join(directory, 'config.toml')
    const configuration = (await containerdRelease()).startsWith('1.') ? configuration1 : configuration2
    writeFileSync(file, configuration(directory, socket))
    return spawn('containerd', ['--config', file], { stdio: 'ignore', env: { ...process.env, ...env } })
  },
  importImage: async (layout, _name, directory, socket) => {
    const tar = join(directory, 'image.tar')
    await execa('tar', ['-C', layout, '-cf', tar, '.'])
    await execa('ctr', ['-a', socket, '-n', 'k8s.io', 'images', 'import', tar], { env })
  },
}

function configuration1(directory: string, socket: string): string {
  return `version = 2
root = "${directory}/root"
state = "${directory}/state"
oom_score = 0
[grpc]
  address = "${socket}"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "${pause}"
  disable_tcp_service = true
  restrict_oom_score_adj = true
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/usr/lib/cni"
    conf_dir = "${directory}/cni"
  [plugins."io.containerd.grpc.v1.cri".containerd]
    snapshotter = "native"
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
      runtime_type = "io.containerd.runc.v2"
      pod_annotations = ["io.containers.trace-syscall"]
[plugins."io.containerd.internal.v1.opt"]
  path = "${directory}/opt"
[plugins."io.containerd.nri.v1.nri"]
  disable = false
  socket_path = "${directory}/nri.sock"
  plugin_path = "${directory}/nri"
  plugin_config_path = "${directory}/nri.d"
`
}

function configuration2(directory: string, socket: string): string {
  return `version = 3
root = "${directory}/root"
state = "${directory}/state"
oom_score = 0
[grpc]
  address = "${socket}"
[plugins.'io.containerd.cri.v1.images']
  snapshotter = "native"
  [plugins.'io.containerd.cri.v1.images'.pinned_images]
    sandbox = "${pause}"
[plugins.'io.containerd.cri.v1.runtime']
  restrict_oom_score_adj = true
  enable_unprivileged_ports = false
  enable_unprivileged_icmp = false
  [plugins.'io.containerd.cri.v1.runtime'.cni]
    bin_dirs = ["/usr/lib/cni"]
    conf_dir = "${directory}/cni"
  [plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.runc]
    runtime_type = "io.containerd.runc.v2"
    pod_annotations = ["io.containers.trace-syscall"]
[plugins.'io.containerd.grpc.v1.cri']
  disable_tcp_service = true
[plugins.'io.containerd.internal.v1.opt']
  path = "${directory}/opt"
[plugins.'io.containerd.nri.v1.nri']
  socket_path = "${directory}/nri.sock"
  plugin_path = "${directory}/nri"
  plugin_config_path = "${directory}/nri.d"
`
}
