// Finds out whether one of the processes waits for clients: it has a listening socket (TCP, Unix), or a UDP socket on a
// port that clients are never given. Authority: proc_pid_net(5), Documentation/networking/proc_net_tcp.rst,
// net/unix/af_unix.c (unix_seq_show), proc_pid_fd(5), ip(7) (ip_local_port_range).
import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { textOf } from './processes.ts'

const listenState = '0A'
/** SO_ACCEPTCON, in the flags of a Unix socket. */
const accepting = 0x10000

export interface Listening {
  /** TCP or UDP. */
  readonly ports: boolean
  /** Unix sockets. */
  readonly local: boolean
}

export function listening(processes: readonly number[]): Listening {
  const found = { ports: false, local: false }
  for (const pid of processes) {
    const own = socketsOf(pid)
    const rows = (file: string): readonly (readonly string[])[] =>
      (textOf(pid, `net/${file}`) ?? '')
        .split('\n')
        .slice(1)
        .map((line) => line.trim().split(/\s+/))
    // The inode is the tenth field; for Unix sockets it is the seventh.
    const isOwn = (row: readonly string[]): boolean => own.has(row[9] ?? '')
    found.ports ||=
      ['tcp', 'tcp6'].some((file) => rows(file).some((row) => row[3] === listenState && isOwn(row))) ||
      ['udp', 'udp6'].some((file) => rows(file).some((row) => isOwn(row) && isServed(row)))
    found.local ||= rows('unix').some(
      (row) => (parseInt(row[3] ?? '0', 16) & accepting) !== 0 && own.has(row[6] ?? ''),
    )
  }
  return found
}

/** Whether a UDP socket is bound to a port below those given to clients, and has no peer. */
function isServed([, local = '', remote = '']: readonly string[]): boolean {
  const port = parseInt(local.split(':')[1] ?? '0', 16)
  return port > 0 && port < firstOfClients() && /^0+:0000$/.test(remote)
}

function firstOfClients(): number {
  try {
    return Number(readFileSync('/proc/sys/net/ipv4/ip_local_port_range', 'latin1').split(/\s+/)[0])
  } catch {
    return 32_768
  }
}

/** The inodes of the process's open sockets; empty if we may not read them. */
function socketsOf(pid: number): ReadonlySet<string> {
  const inodes = new Set<string>()
  try {
    for (const descriptor of readdirSync(`/proc/${pid}/fd`)) {
      const [, inode] = /^socket:\[(\d+)\]$/.exec(linkOf(`/proc/${pid}/fd/${descriptor}`)) ?? []
      if (inode !== undefined) inodes.add(inode)
    }
  } catch {
    // The process has ended, or belongs to another user.
  }
  return inodes
}

function linkOf(path: string): string {
  try {
    return readlinkSync(path)
  } catch {
    return ''
  }
}
