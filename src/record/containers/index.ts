// Starts containers with a filter and a cgroup of ours, and records them. Exports only.
export { askEngine } from './ask.ts'
export { recordBelow } from './below.ts'
export { recordCompose, servicesOf, type Service } from './compose.ts'
export { recordEngineRun, startsBelow } from './engine.ts'
export { findContainer, processOfContainer } from './find.ts'
export { recordBundle, recordRuntime } from './oci-runtime.ts'
export { saveImage } from './saved-image.ts'
export { allowAllText, type EnforcedProfile } from './staging.ts'
