// The recorders by name.
import { audit } from './audit/index.ts'
import { ebpf } from './ebpf/index.ts'
import type { Recorder } from './recorder.ts'
import type { RefusalsSeenBy } from './recording.ts'
import { strace } from './strace/index.ts'

export const recorders: Readonly<Record<RefusalsSeenBy, Recorder>> = { ebpf, strace, audit }
