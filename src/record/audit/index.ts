// The recorder audit. Exports only.
export { whyNoAudit } from './available.ts'
export { audit, programStarts } from './recorder.ts'
