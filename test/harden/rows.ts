// Rows of evidence as a recorder writes them for a container under Docker; each test sets the members it is about.
import type {
  CapabilityCheck,
  CapabilityRaise,
  ContainerStart,
  Execution,
  FileUse,
  Identity,
  ObservedContext,
  Observations,
  PortBound,
  SeenDirectory,
  UserNamespaceMade,
} from '../../src/observe/index.ts'
import { noRows } from '../../src/read/observations/context.ts'

const seen = { count: 1, first: 'ebpf:app' } as const

type Change = ObservedContext['changes'][number]
type Read = ObservedContext['reads'][number]

export const dockerSet = [
  'CAP_AUDIT_WRITE',
  'CAP_CHOWN',
  'CAP_DAC_OVERRIDE',
  'CAP_FOWNER',
  'CAP_FSETID',
  'CAP_KILL',
  'CAP_MKNOD',
  'CAP_NET_BIND_SERVICE',
  'CAP_NET_RAW',
  'CAP_SETFCAP',
  'CAP_SETGID',
  'CAP_SETPCAP',
  'CAP_SETUID',
  'CAP_SYS_CHROOT',
] as const

export function start(given: Partial<ContainerStart> = {}): ContainerStart {
  return {
    recorder: 'tracepoint',
    engine: 'docker',
    path: '/usr/sbin/app',
    uid: 0,
    gid: 0,
    groups: [0],
    permitted: dockerSet,
    bounding: dockerSet,
    noNewPrivileges: false,
    unprivilegedPorts: 0,
    ...seen,
    ...given,
  }
}

/** A check granted to root after its own execve. */
export function check(
  given: Partial<CapabilityCheck> & Pick<CapabilityCheck, 'capability'>,
): CapabilityCheck {
  return {
    granted: true,
    effective: true,
    own: true,
    withinBounding: true,
    started: true,
    depth: 0,
    otherNamespace: false,
    functions: [],
    program: 'app',
    uid: 0,
    euid: 0,
    suid: 0,
    gid: 0,
    egid: 0,
    sgid: 0,
    ...seen,
    ...given,
  }
}

export function change(given: Partial<Change> & Pick<Change, 'kind' | 'path'>): Change {
  return {
    call: given.kind === 'open' ? 'openat' : given.kind,
    resolved: true,
    mount: '/',
    program: 'app',
    uid: 0,
    gid: 0,
    started: true,
    ...(given.kind === 'open' ? { reads: false, writes: true, fileType: 'regular' as const } : {}),
    ...(given.creates === true ? { ours: true as const } : {}),
    ...seen,
    ...given,
  }
}

export function opened(path: string, given: Partial<Read> = {}): Read {
  return {
    kind: 'open',
    call: 'openat',
    path,
    resolved: true,
    mount: '/',
    program: 'app',
    uid: 0,
    gid: 0,
    started: true,
    reads: true,
    writes: false,
    creates: false,
    fileType: 'regular',
    fileMode: '0644',
    fileUid: 0,
    fileGid: 0,
    ...seen,
    ...given,
  }
}

export function directory(path: string, mode = '0755', uid = 0, gid = 0): SeenDirectory {
  return { path, mode, uid, gid, ...seen }
}

export function execution(given: Partial<Execution> & Pick<Execution, 'path'>): Execution {
  return {
    program: 'sh',
    started: true,
    uid: 0,
    euidBefore: 0,
    egidBefore: 0,
    euid: 0,
    egid: 0,
    noNewPrivileges: false,
    ...seen,
    ...given,
  }
}

export function identity(uid: number, gid: number, given: Partial<Identity> = {}): Identity {
  return {
    call: 'setuid',
    program: 'app',
    started: true,
    uid,
    euid: uid,
    suid: uid,
    gid,
    egid: gid,
    sgid: gid,
    ...seen,
    ...given,
  }
}

export function raise(
  given: Partial<CapabilityRaise> & Pick<CapabilityRaise, 'call' | 'capabilities'>,
): CapabilityRaise {
  return { program: 'app', started: true, euid: 0, ...seen, ...given }
}

export function bound(port: number, given: Partial<PortBound> = {}): PortBound {
  return { family: 'inet', port, program: 'app', euid: 0, started: true, ...seen, ...given }
}

export function namespace(given: Partial<UserNamespaceMade> = {}): UserNamespaceMade {
  return { call: 'unshare', program: 'app', started: true, euid: 0, ...seen, ...given }
}

export function container(given: Partial<ObservedContext> = {}): ObservedContext {
  return {
    name: 'app',
    ...noRows(),
    starts: [start()],
    ...given,
  }
}

export function observations(...context: readonly ObservedContext[]): Observations {
  return {
    version: 1,
    architectures: { x86_64: { read: { count: 1, first: 'ebpf' } } },
    unknown: {},
    context,
    sources: [],
    diagnostics: [],
  }
}

export type { FileUse }
