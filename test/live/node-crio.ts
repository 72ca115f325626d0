// CRI-O for a node of the tests. It is in no suite of Debian: SECCOMP_GEN_CRIO=DIRECTORY has crio and pinns, which
// scripts/build-cri-o.sh builds. conmon, runc and skopeo are Debian's. Authority: crio.conf(5).
import { execa } from 'execa'
import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pause } from './node-containerd.ts'
import type { NodeRuntime } from './node.ts'

const folder = process.env['SECCOMP_GEN_CRIO']

/** Why no such node can run here; undefined if it can. */
export async function whyNoCrio(): Promise<string | undefined> {
  if (folder === undefined) return 'SECCOMP_GEN_CRIO names no directory with crio and pinns'
  if (process.getuid?.() !== 0) return 'CRI-O is run as root here, and this is not root'
  for (const each of ['crio', 'pinns'])
    if (!existsSync(join(folder, each))) return `${join(folder, each)} is missing`
  for (const tool of ['conmon', 'runc', 'skopeo']) {
    const { code } = await execa(tool, ['--version'], { reject: false })
    if (code === 'ENOENT') return `${tool} is not installed`
  }
  return undefined
}

const storageIn = (directory: string): readonly [root: string, runRoot: string] => [
  join(directory, 'storage'),
  join(directory, 'storage-run'),
]

/** Its hooks are in `hooks.d` of the node's directory, its NRI socket is `nri.sock` there. */
export const crio: NodeRuntime = {
  start: async (directory, socket) => {
    for (const each of ['hooks.d', 'policies', 'run', 'exits', 'attach'])
      mkdirSync(join(directory, each), { recursive: true })
    writeFileSync(join(directory, 'policy.json'), '{"default":[{"type":"insecureAcceptAnything"}]}')
    const file = join(directory, 'crio.conf')
    const [conmon = '', runc = ''] = await Promise.all(
      ['conmon', 'runc'].map(async (tool) => (await execa('which', [tool])).stdout),
    )
    writeFileSync(file, configuration(directory, socket, { conmon, runc }))
    return spawn(join(folder ?? '', 'crio'), ['--config', file, '--config-dir', ''], { stdio: 'ignore' })
  },
  importImage: async (layout, name, directory) => {
    const [root, runRoot] = storageIn(directory)
    const words = ['copy', '--insecure-policy', `oci:${layout}:${name}`]
    await execa('skopeo', [...words, `containers-storage:[vfs@${root}+${runRoot}]${name}`])
  },
}

function configuration(
  directory: string,
  socket: string,
  { conmon, runc }: { readonly conmon: string; readonly runc: string },
): string {
  const [root, runRoot] = storageIn(directory)
  return `[crio]
root = "${root}"
runroot = "${runRoot}"
storage_driver = "vfs"
log_dir = "${directory}/logs"
version_file = "${directory}/version"
clean_shutdown_file = "${directory}/clean"
[crio.api]
listen = "${socket}"
[crio.runtime]
apparmor_profile = ""
cgroup_manager = "cgroupfs"
conmon_cgroup = "pod"
container_attach_socket_dir = "${directory}/attach"
container_exits_dir = "${directory}/exits"
default_runtime = "runc"
hooks_dir = ["${directory}/hooks.d"]
namespaces_dir = "${directory}/run"
pinns_path = "${join(folder ?? '', 'pinns')}"
[crio.runtime.runtimes.runc]
runtime_path = "${runc}"
runtime_root = "${directory}/runc"
monitor_path = "${conmon}"
monitor_cgroup = "pod"
allowed_annotations = ["io.containers.trace-syscall"]
[crio.image]
pause_image = "${pause}"
pause_command = "/bin/sleep 1000000"
signature_policy = "${directory}/policy.json"
signature_policy_dir = "${directory}/policies"
[crio.network]
network_dir = "${directory}/cni"
plugin_dirs = ["/usr/lib/cni"]
[crio.nri]
nri_listen = "${directory}/nri.sock"
nri_plugin_dir = "${directory}/nri"
nri_plugin_config_dir = "${directory}/nri.d"
`
}
