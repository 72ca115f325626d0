// Infers which machine qemu's user mode emulated: no line states it, and qemu's name is not in the log. The evidence is
// what only one machine has: the path of a library, the number of rseq (which glibc since 2.35 calls after
// set_robust_list), a number that is a call only there. Names and widths exclude machines. A message reports a guess.
// Authority: the rows and tables of abi/; glibc sysdeps/nptl/dl-tls_init_tp.c; qemu linux-user/mmap.c
// (TASK_UNMAPPED_BASE), linux-user/strace.c (TARGET_ABI_FMT_lx).
import { architectureNames, architectures, type Architecture } from '../../abi/architectures.ts'
import { existsOnlyOn } from '../../abi/spellings.ts'
import { syscallTable } from '../../abi/tables.ts'
import type { MachineTold } from '../grammar.ts'
import { MachineEvidence } from '../strace/machine-evidence.ts'

/** An address, which is printed with all digits of the machine's width. */
const address = /\b0x(0[0-9a-f]{15}|0[0-9a-f]{7})\b/
/** qemu up to 8.0 places mappings at 0x5500000000 for aarch64 and at 0x4000000000 for other 64-bit machines. */
const ofAarch64 = /\b0x00000055[0-9a-f]{8}\b/
const ofOthers = /\b0x0000004[0-2][0-9a-f]{8}\b/

/** qemu has no x32. */
const emulated = architectureNames.filter((each) => each !== 'x32')

/** More distinct names or numbers are not kept. */
const kindsLimit = 4096

export class EmulatedMachine {
  readonly #libraries = new MachineEvidence()
  readonly #names = new Set<string>()
  readonly #numbers = new Set<number>()
  /** Numbers without a name, directly after set_robust_list. */
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

  /** Notes a call by its name. A member of socketcall, in capital letters, shows that the machine has socketcall. */
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

  /** libc sets the thread pointer before set_tid_address: by arch_prctl on x86_64, by set_thread_area on i386. */
  #setsThreadPointer(architecture: Architecture): boolean {
    const by =
      architecture === 'x86_64' ? 'arch_prctl' : architecture === 'x86' ? 'set_thread_area' : undefined
    return by === undefined || !this.#names.has('set_tid_address') || this.#names.has(by)
  }

  /** The machines that have most of the names. A name in no table shows nothing. */
  #byNames(of: readonly Architecture[]): readonly Architecture[] {
    const homes = [...this.#names].map((name) => existsOnlyOn(name)).filter((on) => on.length > 0)
    const missing = new Map(of.map((each) => [each, homes.filter((on) => !on.includes(each)).length]))
    const least = Math.min(...missing.values())
    return of.filter((each) => missing.get(each) === least)
  }

  /**
   * qemu prints a number only for a call that it has no name for. A machine is excluded if the number is a call there
   * whose name is in this log, or if the number is not a call there but is one on another machine.
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
