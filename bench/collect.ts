// Measures the cost of a call if each cgroup is counted by itself, against one cgroup's counts in per-CPU arrays:
//   npx tsx bench/collect.ts [TURNS]
// A million calls of dd under a filter, in a cgroup of its own: unrecorded, counted in arrays (`trace --cgroup` of one
// container, the hook), counted in hashes by cgroup, and also watched for what its filter refuses (`collect`). They take
// turns. Prints the median of each: processor time of dd and clock time.
import { spawnSync } from 'node:child_process'
import { mkdirSync, rmdirSync } from 'node:fs'
import { join } from 'node:path'
import { findCgroup, unifiedMount } from '../src/record/cgroups.ts'
import { OwnFilters } from '../src/record/ebpf/own-filters.ts'
import { Session } from '../src/record/ebpf/session.ts'

const turns = Number(process.argv[2] ?? 7)
const top = join(unifiedMount(), `seccomp-gen-bench-${process.pid}`)
const own = join(top, 'container')
mkdirSync(own, { recursive: true })
// Loads a filter that allows all but one call, with libseccomp's Python binding; then executes dd.
const filtered = `import seccomp, os
f = seccomp.SyscallFilter(seccomp.ALLOW)
f.add_rule(seccomp.ERRNO(1), "reboot")
f.load()
os.execvp("dd", ["dd", "if=/dev/zero", "of=/dev/null", "bs=1", "count=500000", "status=none"])`
const script = `echo $$ >${own}/cgroup.procs; exec /usr/bin/python3 -c '${filtered}'`

const who = findCgroup(top)
const ways = {
  unrecorded: undefined,
  array: { who, underFilter: true },
  'by cgroup': { who, underFilter: true, apart: 'cgroup' },
  'by cgroup, and refusals': { who, underFilter: true, apart: 'cgroup' },
} as const

const times = new Map<string, { cpu: number; clock: number }[]>()
for (let turn = 0; turn < turns; turn++) {
  for (const [name, membership] of Object.entries(ways)) {
    const refusing = name.endsWith('refusals') ? await OwnFilters.start(who) : undefined
    const session = membership && (await Session.start(membership, { atExit: refusing?.atExit }))
    const begun = performance.now()
    // childTime() sums all children that were waited for; this is the only one.
    const cpuBefore = childTime()
    spawnSync('sh', ['-c', script])
    const cpu = childTime() - cpuBefore
    times.set(name, [...(times.get(name) ?? []), { cpu, clock: performance.now() - begun }])
    refusing?.close()
    session?.close()
  }
}
rmdirSync(own)
rmdirSync(top)

/** cutime and cstime of proc_pid_stat(5), in milliseconds; a tick is 10 ms. */
function childTime(): number {
  const stat = spawnSync('cat', [`/proc/${process.pid}/stat`], { encoding: 'utf8' }).stdout
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[13]) + Number(fields[14])) * 10
}
const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[values.length >> 1] ?? 0
const base = times.get('unrecorded') ?? []
console.log('| way | CPU of dd, ms | to unrecorded | clock, ms | to unrecorded |')
console.log('|---|--:|--:|--:|--:|')
for (const [name, all] of times) {
  const [cpu, clock] = [median(all.map((each) => each.cpu)), median(all.map((each) => each.clock))]
  const [cpu0, clock0] = [median(base.map((each) => each.cpu)), median(base.map((each) => each.clock))]
  console.log(
    `| ${name} | ${cpu.toFixed(0)} | ${(cpu / cpu0).toFixed(2)} | ${clock.toFixed(0)} | ${(clock / clock0).toFixed(2)} |`,
  )
}
