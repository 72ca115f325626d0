// The lines of src that no test reaches, each with its reason; scripts/coverage.ts compares them with a test run. A
// line's text names it; it stands for the block that it opens, or for the rest of the block around it.
interface Exception {
  readonly line: string
  readonly why: string
}

const anotherKernel = 'a kernel that takes our programs and has cgroup version 2 never says so'
const noSystemd = 'only where systemd owns the cgroups, which it does not in a container'
const fault =
  'a fault of the machine that cannot be had at will; it is passed on, or what was opened is closed'
const olderKernel =
  'a kernel whose sched_process_exit tells less takes the other program; the ones the tests run on take the first'
const noKoffi = 'koffi is installed wherever the tests are'

export const exceptions: Readonly<Record<string, readonly Exception[]>> = {
  'src/commands/inputs.ts': [{ line: 'throw cannotRead(word, error)', why: 'root may read every directory' }],
  'src/record/ebpf/kernel.ts': [
    { line: 'if (log !== undefined) {', why: anotherKernel },
    { line: 'if (descriptor < 0) {', why: anotherKernel },
  ],
  'src/record/ebpf/available.ts': [
    { line: "return 'the optional package koffi is not installed (npm install koffi)'", why: noKoffi },
  ],
  'src/record/containers/staging.ts': [
    {
      line: "export async function systemctl(verb: 'start' | 'stop', slice: string): Promise<void> {",
      why: noSystemd,
    },
    { line: 'await guardian.end()', why: fault },
  ],
  'src/record/ebpf/session.ts': [{ line: 'if (!(error instanceof BpfError)) throw error', why: olderKernel }],
  'src/record/audit/socket.ts': [
    { line: "if (code === 'EAGAIN') return", why: fault },
    { line: 'clearInterval(socket.#poll)', why: fault },
    { line: 'closeSync(descriptor)', why: fault },
    { line: "throw new Error('the audit system does not answer')", why: fault },
  ],
  'src/record/audit/available.ts': [
    { line: "return (error as Error).message.split('\\n')[0] ?? ''", why: fault },
  ],
  'src/record/strace/fifo.ts': [{ line: 'await remove()', why: fault }],
  'src/record/containers/guardian.ts': [
    { line: 'rmSync(directory, { recursive: true, force: true })', why: fault },
  ],
}
