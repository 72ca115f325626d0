// Estimates from several runs what the next run will show. Calls are species and runs are samples. Only whether a run
// made a call counts, because the calls of one run depend on each other.
import { architectureNames, architectures } from '../abi/architectures.ts'
import type { Observations } from '../read/observations/document.ts'

/** What the next run will probably show. Numbers of calls. */
export interface RunEstimate {
  readonly runs: number
  /** The number of calls seen, over all architectures. */
  readonly seen: number
  /** Of these, the calls that exactly one run made, and those that exactly two made. */
  readonly once: number
  readonly twice: number
  /** The expected number of new calls in one more run. The probability of any new call is at most this. */
  readonly expectedNew: number
  /** A lower bound of the number of calls that no run has shown. */
  readonly unseen: number
}

/** Whether a run was recorded without the already known calls, so that nobody knows which of them it made. */
export function leavesOut({ sources }: Observations): boolean {
  return sources.some(({ evidence = [] }) => evidence.includes('new-only'))
}

/**
 * The estimate, in runs and calls. Undefined for fewer than two runs, for runs on two kinds of machines (neither says
 * anything about the other's calls), and if a run was recorded without the already known calls.
 *
 * `expectedNew` is Good and Turing's once/runs: I. J. Good, "The population frequencies of species and the estimation
 * of population parameters", Biometrika 40 (1953) 237-264, for samples instead of individuals: A. Chao and L. Jost,
 * "Coverage-based rarefaction and extrapolation", Ecology 93 (2012) 2533-2547. By Markov's inequality the chance of
 * any new call is not larger.
 *
 * `unseen` is the bias-corrected Chao2, (T-1)/T * Q1 (Q1-1) / (2 (Q2+1)): A. Chao, "Estimating the population size for
 * capture-recapture data with unequal catchability", Biometrics 43 (1987) 783-791; a lower bound.
 */
export function estimateRuns(observations: Observations): RunEstimate | undefined {
  const { runs = 1 } = observations
  const seenOn = architectureNames.filter((each) => observations.architectures[each] !== undefined)
  const hosts = new Set(seenOn.map((each) => architectures[each].host))
  if (runs < 2 || hosts.size > 1 || leavesOut(observations)) return undefined
  const counts = Object.values(observations.architectures)
    .flatMap((calls) => Object.values(calls))
    .map((call) => call.runs ?? 1)
    .filter((count) => count > 0)
  const once = counts.filter((count) => count === 1).length
  const twice = counts.filter((count) => count === 2).length
  return {
    runs,
    seen: counts.length,
    once,
    twice,
    expectedNew: once / runs,
    unseen: (((runs - 1) / runs) * once * (once - 1)) / (2 * (twice + 1)),
  }
}
