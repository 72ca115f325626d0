// Every case of trace.test.ts once more, with the recorder in the kernel.
import { env } from 'node:process'

env['SECCOMP_GEN_TEST_RECORDER'] = 'ebpf'
await import('./trace.test.ts')
