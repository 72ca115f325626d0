// Infers the machine that a trace was recorded on from the libraries that a program's loader opens and from program
// addresses. Names of calls are stronger evidence (architecture.ts); other text is none. Authority: the rows of abi/
// (loaders, triplets, addresses), glibc's dl-hwcaps-subdirs (directories of processors).
import {
  architectureNames,
  architectures,
  hostNames,
  isHost,
  type Architecture,
  type Host,
} from '../../abi/architectures.ts'
import { machineElsewhere } from '../../abi/elsewhere.ts'
import { libraries } from './lines.ts'

const address = /\b0x([0-9a-f]{8,16})\b/g
/** A library directory named by a system triplet. If abi/ has no such triplet, the system is foreign. */
const otherTriplet = /^[a-z0-9_]+-linux-(?:gnu|musl|uclibc)\w*$/
const processors: readonly (readonly [pattern: RegExp, host: Host])[] = [
  [/\/glibc-hwcaps\/x86-64-v\d\//, 'x86_64'],
  [/\/glibc-hwcaps\/power\d+\//, 'ppc64le'],
  [/\/glibc-hwcaps\/z\d+\//, 's390x'],
  // glibc's LIBDIR by ABI: sysdeps/unix/sysv/linux/riscv/configure.ac.
  [/\/lib64\/lp64d?\//, 'riscv64'],
]
/** A loader of glibc or musl, or musl's settings. If abi/ does not have it, its machine is foreign. */
const otherLoader = /^\/(?:lib\w*\/(?:ld-linux-|ld-musl-)|etc\/ld-musl-)(\w+)(?:-[\w-]+)?\.(?:so\.\d|path)$/
/** glibc's loader of big-endian ppc64. s390x has the same name in /lib, and ppc64le has ld64.so.2. */
const loaderOfPpc64 = /^(?:\/usr)?\/lib64\/ld64\.so\.1$/

let paths: ReadonlyMap<string, Architecture> | undefined

/** Architectures by the name of a library directory or the path of a loader. */
function architectureByPath(): ReadonlyMap<string, Architecture> {
  return (paths ??= new Map(
    architectureNames.flatMap((each) => {
      const { triplets, loaders } = architectures[each]
      // musl's loader looks for its own settings: /lib/ld-musl-aarch64.so.1 opens /etc/ld-musl-aarch64.path.
      const settings = loaders
        .filter((path) => path.includes('/ld-musl-'))
        .map((path) => path.replace('/lib/', '/etc/').replace('.so.1', '.path'))
      return [...triplets, ...loaders, ...settings].map((path) => [path, each] as const)
    }),
  ))
}

/** The host whose addresses other hosts use as well. */
const ambiguous = 'x86_64'

export class MachineEvidence {
  /** The architecture of the first library or loader; `#foreign`: the name of its system if abi/ does not have it. */
  #library: Architecture | undefined
  #foreign: string | undefined
  /** The first 64-bit library or loader, after 32-bit ones. */
  #wide: Architecture | undefined
  /** The host of the first address that only programs of one host have. */
  #own: Host | undefined
  /** Set by the first address that programs of x86_64 and some other hosts have. */
  #shared: Host | undefined
  /** The host of the first call that exists on one host only. */
  #named: Host | undefined

  line(text: string): void {
    this.path(text)
    for (const [, digits = ''] of text.matchAll(address)) {
      const host = hostNames.find((each) => architectures[each].programAt?.test(digits) === true)
      if (host === ambiguous) this.#shared ??= host
      else this.#own ??= host
    }
  }

  /** Reads only the libraries of a line. */
  path(text: string): void {
    if (this.#wide !== undefined || this.#foreign !== undefined) return
    const { opened, started, frame } = libraries
    const [, path] = opened.pattern.exec(text) ?? started.pattern.exec(text) ?? frame.pattern.exec(text) ?? []
    if (path === undefined) return
    const known = architectureByPath()
    const library =
      known.get(path) ??
      path
        .split('/')
        .map((part) => known.get(part))
        .find((each) => each !== undefined) ??
      processors.find(([pattern]) => pattern.test(path))?.[1]
    this.#library ??= library
    if (library !== undefined && isHost(library)) this.#wide = library
    if (this.#library === undefined)
      this.#foreign = loaderOfPpc64.test(path)
        ? 'ppc64'
        : (path.split('/').find((part) => otherTriplet.test(part)) ?? otherLoader.exec(path)?.[1])
  }

  /** Notes a call that no supported machine has. */
  unknown(name: string): void {
    this.#foreign ??= machineElsewhere(name)
  }

  /** Notes a call that exists on this host only. */
  named(host: Host): void {
    this.#named ??= host
  }

  /** The architecture of the first library. */
  get library(): Architecture | undefined {
    return this.#library
  }

  /** The host, once further lines cannot change it. */
  get certain(): Host | undefined {
    if (this.#named !== undefined) return this.#named
    if (this.#library === undefined) return this.#own
    return this.isWide ? this.host : undefined
  }

  /** The system of an unsupported machine; undefined if anything shows a supported one. */
  get foreign(): string | undefined {
    return this.certain === undefined && this.#library === undefined ? this.#foreign : undefined
  }

  /** The host; for a 32-bit library, the host that runs such programs. */
  get host(): Host | undefined {
    const library = this.#library && architectures[this.#library].host
    if (library === undefined) return this.#own ?? this.#shared
    // The host cannot have such addresses: the program opened the libraries of another machine.
    const isOther = architectures[library].programAt !== undefined && library !== 'riscv64'
    return this.#shared !== undefined && isOther ? this.#shared : library
  }

  /** Whether a library or an address shows a 64-bit machine. */
  get isWide(): boolean {
    return this.#wide !== undefined || this.#own !== undefined || this.#shared !== undefined
  }
}
