// What the text of lines tells of the machine that a trace was recorded on: the libraries that a program's loader opens,
// and addresses that programs have. Names of calls tell more (architecture.ts); what only stands in some text, nothing.
// Authority: the rows of abi/ (loaders, triplets, addresses), glibc's dl-hwcaps-subdirs (directories of processors).
import {
  architectureNames,
  architectures,
  hostNames,
  type Architecture,
  type Host,
} from '../../abi/architectures.ts'

/** ld.so opens libraries so; a linker, which opens those of other machines too, without O_CLOEXEC. */
const opened = /\bopen(?:at2?)?\([^"]*"([^"]+\.so(?:\.[\w.]+)?|\/etc\/ld-musl-\w+\.path)".*\bO_CLOEXEC\b/
/** A frame of -k: a library that the program has. */
const frame = / > (\/[^ (]+\.so[\w.]*)\(/
const started = /\bexecve\((?:pathname=)?"([^"]+)"/
const address = /\b0x([0-9a-f]{8,16})\b/g
/** The name of a system's directory of libraries that is none of ours. */
const otherTriplet = /^[a-z0-9_]+-linux-(?:gnu|musl|uclibc)\w*$/
const processors: readonly (readonly [pattern: RegExp, host: Host])[] = [
  [/\/glibc-hwcaps\/x86-64-v\d\//, 'x86_64'],
  [/\/glibc-hwcaps\/power\d+\//, 'ppc64le'],
  [/\/glibc-hwcaps\/z\d+\//, 's390x'],
]

let paths: ReadonlyMap<string, Architecture> | undefined

/** By a directory of libraries, or the path of a loader. */
function architectureByPath(): ReadonlyMap<string, Architecture> {
  return (paths ??= new Map(
    architectureNames.flatMap((each) => {
      const { triplets, loaders } = architectures[each]
      // musl's loader looks for a file of its own: /lib/ld-musl-aarch64.so.1 for /etc/ld-musl-aarch64.path.
      const settings = loaders
        .filter((path) => path.includes('/ld-musl-'))
        .map((path) => path.replace('/lib/', '/etc/').replace('.so.1', '.path'))
      return [...triplets, ...loaders, ...settings].map((path) => [path, each] as const)
    }),
  ))
}

/** Whose addresses look like x86_64's as well. */
const ambiguous = 'x86_64'

export class MachineEvidence {
  /** From the first library or loader on: whose it is; or the name of a system that is none of ours. */
  #library: Architecture | undefined
  #foreign: string | undefined
  /** From the first address that programs of one machine only have. */
  #own: Host | undefined
  /** From the first address that programs of x86_64 have, and of some others. */
  #shared: Host | undefined
  /** From the first call on that exists on one machine only. */
  #named: Host | undefined

  line(text: string): void {
    this.path(text)
    for (const [, digits = ''] of text.matchAll(address)) {
      const host = hostNames.find((each) => architectures[each].programAt?.test(digits) === true)
      if (host === ambiguous) this.#shared ??= host
      else this.#own ??= host
    }
  }

  /** The libraries alone. */
  path(text: string): void {
    if (this.#library !== undefined || this.#foreign !== undefined) return
    const path = opened.exec(text)?.[1] ?? started.exec(text)?.[1] ?? frame.exec(text)?.[1]
    if (path === undefined) return
    const known = architectureByPath()
    this.#library =
      known.get(path) ??
      path
        .split('/')
        .map((part) => known.get(part))
        .find((each) => each !== undefined) ??
      processors.find(([pattern]) => pattern.test(path))?.[1]
    if (this.#library === undefined) this.#foreign = path.split('/').find((part) => otherTriplet.test(part))
  }

  /** A call was made that exists on this machine only. */
  named(host: Host): void {
    this.#named ??= host
  }

  /** Whose the first library is. */
  get library(): Architecture | undefined {
    return this.#library
  }

  /** The machine, once further lines can tell no more. */
  get certain(): Host | undefined {
    return this.#named ?? (this.#library === undefined ? this.#own : this.host)
  }

  /** The system of a machine that is none of ours; undefined where anything shows one of ours. */
  get foreign(): string | undefined {
    return this.certain === undefined ? this.#foreign : undefined
  }

  /** The machine; of a 32-bit library, one that runs 32-bit programs. */
  get host(): Host | undefined {
    const library = this.#library && architectures[this.#library].host
    if (library === undefined) return this.#own ?? this.#shared
    // Addresses that it cannot have: somebody looked at the libraries of another machine.
    const isOther = architectures[library].programAt !== undefined && library !== 'riscv64'
    return this.#shared !== undefined && isOther ? this.#shared : library
  }

  /** Whether anything shows a 64-bit machine. */
  get isWide(): boolean {
    const library = this.#library && architectures[this.#library].addressBits === 64
    return library === true || this.#own !== undefined || this.#shared !== undefined
  }
}
