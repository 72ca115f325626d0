// Finds the processes that run without a seccomp filter: no profile applies to their calls. Authority:
// proc_pid_status(5), Seccomp.
import { memberOf, textOf } from './runner/processes.ts'

/** A process that is found without a filter this many times, 100 ms or more apart, is assumed never to get one. */
const patience = 5
/** A runtime's process before its filter. Authority: libcontainer/nsenter/nsexec.c of runc; crun keeps its name. */
const runtimes = /^(?:runc(?::\[\d:[A-Z]+\])?|crun|youki|exe)$/

/** The processes that are repeatedly found without a filter. */
export class Unfiltered {
  readonly #processes: () => readonly number[]
  readonly #found = new Map<number, { readonly times: number; readonly name: string }>()

  constructor(processes: () => readonly number[]) {
    this.#processes = processes
  }

  look(): void {
    for (const pid of this.#processes()) {
      const { times = 0 } = this.#found.get(pid) ?? {}
      const status = textOf(pid, 'status')
      const name = memberOf(status, 'Name')
      if (name === undefined) continue
      if (memberOf(status, 'Seccomp') === '0') this.#found.set(pid, { times: times + 1, name })
      else this.#found.delete(pid)
    }
  }

  names(): readonly string[] {
    const kept = [...this.#found.values()].filter(
      ({ times, name }) => times >= patience && !runtimes.test(name),
    )
    return [...new Set(kept.map(({ name }) => name))].sort()
  }
}
