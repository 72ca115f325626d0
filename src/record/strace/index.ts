// The recorder strace. Exports only.
export { attachStrace } from './attach.ts'
export { whyNoStrace } from './available.ts'
export { strace } from './recorder.ts'
