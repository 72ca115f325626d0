// The public entry of the ebpf recorder.
export { attachEbpf } from './attach.ts'
export { recordInCgroup } from './cgroup.ts'
export { whyNoEbpf } from './available.ts'
export { ebpf } from './recorder.ts'
