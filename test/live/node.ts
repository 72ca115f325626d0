// A node without a kubelet: a container runtime with its CRI on a separate socket, and pods made as the kubelet makes
// them. Images contain busybox. The runtime is containerd, or CRI-O if SECCOMP_GEN_CRIO names its directory.
// Authority: k8s.io/cri-api v1 for the numbers of fields.
import { execa } from 'execa'
import type { ChildProcess } from 'node:child_process'
import { createHash, randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { writeBundle } from '../../scripts/bundle.ts'
import { cgroupMounts, removeCgroup } from '../../src/record/cgroups.ts'
import { GrpcClient } from '../../src/record/cri/client.ts'
import { entries, type Decoded, type Message } from '../../src/record/cri/wire.ts'
import { plainEnvironment, seccompGen } from './command.ts'
import { containerd, pause, whyNoContainerd } from './node-containerd.ts'
import { crio, whyNoCrio } from './node-crio.ts'

export { containerdRelease } from './node-containerd.ts'
/** A runtime that serves the CRI, and how it is started and given images in a directory of its own. */
export interface NodeRuntime {
  readonly start: (directory: string, socket: string) => Promise<ChildProcess>
  /** Imports an OCI layout of one image. */
  readonly importImage: (layout: string, name: string, directory: string, socket: string) => Promise<void>
}

const isCrio = process.env['SECCOMP_GEN_CRIO'] !== undefined
/** Why no node can run here; undefined if one can. */
export const whyNoNode = isCrio ? whyNoCrio : whyNoContainerd

export type Filter = 'default' | 'unconfined' | { readonly file: string }

export interface PodOptions {
  readonly namespace?: string
  readonly labels?: Readonly<Record<string, string>>
  /** Of the pod, not of its containers. */
  readonly annotations?: Readonly<Record<string, string>>
  readonly filter?: Filter
  readonly noNewPrivileges?: boolean
  readonly capabilities?: readonly string[]
  readonly mounts?: readonly {
    readonly host: string
    readonly container: string
    readonly readonly?: boolean
  }[]
  readonly image?: string
  /** Its processes see those of the host. */
  readonly hostPid?: boolean
}

export interface ContainerOptions {
  /** Default: the pod's. */
  readonly filter?: Filter
  /** The container whose process ids it shares, as an ephemeral container does. */
  readonly target?: string
}

export interface Pod {
  readonly sandbox: string
  readonly uid: string
  readonly name: string
  readonly namespace: string
  /** Starts a container and returns its id. A name that was there before is a restart. */
  readonly container: (
    name: string,
    command: readonly string[],
    options?: ContainerOptions,
  ) => Promise<string>
  readonly remove: () => Promise<void>
}

const image = 'docker.io/local/app:1'

export class Node {
  readonly directory: string
  readonly socket: string
  readonly cgroup = `/sgkube${process.pid}/kubepods`
  readonly #runtime: NodeRuntime
  #daemon: ChildProcess
  readonly #client: GrpcClient

  private constructor(directory: string, socket: string, runtime: NodeRuntime, daemon: ChildProcess) {
    this.directory = directory
    this.socket = socket
    this.#runtime = runtime
    this.#daemon = daemon
    this.#client = new GrpcClient(this.socket)
  }

  static async start(runtime: NodeRuntime = isCrio ? crio : containerd): Promise<Node> {
    const directory = mkdtempSync('/tmp/sg-node-')
    for (const each of ['cni', 'logs']) mkdirSync(join(directory, each))
    const socket = join(directory, 'cri.sock')
    const node = new Node(directory, socket, runtime, await runtime.start(directory, socket))
    await node.#answers()
    const bundle = join(directory, 'bundle')
    mkdirSync(bundle)
    writeBundle(bundle, { args: ['/bin/true'], noNewPrivileges: false }, undefined)
    for (const name of [image, pause]) await node.importImage(join(bundle, 'rootfs'), name)
    return node
  }

  async #answers(): Promise<void> {
    for (let tries = 0; tries < 100; tries++) {
      if (existsSync(this.socket) && (await this.ask('Version', { 1: 'v1' }).catch(() => undefined))) break
      await wait(100)
    }
  }

  /** Ends the runtime without notice and starts it again after `away` milliseconds. Its containers go on. */
  async restart(away: number): Promise<void> {
    const over = once(this.#daemon, 'exit')
    this.#daemon.kill('SIGKILL')
    await over
    await wait(away)
    this.#daemon = await this.#runtime.start(this.directory, this.socket)
    await this.#answers()
  }

  /** Imports an OCI layout of one layer. */
  async importImage(rootfs: string, name: string, config: object = {}): Promise<void> {
    const layout = mkdtempSync(join(this.directory, 'image-'))
    mkdirSync(join(layout, 'blobs/sha256'), { recursive: true })
    const blob = (bytes: Uint8Array, mediaType: string) => {
      const hex = createHash('sha256').update(bytes).digest('hex')
      writeFileSync(join(layout, 'blobs/sha256', hex), bytes)
      return { mediaType, digest: `sha256:${hex}`, size: bytes.length }
    }
    const archive = async (of: string): Promise<Uint8Array> =>
      (
        await execa('tar', ['-C', of, '--owner=0', '--group=0', '--numeric-owner', '-c', '.'], {
          encoding: 'buffer',
          maxBuffer: 1 << 30,
        })
      ).stdout
    const layer = blob(await archive(rootfs), 'application/vnd.oci.image.layer.v1.tar')
    const command = name === pause ? { Cmd: ['/bin/sleep', '1000000'] } : {}
    const about = {
      architecture: process.arch === 'arm64' ? 'arm64' : 'amd64',
      os: 'linux',
      config: { Env: ['PATH=/usr/local/bin:/usr/bin:/bin'], ...command, ...config },
      rootfs: { type: 'layers', diff_ids: [layer.digest] },
    }
    const json = (value: unknown): Buffer => Buffer.from(JSON.stringify(value))
    const described = blob(json(about), 'application/vnd.oci.image.config.v1+json')
    const type = 'application/vnd.oci.image.manifest.v1+json'
    const manifest = blob(
      json({ schemaVersion: 2, mediaType: type, config: described, layers: [layer] }),
      type,
    )
    writeFileSync(join(layout, 'oci-layout'), '{"imageLayoutVersion":"1.0.0"}')
    const annotations = { 'io.containerd.image.name': name, 'org.opencontainers.image.ref.name': name }
    writeFileSync(
      join(layout, 'index.json'),
      json({ schemaVersion: 2, manifests: [{ ...manifest, annotations }] }),
    )
    await this.#runtime.importImage(layout, name, this.directory, this.socket)
    rmSync(layout, { recursive: true })
  }

  ask(method: string, message: Message): Promise<Decoded> {
    return this.#client.call(`/runtime.v1.RuntimeService/${method}`, message, 60_000)
  }

  async pod(name: string, options: PodOptions = {}): Promise<Pod> {
    const { namespace = 'default', labels = {}, annotations = {}, hostPid = false } = options
    const uid = randomUUID()
    const own = {
      'io.kubernetes.pod.name': name,
      'io.kubernetes.pod.namespace': namespace,
      'io.kubernetes.pod.uid': uid,
    }
    // NODE for the network, which then needs no plugins; CONTAINER or NODE for process ids; POD for the rest.
    const namespaces: Message = { 1: 2, 2: hostPid ? 2 : 1 }
    const cgroup = `${this.cgroup}/besteffort/pod${uid}`
    const attempts = new Map<string, number>()
    const sandboxConfig: Message = {
      1: { 1: name, 2: uid, 3: namespace },
      3: join(this.directory, 'logs'),
      6: entries({ ...own, ...labels }),
      7: entries(annotations),
      8: { 1: cgroup, 2: { 1: namespaces, 9: { 1: 0 } } },
    }
    const sandbox = (await this.ask('RunPodSandbox', { 1: sandboxConfig })).text(1)
    const container: Pod['container'] = async (of, command, { filter = options.filter, target } = {}) => {
      const { capabilities = [] } = options
      const attempt = attempts.get(of) ?? 0
      attempts.set(of, attempt + 1)
      const config: Message = {
        1: { 1: of, 2: attempt },
        // CRI-O checks signatures by the name that the user gave.
        2: { 1: options.image ?? image, 18: options.image ?? image },
        [options.image === undefined ? 3 : 4]: command,
        7: (options.mounts ?? []).map((each) => ({
          1: each.container,
          2: each.host,
          3: each.readonly ?? true,
        })),
        9: entries({ ...own, 'io.kubernetes.container.name': of }),
        11: `${name}_${of}_${attempt}.log`,
        15: {
          1: { 3: 2 },
          2: {
            ...(options.capabilities && { 1: { 1: capabilities, 2: ['ALL'] } }),
            // TARGET
            3: target === undefined ? namespaces : { ...namespaces, 2: 3, 4: target },
            5: { 1: 0 },
            11: options.noNewPrivileges ?? false,
            15: securityProfile(filter ?? 'default'),
          },
        },
      }
      const made = await this.ask('CreateContainer', { 1: sandbox, 2: config, 3: sandboxConfig })
      const id = made.text(1)
      await this.ask('StartContainer', { 1: id })
      return id
    }
    const remove = async (): Promise<void> => {
      await this.ask('StopPodSandbox', { 1: sandbox })
      await this.ask('RemovePodSandbox', { 1: sandbox })
      // As the kubelet does: runtimes leave a pod's own cgroup.
      for (const { path } of cgroupMounts()) removeCgroup(join(path, cgroup))
    }
    return { sandbox, uid, name, namespace, container, remove }
  }

  /** Waits until the container ends; returns its exit code. */
  async ended(container: string): Promise<number> {
    for (;;) {
      const status = (await this.ask('ContainerStatus', { 1: container })).message(1)
      if (status.number(3) === 2) return status.number(7)
      await wait(50)
    }
  }

  async stop(): Promise<void> {
    const sandboxes = await this.ask('ListPodSandbox', {}).catch(() => undefined)
    for (const each of sandboxes?.messages(1) ?? []) {
      await this.ask('StopPodSandbox', { 1: each.text(1) }).catch(() => undefined)
      await this.ask('RemovePodSandbox', { 1: each.text(1) }).catch(() => undefined)
    }
    this.#client.close()
    const over = once(this.#daemon, 'exit')
    this.#daemon.kill('SIGTERM')
    await over
    const [, top = ''] = this.cgroup.split('/')
    for (const { path } of cgroupMounts()) removeCgroup(join(path, top))
    rmSync(this.directory, { recursive: true, force: true })
  }
}

function securityProfile(filter: Filter): Message {
  if (filter === 'default') return { 1: 0 }
  return filter === 'unconfined' ? { 1: 1 } : { 1: 2, 2: filter.file }
}

/** Runs seccomp-gen beside the node's runtime. `timeout`: in milliseconds. */
export function seccompOn({ socket, directory }: Node, timeout: number, words: readonly string[]) {
  const [program, ...loading] = seccompGen
  return execa(program, [...loading, ...words], {
    env: { ...plainEnvironment, CONTAINER_RUNTIME_ENDPOINT: `unix://${socket}` },
    reject: false,
    stdin: 'ignore',
    cwd: directory,
    timeout,
  })
}
