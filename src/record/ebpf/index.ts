// The ebpf recorder, as others see it.
export { attachEbpf } from './attach.ts'
export { recordInCgroup } from './cgroup.ts'
export { whyNoEbpf } from './available.ts'
export { ebpf } from './recorder.ts'
