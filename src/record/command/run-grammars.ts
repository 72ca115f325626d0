// The options of each engine's `run`, to distinguish the image from the value of an option.
// Authority: docker run --help (28), podman run --help (5), nerdctl run --help (2).
import { letters, longs, type CommandGrammar } from './grammar.ts'

const valued = [
  ...letters('acehlmpuvw'),
  ...longs(
    'add-host annotation attach blkio-weight blkio-weight-device cap-add cap-drop cgroup-parent cgroupns cidfile cpu-count cpu-percent',
  ),
  ...longs(
    'cpu-period cpu-quota cpu-rt-period cpu-rt-runtime cpu-shares cpus cpuset-cpus cpuset-mems detach-keys device device-cgroup-rule',
  ),
  ...longs(
    'device-read-bps device-read-iops device-write-bps device-write-iops dns dns-opt dns-option dns-search domainname entrypoint env',
  ),
  ...longs(
    'env-file expose gpus group-add health-cmd health-interval health-retries health-start-interval health-start-period health-timeout',
  ),
  ...longs(
    'hostname io-maxbandwidth io-maxiops ip ip6 ipc isolation kernel-memory label label-file link link-local-ip log-driver log-opt',
  ),
  ...longs(
    'mac-address memory memory-reservation memory-swap memory-swappiness mount name net network net-alias network-alias oom-score-adj',
  ),
  ...longs(
    'pid pids-limit platform publish pull restart runtime security-opt shm-size stop-signal stop-timeout storage-opt sysctl tmpfs',
  ),
  ...longs('ulimit user userns uts volume volume-driver volumes-from workdir'),
]
const flags = [
  ...letters('dPitq'),
  ...longs(
    'detach disable-content-trust help init interactive no-healthcheck oom-kill-disable privileged publish-all quiet read-only rm',
  ),
  ...longs('sig-proxy tty use-api-socket'),
]

const podmanValued = longs(
  'arch authfile cgroup-conf cgroups chrootdirs conmon-pidfile decryption-key env-merge gidmap group-entry health-on-failure ' +
    'health-startup-cmd health-startup-interval health-startup-retries health-startup-success health-startup-timeout hosts-file hostuser ' +
    'image-volume init-path os passwd-entry personality pidfile pod pod-id-file preserve-fd preserve-fds rdt-class requires sdnotify ' +
    'seccomp-policy secret shm-size-systemd subgidname subuidname systemd timeout tz uidmap umask unsetenv variant retry retry-delay creds cert-dir',
)
const podmanFlags = longs(
  'env-host http-proxy no-hostname no-hosts passwd read-only-tmpfs replace rmi rootfs tls-verify unsetenv-all',
)

/** By engine: how its `run` is read up to the image. */
export const runGrammars: Readonly<Record<string, CommandGrammar>> = {
  docker: { valued, flags },
  podman: { valued: [...valued, ...podmanValued], flags: [...flags, ...podmanFlags] },
  nerdctl: {
    valued: [
      ...valued,
      ...longs(
        'blkio-weight-device cgroup-conf cosign-key ipfs-address pidfile rdt-class umask verify systemd',
      ),
    ],
    flags: [...flags, 'rootfs', 'insecure-registry'],
  },
}
