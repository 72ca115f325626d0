// Which machine qemu's user mode emulated. No line says it, and qemu's name is not in the log; so it is told from what
// one machine only has: the path of a library, the number of rseq (which glibc since 2.35 calls behind set_robust_list), a
// number that is a call there only. Names and widths narrow it down. What is left open is assumed, and said.
// Authority: the rows and tables of abi/; glibc sysdeps/nptl/dl-tls_init_tp.c; qemu linux-user/mmap.c
// (TASK_UNMAPPED_BASE), linux-user/strace.c (TARGET_ABI_FMT_lx).
import { architectureNames, architectures, type Architecture } from '../../abi/architectures.ts'
import { existsOnlyOn } from '../../abi/spellings.ts'
import { syscallTable } from '../../abi/tables.ts'
import type { MachineTold } from '../grammar.ts'
import { MachineEvidence } from '../strace/machine-evidence.ts'

/** An address is printed with all the digits that the machine's have. */
const address = /\b0x(0[0-9a-f]{15}|0[0-9a-f]{7})\b/
/** Where qemu up to 8.0 put what a program maps: at 0x5500000000 for aarch64, at 0x4000000000 for other 64-bit machines. */
const ofAarch64 = /\b0x00000055[0-9a-f]{8}\b/
const ofOthers = /\b0x0000004[0-2][0-9a-f]{8}\b/

/** qemu has no x32. */
const emulated = architectureNames.filter((each) => each !== 'x32')

/** Of more distinct names or numbers no more is learnt. */
const kindsLimit = 4096

export class EmulatedMachine {
  readonly #libraries = new MachineEvidence()
  readonly #names = new Set<string>()
  readonly #numbers = new Set<number>()
  /** Numbers without a name, directly behind set_robust_list. */
  readonly #rseq = new Set<number>()
  #multiplexes = false
  #bits: 32 | 64 | undefined
  #isOfAarch64 = false
  #isOfOthers = false

  line(text: string): void {
    this.#libraries.path(text)
    if (this.#bits === undefined) {
      const digits = address.exec(text)?.[1]
      if (digits !== undefined) this.#bits = digits.length === 16 ? 64 : 32
    }
    this.#isOfAarch64 ||= ofAarch64.test(text)
    this.#isOfOthers ||= ofOthers.test(text)
  }

  /** A call by its name; a member of socketcall, which has capital letters, exists where there is one. */
  named(name: string, isMember: boolean): void {
    this.#multiplexes ||= isMember
    if (this.#names.size < kindsLimit) this.#names.add(name)
  }

  numbered(number: number, isBehindRobustList: boolean): void {
    if (this.#numbers.size < kindsLimit) this.#numbers.add(number)
    if (isBehindRobustList && this.#rseq.size < kindsLimit) this.#rseq.add(number)
  }

  get told(): MachineTold {
    const possible = this.#byNames(emulated.filter((each) => this.#fits(each)))
    const left = this.#byNumbers(possible)
    const isShown =
      this.#rseq.size > 0 ||
      this.#libraries.library !== undefined ||
      this.#isOfAarch64 ||
      left.length < possible.length
    return { possible: left, isShown: isShown && left.length === 1 }
  }

  #fits(architecture: Architecture): boolean {
    const { addressBits, multiplexes } = architectures[architecture]
    const { library, foreign } = this.#libraries
    return (
      (this.#bits === undefined || this.#bits === addressBits) &&
      (!this.#multiplexes || multiplexes) &&
      (library === undefined ? foreign === undefined : library === architecture) &&
      (!this.#isOfAarch64 || architecture === 'aarch64') &&
      (!this.#isOfOthers || architecture !== 'aarch64') &&
      this.#setsThreadPointer(architecture) &&
      [...this.#rseq].every((number) => syscallTable(architecture).byNumber(number)?.name === 'rseq')
    )
  }

  /** libc sets it before set_tid_address: by arch_prctl on x86_64, by set_thread_area on i386. */
  #setsThreadPointer(architecture: Architecture): boolean {
    const by =
      architecture === 'x86_64' ? 'arch_prctl' : architecture === 'x86' ? 'set_thread_area' : undefined
    return by === undefined || !this.#names.has('set_tid_address') || this.#names.has(by)
  }

  /** Those that have most of the names; a name that no table has tells nothing. */
  #byNames(of: readonly Architecture[]): readonly Architecture[] {
    const homes = [...this.#names].map((name) => existsOnlyOn(name)).filter((on) => on.length > 0)
    const missing = new Map(of.map((each) => [each, homes.filter((on) => !on.includes(each)).length]))
    const least = Math.min(...missing.values())
    return of.filter((each) => missing.get(each) === least)
  }

  /**
   * qemu prints a name where it has one. A machine is not meant that gives the number to a call whose name stands in
   * this log, nor one without such a call where another has it.
   */
  #byNumbers(of: readonly Architecture[]): readonly Architecture[] {
    let left = of
    for (const number of this.#numbers) {
      const having = left.filter((each) => {
        const name = syscallTable(each).byNumber(number)?.name
        return name !== undefined && !this.#names.has(name)
      })
      if (having.length > 0) left = having
    }
    return left
  }
}
