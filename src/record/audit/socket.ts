// Reads the kernel's audit records as they are made, from a multicast group of the audit netlink socket that readers
// other than auditd may join. The log's rate limit does not apply to it. Lost records are counted and reported.
// Authority: netlink(7), kernel/audit.c (audit_multicast_bind, kauditd_send_multicast_skb), include/uapi/linux/audit.h.
import { closeSync, readFileSync, readlinkSync, readSync, writeSync } from 'node:fs'
import { getSystemErrorMap } from 'node:util'
import { setTimeout as wait } from 'node:timers/promises'
import { loadKoffi } from '../koffi.ts'

const AF_NETLINK = 16
/** SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC. */
const rawQuietly = 3 | 0o4000 | 0o2000000
const NETLINK_AUDIT = 9
/** AUDIT_NLGRP_READLOG as a bit of sockaddr_nl's nl_groups. */
const readLog = 1
const SOL_SOCKET = 1
const SO_RCVBUFFORCE = 33
/** The size of the receive buffer in bytes, for some ten thousand records. */
const enough = 64 * 1024 * 1024
/** MAX_AUDIT_MESSAGE_LENGTH is 8970. */
const longest = 16_384
const headerSize = 16
const types = { get: 1000, seccomp: 1326 } as const
/** Offsets in struct audit_status. */
const status = { lost: 24, backlog: 28, size: 32 } as const

/** How many records were lost since the machine started, and how many wait to be sent. */
interface KernelStatus {
  readonly lost: number
  readonly backlog: number
}

/** Called with the text of each seccomp record. */
export type RecordListener = (text: string) => void

export class AuditSocket {
  readonly #descriptor: number
  readonly #listener: RecordListener
  readonly #bytes = Buffer.alloc(longest)
  readonly #poll: NodeJS.Timeout
  #status: KernelStatus | undefined
  #lostBefore = 0
  #open = true

  private constructor(descriptor: number, listener: RecordListener) {
    this.#descriptor = descriptor
    this.#listener = listener
    this.#poll = setInterval(() => this.#drain(), 20)
  }

  /** Throws an Error that gives the reason: koffi missing, rights missing, or a container. */
  static async open(listener: RecordListener, room: number = enough): Promise<AuditSocket> {
    const koffi = await loadKoffi()
    const libc = koffi.load(null)
    const checked = (what: string, answer: number): number => {
      if (answer >= 0) return answer
      const [, words = ''] = getSystemErrorMap().get(-koffi.errno()) ?? []
      throw new Error(`${what}: ${words} (CAP_AUDIT_READ and CAP_AUDIT_CONTROL are needed)`)
    }
    const opened = libc.func('int socket(int, int, int)')(AF_NETLINK, rawQuietly, NETLINK_AUDIT) as number
    const descriptor = checked('no audit socket', opened)
    try {
      const size = Buffer.alloc(4)
      size.writeInt32LE(room)
      libc.func('int setsockopt(int, int, int, void *, unsigned int)')(
        descriptor,
        SOL_SOCKET,
        SO_RCVBUFFORCE,
        size,
        size.length,
      )
      const address = Buffer.alloc(12)
      address.writeUInt16LE(AF_NETLINK, 0)
      address.writeUInt32LE(readLog, 8)
      const bind = libc.func('int bind(int, void *, unsigned int)')
      checked('no audit records', bind(descriptor, address, address.length) as number)
      const socket = new AuditSocket(descriptor, listener)
      try {
        socket.#lostBefore = (await socket.#askStatus()).lost
        return socket
      } catch (error) {
        clearInterval(socket.#poll)
        throw error
      }
    } catch (error) {
      closeSync(descriptor)
      throw error
    }
  }

  /** Reads all records made so far, and closes. Returns how many records were lost, of any process on the machine. */
  async end(): Promise<number> {
    try {
      for (;;) {
        const { lost, backlog } = await this.#askStatus()
        // A record that has left the backlog may not have arrived yet.
        await wait(50)
        this.#drain()
        if (backlog === 0) return lost - this.#lostBefore + this.#dropped()
      }
    } finally {
      this.close()
    }
  }

  close(): void {
    if (!this.#open) return
    this.#open = false
    clearInterval(this.#poll)
    closeSync(this.#descriptor)
  }

  /** How many records found no room in the socket. */
  #dropped(): number {
    const inode = /\d+/.exec(readlinkSync(`/proc/self/fd/${this.#descriptor}`))?.[0]
    const rows = readFileSync('/proc/net/netlink', 'latin1')
      .split('\n')
      .map((row) => row.trim().split(/\s+/))
    const drops = (rows[0] ?? []).indexOf('Drops')
    return Number(rows.find((row) => row.at(-1) === inode)?.[drops] ?? 0)
  }

  async #askStatus(): Promise<KernelStatus> {
    const request = Buffer.alloc(headerSize)
    request.writeUInt32LE(headerSize, 0)
    request.writeUInt16LE(types.get, 4)
    // NLM_F_REQUEST.
    request.writeUInt16LE(1, 6)
    this.#status = undefined
    writeSync(this.#descriptor, request)
    for (let tries = 0; tries < 200; tries++) {
      this.#drain()
      if (this.#status !== undefined) return this.#status
      await wait(10)
    }
    throw new Error('the audit system does not answer')
  }

  #drain(): void {
    for (;;) {
      try {
        this.#take(this.#bytes.subarray(0, readSync(this.#descriptor, this.#bytes)))
      } catch (error) {
        const { code } = error as NodeJS.ErrnoException
        // ENOBUFS reports a loss once; #dropped() counts the lost records.
        if (code !== 'ENOBUFS') {
          if (code === 'EAGAIN') return
          throw error
        }
      }
    }
  }

  #take(message: Buffer): void {
    const type = message.readUInt16LE(4)
    if (type === types.seccomp) this.#listener(message.toString('latin1', headerSize))
    else if (type === types.get && message.length >= headerSize + status.size)
      this.#status = {
        lost: message.readUInt32LE(headerSize + status.lost),
        backlog: message.readUInt32LE(headerSize + status.backlog),
      }
  }
}
