// Every case of trace.test.ts once more, with the recorder in the kernel.
process.env['SECCOMP_GEN_TEST_RECORDER'] = 'ebpf'
await import('./trace.test.ts')
export {}
