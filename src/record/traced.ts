// The processes a tracer holds, and signals to them. Authority: proc_pid_status(5) (TracerPid), kill(2).
import { readdir, readFile } from 'node:fs/promises'

/** The processes traced by `tracer`, in the order of their ids. A process that ends meanwhile is left out. */
export async function tracedBy(tracer: number): Promise<readonly number[]> {
  const ids = (await readdir('/proc').catch(() => [])).filter((name) => /^\d+$/.test(name))
  const held = await Promise.all(
    ids.map(async (id) => {
      const status = await readFile(`/proc/${id}/status`, 'latin1').catch(() => '')
      return /^TracerPid:\t(\d+)$/m.exec(status)?.[1] === String(tracer)
    }),
  )
  return ids
    .filter((_, index) => held[index])
    .map(Number)
    .sort((a, b) => a - b)
}

/** Sends a signal (0: only asks whether it could); false where there is no such process, or none that we may signal. */
export function signalProcess(pid: number, signal: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(pid, signal)
  } catch {
    return false
  }
}
