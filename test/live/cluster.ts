// A cluster of one node on this machine: etcd, the API server, controller manager, scheduler and kubelet from a folder
// (scripts/build-kubernetes.sh), on the containerd of node.ts, with a bridge between pods. The kubelet gets a mount
// namespace of its own, where the sysctls that it sets are files.
// Authority: Kubernetes' command line references, KubeletConfiguration v1beta1.
import { execa } from 'execa'
import { spawn, type ChildProcess } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { existsSync, mkdirSync, openSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { cgroupMounts, removeCgroup } from '../../src/record/cgroups.ts'
import { containerdRelease, Node, whyNoNode } from './node.ts'

const programs = ['etcd', 'kube-apiserver', 'kube-controller-manager', 'kube-scheduler', 'kubelet'] as const
type Program = (typeof programs)[number]

/** What a kubelet keeps outside its own folder. If there is any, another kubelet may be at work. */
const kubeletFolders = ['/var/lib/kubelet', '/var/log/containers', '/var/log/pods']
/** The API server asks the kubelet for logs by this name. */
const nodeName = 'localhost'
const bridge = 'sgpods0'
const ports = { etcd: 33790, peers: 33791, api: 26443, manager: 26257, scheduler: 26259, kubelet: 21250 }

/** Why no cluster can run here; undefined if it can. */
export async function whyNoCluster(folder: string | undefined): Promise<string | undefined> {
  if (folder === undefined) return 'SECCOMP_GEN_KUBERNETES names no folder with the programs of Kubernetes'
  const missing = programs.find((each) => !existsSync(join(folder, each)))
  if (missing !== undefined) return `${folder} has no ${missing}`
  if ((await execa('kubectl', ['version', '--client'], { reject: false })).failed)
    return 'kubectl is not installed'
  if (!existsSync('/usr/lib/cni/bridge')) return 'containernetworking-plugins is not installed'
  const other = kubeletFolders.find((each) => existsSync(each)) ?? otherPods()
  if (other !== undefined) return `${other} exists: another kubelet may use it`
  const why = await whyNoNode()
  if (why === undefined && !(await containerdRelease()).startsWith('1.'))
    return 'the kubelet speaks CRI v1alpha2, and containerd 2 does not'
  return why
}

/** The recorder takes the first cgroup of this name: a node of node.ts at the same time would be taken for ours. */
function otherPods(): string | undefined {
  return cgroupMounts()
    .filter(({ version }) => version === 2)
    .flatMap(({ path }) => ['', ...readdirSync(path)].map((each) => join(path, each, 'kubepods')))
    .find((each) => existsSync(each))
}

export class Cluster {
  readonly node: Node
  readonly directory: string
  readonly #folder: string
  readonly #token = randomBytes(16).toString('hex')
  readonly #running: ChildProcess[] = []
  /** The kubelet's cgroupRoot. */
  readonly #top = `sgcluster${process.pid}`

  private constructor(folder: string, node: Node) {
    this.#folder = folder
    this.node = node
    this.directory = join(node.directory, 'cluster')
  }

  static async start(folder: string): Promise<Cluster> {
    // `stop` removes the kubelet's folders, so none of them may be there before.
    const why = await whyNoCluster(folder)
    if (why !== undefined) throw new Error(why)
    const cluster = new Cluster(folder, await Node.start())
    try {
      await cluster.#start()
      return cluster
    } catch (error) {
      await cluster.stop()
      throw error
    }
  }

  kubectl(...words: readonly string[]) {
    return execa('kubectl', words, {
      env: this.environment,
      cwd: this.directory,
      reject: false,
      timeout: 120_000,
    })
  }

  get environment(): Readonly<Record<string, string>> {
    return { KUBECONFIG: join(this.directory, 'kubeconfig') }
  }

  async #start(): Promise<void> {
    const at = (name: string): string => join(this.directory, name)
    mkdirSync(this.directory)
    writeFileSync(join(this.node.directory, 'cni/bridge.conflist'), JSON.stringify(network(at('addresses'))))
    await execa('openssl', ['genrsa', '-out', at('key.pem'), '2048'])
    writeFileSync(at('tokens.csv'), `${this.#token},admin,1,"system:masters"\n`, { mode: 0o600 })
    const server = `https://127.0.0.1:${ports.api}`
    writeFileSync(at('kubeconfig'), this.#kubeconfig(server), { mode: 0o600 })
    const store = `http://127.0.0.1:${ports.etcd}`
    const peers = `http://127.0.0.1:${ports.peers}`
    this.#run('etcd', [
      `--data-dir=${at('etcd')}`,
      `--listen-client-urls=${store}`,
      `--advertise-client-urls=${store}`,
      `--listen-peer-urls=${peers}`,
      `--initial-advertise-peer-urls=${peers}`,
      `--initial-cluster=default=${peers}`,
    ])
    this.#run('kube-apiserver', [
      `--etcd-servers=${store}`,
      '--bind-address=127.0.0.1',
      '--advertise-address=127.0.0.1',
      `--secure-port=${ports.api}`,
      `--cert-dir=${at('api')}`,
      '--service-account-issuer=https://kubernetes.default.svc',
      `--service-account-key-file=${at('key.pem')}`,
      `--service-account-signing-key-file=${at('key.pem')}`,
      `--token-auth-file=${at('tokens.csv')}`,
      '--authorization-mode=AlwaysAllow',
      '--service-cluster-ip-range=10.96.0.0/24',
      // No pod of ours has a token.
      '--disable-admission-plugins=ServiceAccount',
    ])
    await this.until('the API server', async () => !(await this.kubectl('get', '--raw', '/readyz')).failed)
    const controllers = 'deployment,replicaset,daemonset,job,garbagecollector,podgc,namespace,nodelifecycle'
    const common = [
      `--kubeconfig=${at('kubeconfig')}`,
      '--bind-address=127.0.0.1',
      '--port=0',
      '--leader-elect=false',
    ]
    this.#run('kube-controller-manager', [
      ...common,
      `--secure-port=${ports.manager}`,
      `--cert-dir=${at('manager')}`,
      `--controllers=${controllers}`,
    ])
    this.#run('kube-scheduler', [
      ...common,
      `--secure-port=${ports.scheduler}`,
      `--cert-dir=${at('scheduler')}`,
    ])
    this.#makeCgroups()
    this.#runKubelet()
    await this.until('the node', async () =>
      / Ready/.test((await this.kubectl('get', 'node', nodeName, '--no-headers')).stdout),
    )
  }

  #makeCgroups(): void {
    for (const { path } of cgroupMounts()) {
      mkdirSync(join(path, this.#top), { recursive: true })
      // Version 1: an empty cpuset takes no process.
      for (const file of ['cpuset.cpus', 'cpuset.mems'])
        if (existsSync(join(path, this.#top, file)) && existsSync(join(path, 'cpuset.cpu_exclusive')))
          writeFileSync(join(path, this.#top, file), readFileSync(join(path, file)))
    }
  }

  #runKubelet(): void {
    const at = (name: string): string => join(this.directory, name)
    writeFileSync(
      at('kubelet.json'),
      JSON.stringify({
        apiVersion: 'kubelet.config.k8s.io/v1beta1',
        kind: 'KubeletConfiguration',
        address: '127.0.0.1',
        port: ports.kubelet,
        healthzPort: 0,
        readOnlyPort: 0,
        failSwapOn: false,
        cgroupDriver: 'cgroupfs',
        cgroupRoot: `/${this.#top}`,
        cgroupsPerQOS: true,
        enforceNodeAllocatable: [],
        makeIPTablesUtilChains: false,
        hairpinMode: 'none',
        authentication: { anonymous: { enabled: true }, webhook: { enabled: false } },
        authorization: { mode: 'AlwaysAllow' },
        imageGCHighThresholdPercent: 100,
        evictionHard: { 'memory.available': '10Mi' },
        maxPods: 30,
        syncFrequency: '5s',
      }),
    )
    const sysctls = [
      'vm/overcommit_memory',
      'vm/panic_on_oom',
      'kernel/panic',
      'kernel/panic_on_oops',
      'kernel/keys/root_maxkeys',
      'kernel/keys/root_maxbytes',
    ]
    mkdirSync(at('sysctls'))
    const shield =
      'directory=$1; shift; i=0\n' +
      'while [ "$1" != -- ]; do i=$((i+1)); cat "/proc/sys/$1" > "$directory/$i" && ' +
      'mount --bind "$directory/$i" "/proc/sys/$1" || exit 1; shift; done; shift; exec "$@"'
    const socket = `unix://${this.node.socket}`
    this.#spawn('kubelet', 'unshare', [
      '--mount',
      'sh',
      '-c',
      shield,
      'sh',
      at('sysctls'),
      ...sysctls,
      '--',
      join(this.#folder, 'kubelet'),
      `--config=${at('kubelet.json')}`,
      `--kubeconfig=${at('kubeconfig')}`,
      '--container-runtime=remote',
      `--container-runtime-endpoint=${socket}`,
      `--image-service-endpoint=${socket}`,
      `--root-dir=${at('kubelet')}`,
      `--cert-dir=${at('kubelet-certificates')}`,
      `--volume-plugin-dir=${at('plugins')}`,
      `--hostname-override=${nodeName}`,
      '--pod-infra-container-image=docker.io/local/pause:1',
      '--oom-score-adj=0',
    ])
  }

  #run(program: Program, words: readonly string[]): void {
    this.#spawn(program, join(this.#folder, program), words)
  }

  #spawn(name: Program, program: string, words: readonly string[]): void {
    const log = openSync(join(this.directory, `${name}.log`), 'w')
    this.#running.push(spawn(program, words, { stdio: ['ignore', log, log], cwd: this.directory }))
  }

  #kubeconfig(server: string): string {
    return JSON.stringify({
      apiVersion: 'v1',
      kind: 'Config',
      clusters: [{ name: 'here', cluster: { server, 'insecure-skip-tls-verify': true } }],
      users: [{ name: 'admin', user: { token: this.#token } }],
      contexts: [{ name: 'here', context: { cluster: 'here', user: 'admin' } }],
      'current-context': 'here',
    })
  }

  /** Waits, for two minutes at most. */
  async until(what: string, isSo: () => Promise<boolean>): Promise<void> {
    for (const begun = performance.now(); performance.now() - begun < 120_000; await wait(300))
      if (await isSo()) return
    throw new Error(`${what}: not within two minutes`)
  }

  /** Ends all of it, the youngest first: the pods while there is a kubelet, then the programs, then what they made. */
  async stop(): Promise<void> {
    if (this.#running.length === programs.length) {
      const all = ['delete', 'deployment,daemonset,job,pod', '--all', '--all-namespaces', '--wait=false']
      await this.kubectl(...all, '--grace-period=1')
      await this.until('the end of the pods', async () => {
        const { stdout, failed } = await this.kubectl('get', 'pods', '--all-namespaces', '--no-headers')
        return failed || stdout === ''
      }).catch(() => undefined)
    }
    for (const each of this.#running.splice(0).toReversed()) {
      if (each.exitCode !== null || each.signalCode !== null) continue
      const over = once(each, 'exit')
      each.kill('SIGTERM')
      const late = setTimeout(() => each.kill('SIGKILL'), 10_000)
      await over
      clearTimeout(late)
    }
    const mounts = readFileSync('/proc/self/mounts', 'utf8').split('\n')
    for (const line of mounts.toReversed()) {
      const path = line.split(' ')[1] ?? ''
      if (path.startsWith(`${this.directory}/`)) await execa('umount', [path], { reject: false })
    }
    await this.node.stop()
    for (const { path } of cgroupMounts())
      for (const each of [this.#top, 'kubepods']) removeCgroup(join(path, each))
    await execa('ip', ['link', 'delete', bridge], { reject: false })
    for (const each of kubeletFolders) rmSync(each, { recursive: true, force: true })
  }
}

/** Without masquerading: no pod needs more than this machine. */
function network(dataDir: string): unknown {
  const ipam = { type: 'host-local', dataDir, ranges: [[{ subnet: '10.97.0.0/24' }]] }
  return { cniVersion: '0.4.0', name: 'pods', plugins: [{ type: 'bridge', bridge, isGateway: true, ipam }] }
}
