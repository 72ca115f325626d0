// Clients: programs that have another process run the workload, such as those of engines, runtimes and clusters.
// Authority: --help of docker, podman, nerdctl, kubectl, crictl, ctr, runc and crun.
import { basename } from 'node:path'
import { commandAfter, letters, longs, type CommandGrammar } from './grammar.ts'

/** How a client's words are read. The process that runs its workload is often not even its child. */
export interface ContainerClient extends CommandGrammar {
  /** The subcommands that run a container. After a group such as `container` the next word is the subcommand. */
  readonly running: readonly string[]
  readonly groups?: readonly string[]
}

const running = longs('run exec start create restart attach')
export const composeGrammar: CommandGrammar = {
  valued: [
    ...letters('fp'),
    ...longs('file profile project-name project-directory env-file ansi parallel progress'),
  ],
  flags: longs('compatibility dry-run all-resources verbose'),
}
const engine = (valued: string, flags: string): ContainerClient => ({
  valued: longs(valued),
  flags: longs(flags),
  running: [...running, 'up'],
  groups: ['container', 'compose', 'pod'],
})
export const containerClients: Readonly<Record<string, ContainerClient>> = {
  docker: engine('H c l host context log-level config tlscacert tlscert tlskey', 'D debug tls tlsverify'),
  podman: engine(
    'c cgroup-manager conmon connection events-backend hooks-dir identity imagestore log-level module namespace ' +
      'network-cmd-path network-config-dir out root runroot runtime runtime-flag ssh storage-driver storage-opt tmpdir url volumepath',
    'r remote noout syslog trace transient-store',
  ),
  nerdctl: engine(
    'a H n address host namespace snapshotter storage-driver cgroup-manager data-root cni-path cni-netconfpath hosts-dir',
    'debug debug-full insecure-registry experimental',
  ),
  'docker-compose': { ...composeGrammar, running: [...running, 'up'] },
  'podman-compose': { ...composeGrammar, running: [...running, 'up'] },
  kubectl: {
    valued: [
      ...letters('ns'),
      ...longs('namespace context cluster kubeconfig user server token as request-timeout'),
    ],
    flags: longs('insecure-skip-tls-verify match-server-version'),
    running: [...running, 'debug'],
  },
  crictl: {
    valued: [...letters('cirt'), 'config', 'image-endpoint', 'runtime-endpoint', 'timeout'],
    flags: ['D', 'debug'],
    running: [...running, 'runp'],
  },
  ctr: {
    valued: [...letters('an'), 'address', 'namespace', 'timeout'],
    flags: ['debug'],
    running,
    groups: ['task', 'tasks', 't', 'container', 'containers', 'c'],
  },
  runc: {
    valued: longs('log log-format root criu rootless'),
    flags: longs('debug systemd-cgroup'),
    running: [...running, 'restore'],
  },
  crun: {
    valued: longs('log log-format log-level root cgroup-manager'),
    flags: longs('debug systemd-cgroup'),
    running: [...running, 'restore'],
  },
  'systemd-run': { valued: [], flags: [], running: [] },
}

/** Whether the word is the name or the path of a client. */
export const isClient = (word: string): boolean => Object.hasOwn(containerClients, basename(word))

/** The index of the client's name in the words of a process. If the client is a script, its interpreter comes first. */
export function clientIn(words: readonly string[]): number | undefined {
  const at = words.slice(0, 4).findIndex(isClient)
  return at < 0 ? undefined : at
}

/**
 * Whether the program at `words[at]` is a client that will run a container: its own calls are not the workload's. If an
 * unknown option hides the subcommand, any later word that may be the subcommand counts.
 */
export function runsContainer(words: readonly string[], at: number): boolean {
  const name = basename(words[at] ?? '')
  const client = Object.hasOwn(containerClients, name) ? containerClients[name] : undefined
  if (client === undefined) return false
  if (client.running.length === 0) return true
  const first = commandAfter(words, at, client)
  if (first.kind === 'unread') return words.slice(first.at).some((word) => client.running.includes(word))
  const verb = words[first.at]
  if (verb === undefined) return false
  if (!client.groups?.includes(verb)) return client.running.includes(verb)
  const second = commandAfter(words, first.at, composeGrammar)
  const rest = second.kind === 'unread' ? words.slice(second.at) : words.slice(second.at, second.at + 1)
  return rest.some((word) => client.running.includes(word))
}
