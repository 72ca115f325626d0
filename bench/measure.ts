// Measures one command with bash's `time`, which counts a whole pipeline.
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { execa } from 'execa'

const root = fileURLToPath(new URL('..', import.meta.url))

export interface Measure {
  /** Seconds: clock time, and processor time in user mode. */
  readonly wall: number
  readonly user: number
  /** The largest resident memory in megabytes; only of seccomp-gen. */
  readonly resident: number | undefined
}

/** Runs a line of bash; `$FILE` names the input. */
export async function measure(line: string, file: string): Promise<Measure> {
  const { stderr } = await execa('bash', ['-c', `TIMEFORMAT='took %R %U'; time { ${line}; } >/dev/null`], {
    env: { FILE: file, LC_ALL: 'C' },
  })
  const [, wall = '', user = ''] = /took ([\d.]+) ([\d.]+)/.exec(stderr) ?? []
  const resident = /maxrss (\d+)/.exec(stderr)?.[1]
  return {
    wall: Number(wall),
    user: Number(user),
    resident: resident === undefined ? undefined : Number(resident) / 1024,
  }
}

/** The line that runs `observe` of the built program and prints its largest memory at the end. */
export function observing(): string {
  const hook = `data:text/javascript,process.on('exit',()=>process.stderr.write('maxrss '+process.resourceUsage().maxRSS+'\\\\n'))`
  return `node --import "${hook}" "${join(root, 'dist/cli.js')}" observe "$FILE"`
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)] as number
}
