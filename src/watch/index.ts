// Folds what the filters of running processes refuse, and finds the calls that a profile lacks. Uses the recording in
// record/watching.ts and the repair of `verify`. Exports only.
export { RefusedCalls, type WatchedCall } from './refused.ts'
export { patchFor, type PatchSubject } from './patch.ts'
export { rowsOf, type ObservedRow } from './observed.ts'
