// The recorder strace, as others see it.
export { attachStrace } from './attach.ts'
export { whyNoStrace } from './available.ts'
export { strace } from './recorder.ts'
