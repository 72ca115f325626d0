// What the filters of running processes refuse, and what a profile lacks for it. Stands on the recording of it
// (record/watching.ts) and on the repair of `verify`. Exports only.
export { RefusedCalls, type WatchedCall } from './refused.ts'
export { patchFor, type PatchSubject } from './patch.ts'
export { rowsOf, type ObservedRow } from './observed.ts'
