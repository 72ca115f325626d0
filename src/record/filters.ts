// Reads the seccomp filters of a running process back from the kernel. The process is stopped for a moment, as by a
// debugger. Authority: ptrace(2) (PTRACE_SEIZE, PTRACE_INTERRUPT, PTRACE_SECCOMP_GET_FILTER); seccomp_get_filter() of
// kernel/seccomp.c: the reader needs CAP_SYS_ADMIN in the initial user namespace and must have no filter itself.
import { getSystemErrorMap } from 'node:util'
import { setTimeout as wait } from 'node:timers/promises'
import { UserError } from '../errors.ts'
import { hostOfNode } from '../abi/architectures.ts'
import { syscallTable } from '../abi/tables.ts'
import { loadKoffi } from './koffi.ts'
import { whyNotLinux } from './linux.ts'
import { isFiltered, startOf } from './runner/processes.ts'

const seize = 0x4206
const interrupt = 0x4207
const getFilter = 0x420c
const detach = 17
/** waitpid(2): threads of every kind, without waiting. */
const waitOptions = 0x40000001
const ENOENT = 2
/** A process that does not stop within this time is waiting in the kernel. Milliseconds. */
const patience = 3000
/** BPF_MAXINSNS of include/uapi/linux/bpf_common.h. */
const mostInstructions = 4096

/**
 * The filter programs of the process's first thread, the newest first, as bytes of struct sock_filter. Empty if the
 * thread has no filter. Throws UserError (125) if the filters cannot be read.
 */
export async function filtersOf(pid: number): Promise<readonly Buffer[]> {
  const fail = (why: string): UserError => new UserError('filters-not-read', { pid, why })
  const notLinux = whyNotLinux()
  if (notLinux !== undefined) throw fail(notLinux)
  if (startOf(pid) === undefined) throw new UserError('no-such-process', { pid })
  if (!isFiltered(pid)) return []
  if (isFiltered('self')) throw fail('seccomp-gen runs under a seccomp filter itself: run it on the host')
  const host = hostOfNode(process.arch)
  const numberOf = (call: string): number =>
    (host === undefined ? undefined : syscallTable(host).byName(call)?.number) ?? -1
  const koffi = await loadKoffi().catch(() => {
    throw fail('the optional package koffi is not installed (npm install koffi)')
  })
  const libc = koffi.load(null)
  // Uses syscall(2), which preserves errno: glibc's ptrace() changes the result of some requests.
  const tracing = libc.func('syscall', 'long', ['long', 'long', 'long', 'long', 'void *'])
  const waiting = libc.func('syscall', 'long', ['long', 'long', 'void *', 'long', 'void *'])
  const ptrace = (request: number, address: number, data: Buffer | null): number =>
    Number(tracing(numberOf('ptrace'), request, pid, address, data))
  const reason = (): string => {
    const [name = '', words = ''] = getSystemErrorMap().get(-koffi.errno()) ?? []
    return name === 'EPERM' || name === 'EACCES'
      ? 'it needs root with CAP_SYS_ADMIN on the host, and no other tracer'
      : words || `errno ${koffi.errno()}`
  }
  if (ptrace(seize, 0, null) < 0) throw fail(reason())
  try {
    if (ptrace(interrupt, 0, null) < 0) throw fail(reason())
    const status = Buffer.from(new ArrayBuffer(8))
    for (const begun = performance.now(); ; await wait(5)) {
      const stopped = Number(waiting(numberOf('wait4'), pid, status, waitOptions, null))
      if (stopped === pid) break
      if (stopped < 0 || performance.now() - begun > patience) throw fail('it does not stop')
    }
    const programs: Buffer[] = []
    for (;;) {
      const count = ptrace(getFilter, programs.length, null)
      if (count < 0) {
        if (koffi.errno() === ENOENT) return programs
        throw fail(reason())
      }
      if (count > mostInstructions) throw fail('a filter longer than the kernel takes')
      const program = Buffer.from(new ArrayBuffer(count * 8))
      if (ptrace(getFilter, programs.length, program) < 0) throw fail(reason())
      programs.push(program)
    }
  } finally {
    ptrace(detach, 0, null)
  }
}
