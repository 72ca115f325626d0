// Chooses the recorder: ebpf if the machine and our rights allow it, else strace if strace sees the workload.
import { UserError } from '../errors.ts'
import type { EbpfNeed } from '../errors/recording.ts'
import { whyNoEbpf } from './ebpf/index.ts'
import type { RecorderName, RecordSettings } from './recording.ts'
import { whyNoStrace } from './strace/index.ts'

/** `only`: why only ebpf can record this workload. Throws UserError (125). */
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
  // If strace does not work either, only its own error is reported.
  if ((await whyNoStrace(env)) === undefined) notice?.({ code: 'recorder', recorder: 'strace', why })
  return 'strace'
}

/** Which recorders work on this machine with our rights. `why`: why the recorder does not work. */
export async function checkRecorders(
  env: Readonly<Record<string, string | undefined>>,
): Promise<readonly { readonly recorder: RecorderName; readonly why?: string }[]> {
  const [ebpf, strace] = await Promise.all([whyNoEbpf(), whyNoStrace(env)])
  return [
    { recorder: 'ebpf', ...(ebpf !== undefined && { why: ebpf }) },
    { recorder: 'strace', ...(strace !== undefined && { why: strace }) },
  ]
}
