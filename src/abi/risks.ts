// What an allowed call exposes: risk classes with their severity and reason. The classes are a judgement about where
// kernels were attacked and what reaches beyond a container, not a measurement. scripts/make-tables.ts generates the
// calls of each class (src/abi/data/risks.ts) from facts/risks.txt. Authority for each sentence: the manual page of the
// calls and capabilities(7), namespaces(7), io_uring(7), keyrings(7).
import { risks as data } from './data/risks.ts'

/** From worst to harmless. `info`: worth knowing. `none`: exposes nothing by itself. */
export type RiskSeverity = 'high' | 'medium' | 'low' | 'info' | 'none'

/** What a call exposes when a filter allows it. */
export interface Risk {
  readonly class: RiskClass
  readonly severity: RiskSeverity
  /** What the class exposes: a sentence without its full stop. */
  readonly exposes: string
  /** The class covers only calls with arguments such as these; missing ones are 0. Undefined: all calls. */
  readonly args?: readonly bigint[]
}

const sentences = {
  'kernel keyring':
    'keys belong to users and not to containers, so containers of one user share secrets and quotas',
  eBPF: 'loads programs into the kernel, whose checker and compiler have let kernel memory be read and written',
  perf: 'measures other processes and the kernel, through code with a long record of faults',
  'exploit primitive': 'lets a program hold the kernel inside a page fault, which makes races easy to win',
  io_uring:
    'what is queued in a ring is carried out without asking any filter, so other rules no longer bind',
  'user namespaces':
    'gives every capability inside a new user namespace, and with it reach to privileged kernel code',
  namespaces: 'joins the namespaces of other processes',
  'mount API': 'changes what is mounted where, and feeds images to the file system parsers of the kernel',
  'cross-process access': 'reads and changes the memory and descriptors of other processes of the same user',
  'file handles':
    'opens files by handle, which leads out of the mounts of a container with CAP_DAC_READ_SEARCH',
  personality: 'turns off the randomisation of addresses, or selects rarely used behaviour of the kernel',
  removed: 'kernels of today do not have it: nothing',
  'host administration':
    'changes the whole host: its kernel, clock, swap, name or power, for whom the capability is given',
  NUMA: 'decides on which memory node pages lie, also of other processes',
  'kernel crypto sockets':
    'reaches the cryptography of the kernel, which few programs need and few have tested',
  'virtual machine sockets': 'talks between host and virtual machines past every network namespace',
  'audit sockets': 'writes to the audit log of the host with CAP_AUDIT_WRITE',
  'raw sockets':
    'with CAP_NET_RAW, packets of any content are sent and all traffic of the network namespace is read',
  'x86 segmentation': 'changes the segment table of the process, old code that few programs need',
  'pipe buffers':
    'moves pages between pipes and files without a copy, which has let pages be written that were shared',
  fanotify: 'watches whole file systems, with CAP_SYS_ADMIN also what others open',
  LSM: 'asks security modules about themselves, and sets their labels',
  'x86 real mode': 'runs 16-bit code, through a part of the kernel that hardly anything uses',
  'fileless execution': 'programs and secrets can live in memory without a file that a scanner would see',
  'device control': 'one door to every driver; the request TIOCSTI types into the terminal of somebody else',
  'always needed, with history': 'every program needs it; faults in it were reached from every sandbox',
} as const

/** The kinds of risk, such as `kernel-code`; each has one sentence. */
export type RiskClass = keyof typeof sentences

let byName: ReadonlyMap<string, readonly Risk[]> | undefined

/** The risk classes of a call, by libseccomp's name. Most calls have none. */
export function risksOf(call: string): readonly Risk[] {
  byName ??= read()
  return byName.get(call) ?? []
}

/** Throws an Error if the data has a class without a sentence, which is a defect of the project. */
function read(): ReadonlyMap<string, readonly Risk[]> {
  const found = new Map<string, Risk[]>()
  for (const line of data.trim().split('\n')) {
    const [, severity, name, calls] = /^(\w+) (.+) : (.+)$/.exec(line) as unknown as string[]
    const exposes = (sentences as Readonly<Record<string, string>>)[name as string]
    if (exposes === undefined) throw new Error(`nothing says what ${name} exposes`)
    for (const word of (calls as string).split(' ')) {
      const [, call = '', args] = /^(\w+)(?:\((.*)\))?$/.exec(word) ?? []
      const risk = {
        class: name as RiskClass,
        severity: severity as RiskSeverity,
        exposes,
        ...(args === undefined ? {} : { args: args.split(',').map(BigInt) }),
      }
      found.set(call, [...(found.get(call) ?? []), risk])
    }
  }
  return found
}
