// Measures the cost of `watch` for a loaded server under a filter:
//   npx tsx bench/watch.ts [TURNS]
// redis and nginx run under a filter that refuses one call, each in a cgroup of its own; redis-benchmark and ab drive
// them. A turn is unwatched, then watched. Prints both medians and their ratio, for requests a second and for the
// server's processor time over the same requests.
import { spawn, spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { findCgroup, processesIn, unifiedMount } from '../src/record/cgroups.ts'
import { WatchSession } from '../src/record/ebpf/watched/session.ts'
import { statOf } from '../src/record/runner/processes.ts'

const turns = Number(process.argv[2] ?? 7)
const work = mkdtempSync('/tmp/sg-bench-watch-')
const own = join(unifiedMount(), `seccomp-gen-bench-${process.pid}`)
mkdirSync(own)
const conf = join(work, 'nginx.conf')
writeFileSync(
  conf,
  `daemon off; worker_processes 1; pid ${work}/pid; error_log /dev/null;
events {} http { access_log off; server { listen 127.0.0.1:18080; location / { return 200 "ok\\n"; } } }\n`,
)
interface Server {
  readonly words: readonly string[]
  readonly load: readonly string[]
  readonly rate: RegExp
}
const servers: Readonly<Record<string, Server>> = {
  redis: {
    words: ['redis-server', '--port', '16379', '--save', '', '--daemonize', 'no', '--dir', work],
    load: ['redis-benchmark', '-p', '16379', '-t', 'get,set', '-n', '100000', '-c', '20', '-q', '--csv'],
    rate: /"GET","([\d.]+)"/,
  },
  nginx: {
    words: ['nginx', '-c', conf, '-e', '/dev/null'],
    load: ['ab', '-q', '-n', '30000', '-c', '20', 'http://127.0.0.1:18080/'],
    rate: /Requests per second:\s+([\d.]+)/,
  },
}

/** The processor ticks of all processes in the cgroup. */
const ticks = (): number =>
  processesIn(own).reduce((sum, pid) => {
    const stat = statOf(pid) ?? []
    return sum + Number(stat[11]) + Number(stat[12])
  }, 0)
const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[values.length >> 1] ?? 0

console.log('| server | unwatched, requests/s | watched | ratio | unwatched, CPU ticks | watched | ratio |')
console.log('|---|--:|--:|--:|--:|--:|--:|')
for (const [name, { words, load, rate }] of Object.entries(servers)) {
  const filtered = `import seccomp, os
f = seccomp.SyscallFilter(seccomp.ALLOW)
f.add_rule(seccomp.ERRNO(1), "reboot")
f.load()
os.execvp(${JSON.stringify(words[0])}, ${JSON.stringify(words)})`
  const server = spawn('sh', ['-c', `echo $$ >${own}/cgroup.procs; exec /usr/bin/python3 -c '${filtered}'`], {
    stdio: 'ignore',
  })
  await wait(2000)
  const measured = { unwatched: [] as number[][], watched: [] as number[][] }
  const once = (): number[] => {
    const before = ticks()
    const { stdout } = spawnSync(load[0] ?? '', load.slice(1), { encoding: 'utf8' })
    return [Number(rate.exec(stdout)?.[1] ?? NaN), ticks() - before]
  }
  once()
  for (let turn = 0; turn < turns; turn++) {
    measured.unwatched.push(once())
    const session = await WatchSession.start(findCgroup(own))
    measured.watched.push(once())
    session.take()
    session.close()
  }
  const of = (way: keyof typeof measured, place: number): number =>
    median(measured[way].map((each) => each[place] ?? NaN))
  const cells = [0, 1].flatMap((place) => {
    const [without, under] = [of('unwatched', place), of('watched', place)]
    const ratio = place === 0 ? without / under : under / without
    return [without.toFixed(0), under.toFixed(0), ratio.toFixed(3)]
  })
  console.log(`| ${name} | ${cells.join(' | ')} |`)
  const over = new Promise((resolve) => server.once('exit', resolve))
  server.kill('SIGTERM')
  await over
}
for (let tries = 0; tries < 20; tries++, await wait(100))
  try {
    rmdirSync(own)
    break
  } catch {
    // The cgroup empties a moment after its processes have ended.
  }
rmSync(work, { recursive: true, force: true })
