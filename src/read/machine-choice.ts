// Decides the machine of the calls whose records name none: the user's word, what the source tells, else the machine
// whose tables know the calls. Reports an assumption; refuses where only the user can decide.
import {
  architectureNames,
  architectures,
  assumedHost,
  commonHosts,
  familyOf,
  hostNames,
  type Architecture,
  type Host,
} from '../abi/architectures.ts'
import { architectureOfNumber } from '../abi/number-bit.ts'
import { resolvePrinted } from '../abi/spellings.ts'
import { syscallTable } from '../abi/tables.ts'
import { UserError } from '../errors.ts'
import type { DiagnosticLog } from './diagnostics.ts'
import type { Grammar, MachineTold } from './grammar.ts'
import { partsOf } from './place.ts'

export interface UnsettledCall {
  readonly call: string | number
  /** The record says that the program is a 32-bit one. */
  readonly isNarrow: boolean
  /** The first place. */
  readonly first: string
}

interface UnsettledSource {
  readonly grammar: Grammar
  readonly source: string
  /** The user's word. */
  readonly chosen: Architecture | undefined
  readonly told: MachineTold | undefined
  readonly diagnostics: DiagnosticLog
}

export class MachineChoice {
  readonly #about: UnsettledSource

  constructor(about: UnsettledSource) {
    this.#about = about
  }

  /**
   * The machine of the calls without an architecture: the common one whose tables know the most of them. In a tie,
   * names are assumed to be of the first. Numbers mean different calls there, so only the user can decide.
   */
  machine(entries: readonly UnsettledCall[]): Architecture {
    if (this.#about.chosen !== undefined) return this.#about.chosen
    const told = this.#about.told
    if (told !== undefined) return this.#toldMachine(told, entries)
    // libaudit prints a number if its own table has no name, which says nothing about our tables.
    const telling = entries.filter(
      ({ call }) => typeof call === 'string' || this.#about.grammar.logger !== 'audit',
    )
    const unknown = (architecture: Architecture): number =>
      telling.filter(
        ({ call }) =>
          !isKnown(architecture, call, this.#about.grammar.logger) &&
          (typeof call === 'string' || architectureOfNumber(architecture, call) === architecture),
      ).length
    const [first = assumedHost, ...rest] = commonHosts.toSorted((one, other) => unknown(one) - unknown(other))
    if (unknown(first) > 0) {
      const only = this.#namedOnly(entries)
      if (only !== undefined) return only
    }
    this.#refuseContradiction(first, entries)
    if (rest.every((each) => unknown(each) > unknown(first))) return first
    if (entries.some(({ call }) => typeof call === 'number')) {
      throw new UserError('architecture-not-told', { file: this.#about.source })
    }
    this.#about.diagnostics.add('architecture-assumed', this.#about.source, undefined, {
      architecture: first,
    })
    return first
  }

  /** Refuses a report of libaudit, which names no machine, if it has a call that only another machine has. */
  #refuseContradiction(machine: Architecture, entries: readonly UnsettledCall[]): void {
    const { logger, format } = this.#about.grammar
    const contradicting = entries.find(
      ({ call }) =>
        typeof call === 'string' && !isKnown(machine, call, logger) && isKnown(undefined, call, logger),
    )
    if (format !== 'audit' || contradicting === undefined) return
    const { call, first } = contradicting
    const [file, line] = partsOf(first)
    throw new UserError('machines-contradict', { file, line, call: String(call), machine })
  }

  /** The architecture of 32-bit programs: that of the machine or, if unknown, the one that has their calls. */
  narrow(entries: readonly UnsettledCall[], machine: Architecture | undefined): Architecture {
    const host = machine ?? this.#about.chosen
    const told = host && narrowOf(architectures[host].host)
    if (told !== undefined) return told
    const names = entries.filter(({ isNarrow }) => isNarrow).map(({ call }) => call)
    const unknown = (architecture: Architecture): number =>
      names.filter((call) => !isKnown(architecture, call, this.#about.grammar.logger)).length
    const [first = assumedHost, second] = commonHosts
      .flatMap((each) => narrowOf(each) ?? [])
      .toSorted((one, other) => unknown(one) - unknown(other))
    if (second !== undefined && unknown(second) === unknown(first))
      this.#about.diagnostics.add('architecture-assumed', this.#about.source, undefined, {
        architecture: first,
      })
    return first
  }

  /** The most usual of the possible machines, if each number means one call on all of them. Reports an assumption. */
  #toldMachine({ possible, isShown }: MachineTold, entries: readonly UnsettledCall[]): Architecture {
    const usual = [...commonHosts, ...architectureNames].find((each) => possible.includes(each))
    const numbers = entries.map(({ call }) => call).filter((call) => typeof call === 'number')
    const meansOne = (number: number): boolean =>
      new Set(possible.map((each) => syscallTable(each).byNumber(number)?.name)).size === 1
    if (usual === undefined || !numbers.every(meansOne))
      throw new UserError('architecture-not-told', { file: this.#about.source })
    if (!isShown)
      this.#about.diagnostics.add('architecture-assumed', this.#about.source, undefined, {
        architecture: usual,
      })
    return usual
  }

  /**
   * The only machine that has every name, among them one that no common machine has; undefined if there is no such one.
   * Numbers show nothing: on ppc64le and s390x nearly every number is a call.
   */
  #namedOnly(entries: readonly UnsettledCall[]): Host | undefined {
    const names = entries.map(({ call }) => call).filter((call) => typeof call === 'string')
    const isKnownOn = (name: string, architecture: Architecture): boolean =>
      isKnown(architecture, name, this.#about.grammar.logger)
    const strange = names.filter(
      (name) => !commonHosts.flatMap(familyOf).some((each) => isKnownOn(name, each)),
    )
    const machines = hostNames.filter(
      (host) => strange.some((name) => isKnownOn(name, host)) && names.every((name) => isKnownOn(name, host)),
    )
    return machines.length === 1 ? machines[0] : undefined
  }
}

/** The architecture of the 32-bit programs that a host runs. */
function narrowOf(host: Host): Architecture | undefined {
  return familyOf(host).find((each) => architectures[each].strace === '32 bit')
}

/** Whether the table of the architecture has the call; without an architecture, whether any table has it. */
export function isKnown(
  architecture: Architecture | undefined,
  call: string | number,
  logger: Grammar['logger'],
): boolean {
  return (architecture === undefined ? architectureNames : [architecture]).some((each) =>
    typeof call === 'number'
      ? syscallTable(each).byNumber(call) !== undefined
      : (resolvePrinted(each, call, logger)?.names ?? []).length > 0,
  )
}
