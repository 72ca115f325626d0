// The recorder audit, as others see it.
export { whyNoAudit } from './available.ts'
export { audit, programStarts } from './recorder.ts'
