// Which of some processes run without a seccomp filter: no profile holds for what they call. Authority:
// proc_pid_status(5), Seccomp.
import { statusOf } from './runner/processes.ts'

/** A process that is found without a filter this many times, once every 100 ms, is assumed never to get one. */
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
      const name = statusOf(pid, 'Name')
      if (statusOf(pid, 'Seccomp') === '0' && name !== undefined)
        this.#found.set(pid, { times: times + 1, name })
      else if (name !== undefined) this.#found.delete(pid)
    }
  }

  names(): readonly string[] {
    const kept = [...this.#found.values()].filter(
      ({ times, name }) => times >= patience && !runtimes.test(name),
    )
    return [...new Set(kept.map(({ name }) => name))].sort()
  }
}
