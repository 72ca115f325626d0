// The two tables of bench/workloads.ts: the profile each measures, its file, and the text above it.
import { resolve } from 'node:path'
import { allowedBy, ours, type Prepared } from '../test/live/workloads/run.ts'

interface Table {
  readonly file: string
  readonly text: string
  /** The columns between the name and the engines. */
  readonly columns: readonly string[]
  readonly counts: (profile: string) => readonly number[]
  /** Derives a profile other than the one written beside the recording. Gives the error output if that failed. */
  readonly derive: (prepared: Prepared, observations: string, profile: string) => Promise<string | undefined>
}

const file = (name: string): string => resolve(import.meta.dirname, 'results', name)
const how = `Each server was recorded in a container of Docker's with runc, three runs of its work
(\`trace --load --repeat 3\`), then started afresh under its profile, given the same work, and stopped: every other start
with no-new-privileges. A start counts where its work was done and it ended as it should. Two do in every start what no
recording has: python's Pool is ended while its processes are at work (\`kill\`), and redis crashes (\`DEBUG SEGFAULT\`),
is started again by its engine and does its work once more.
`

export const asRecorded: Table = {
  file: file('workloads.md'),
  text: `# Workloads under their profiles

\`npx tsx bench/workloads.ts\`, as root, on Debian 12.

${how}`,
  columns: ['calls allowed'],
  counts: (profile) => [allowedBy(profile)],
  derive: async () => undefined,
}

/** Files beside a profile: from the same recording without a margin, and with the margin of the table of companions. */
const without = (profile: string): string => `${profile}.none`
const withTable = (profile: string): string => `${profile}.table`

export const byScan: Table = {
  file: file('workloads-scan.md'),
  text: `# Workloads under profiles with the margin by scan

\`npx tsx bench/workloads.ts --unseen libc\`, as root, on Debian 12.

${how}
The profile is that of the recording and of a scan of the programs that the container runs (\`generate OBSERVATIONS
--reachable SCAN --unseen libc\`). Beside it: how many calls the same recording's profile allows without a margin
(\`--margin none\`), and with the margin by the table (\`--margin libc\`, the default).
`,
  columns: ['no margin', 'by the table', 'by scan'],
  counts: (profile) => [without(profile), withTable(profile), profile].map(allowedBy),
  derive: async (prepared, observations, profile) => {
    const reachable = `${profile}.reachable`
    return (
      (await prepared.scan(reachable)) ??
      (await ours('generate', observations, '--margin', 'none', '-o', without(profile))) ??
      (await ours('generate', observations, '-o', withTable(profile))) ??
      ours('generate', observations, '--reachable', reachable, '--unseen', 'libc', '-o', profile)
    )
  },
}
