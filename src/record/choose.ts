// Which recorder does it: ebpf where the machine and our rights allow it, else strace, where that sees the workload.
import { UserError } from '../errors.ts'
import type { EbpfNeed } from '../errors/recording.ts'
import { whyNoEbpf } from './ebpf/index.ts'
import type { RecorderName, RecordSettings } from './recording.ts'
import { whyNoStrace } from './strace/index.ts'

/** `only`: what strace cannot record. Throws UserError (125). */
export async function chooseRecorder(settings: RecordSettings, only?: EbpfNeed): Promise<RecorderName> {
  const { recorder = 'auto', notice, env = process.env } = settings
  if (recorder === 'strace' && only === undefined) return 'strace'
  const why =
    recorder === 'strace'
      ? 'strace was asked for'
      : await whyNoEbpf(only?.for === 'cgroup' ? 'cgroup' : 'processes')
  if (why === undefined) {
    if (recorder === 'auto') notice?.({ code: 'recorder', recorder: 'ebpf' })
    return 'ebpf'
  }
  if (only !== undefined) throw new UserError('ebpf-needed', { ...only, why })
  if (recorder === 'ebpf') throw new UserError('no-ebpf', { why })
  // Where strace cannot either, that alone is to be said.
  if ((await whyNoStrace(env)) === undefined) notice?.({ code: 'recorder', recorder: 'strace', why })
  return 'strace'
}

/** What works on this machine and with our rights: `why` says why not. */
export async function checkRecorders(
  env: Readonly<Record<string, string | undefined>>,
): Promise<readonly { readonly recorder: RecorderName; readonly why?: string }[]> {
  const [ebpf, strace] = await Promise.all([whyNoEbpf(), whyNoStrace(env)])
  return [
    { recorder: 'ebpf', ...(ebpf !== undefined && { why: ebpf }) },
    { recorder: 'strace', ...(strace !== undefined && { why: strace }) },
  ]
}
