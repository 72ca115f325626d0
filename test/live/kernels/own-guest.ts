// The recorder under its own profile on a kernel, as the only work of an emulated machine. The profile logs what it does
// not allow instead of refusing it, so that one run shows all of it. Prints one line of JSON; own-kernels.test.ts bundles
// this file and knows what to expect.
import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { mkdirSync, rmdirSync, writeFileSync } from 'node:fs'
import { release } from 'node:os'
import { setTimeout as wait } from 'node:timers/promises'
import { observe } from '../../../src/observe/index.ts'

/** The kernel's log keeps all records, also those of a fast sequence. */
writeFileSync('/proc/sys/kernel/printk_ratelimit', '0')
mkdirSync('/var/log/containers', { recursive: true })
mkdirSync('/out')
const pod = '/sys/fs/cgroup/kubepods/pod1'
mkdirSync(pod, { recursive: true })

/** Runs a container of one program in the pod; its name stands where a kubelet puts it. */
function container(letter: string, program: string): void {
  const id = letter.repeat(64)
  writeFileSync(`/var/log/containers/web_shop_${letter}-${id}.log`, '')
  mkdirSync(`${pod}/${id}`)
  spawnSync('/bin/busybox', ['sh', '-c', `echo $$ >${pod}/${id}/cgroup.procs; exec ${program}`])
  rmdirSync(`${pod}/${id}`)
}

const told: unknown[] = []
for (const to of [['--stdout'], ['-o', '/out', '--refusals']]) {
  const words = ['/bin/node', '/cli.mjs', 'collect', ...to]
  const recorder = spawn('/t/confined', words, { stdio: ['ignore', 'pipe', 'pipe'] })
  const said = { out: '', err: '' }
  recorder.stdout.on('data', (piece: Buffer) => (said.out += piece.toString()))
  recorder.stderr.on('data', (piece: Buffer) => (said.err += piece.toString()))
  const over = new Promise<number | null>((resolve) => recorder.on('close', resolve))
  for (let tries = 0; tries < 1200 && !said.err.includes('recording below'); tries++) await wait(100)
  for (const letter of ['a', 'b']) container(letter, '/t/refused')
  await wait(5000)
  recorder.kill('SIGTERM')
  told.push({
    status: await over,
    err: said.err,
    lines: said.out.split('\n').filter((line) => line.startsWith('{"version":1')).length,
  })
}

const log = execFileSync('/bin/busybox', ['dmesg'], { maxBuffer: 1 << 28 })
// The containers' own filters leave records too: only those of the recorder say that a call was logged.
const lines = log
  .toString()
  .split('\n')
  .filter((line) => / type=1326 .* code=0x7ffc0000/.test(line))
const { architectures } = await observe([{ name: 'dmesg', bytes: [Buffer.from(`${lines.join('\n')}\n`)] }])
const beyond = Object.values(architectures).flatMap((calls) => Object.keys(calls))
console.log(`found ${JSON.stringify({ release: release(), told, beyond, records: lines.length })}`)
