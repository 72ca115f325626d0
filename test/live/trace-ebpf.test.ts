// Runs every case of trace.test.ts again with the recorder in the kernel.
import { env } from 'node:process'

env['SECCOMP_GEN_TEST_RECORDER'] = 'ebpf'
await import('./trace.test.ts')
