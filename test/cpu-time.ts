// Bounds on work are bounds on processor time: on a busy machine little work takes long by the clock.

/** Returns a function that gives the processor time of this process since then, in milliseconds. */
export function cpuTime(): () => number {
  const before = process.cpuUsage()
  return () => {
    const { user, system } = process.cpuUsage(before)
    return Math.round((user + system) / 1000)
  }
}
