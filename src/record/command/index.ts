// Reads the user's command. Exports only.
export type { ComposeUp } from './compose-up.ts'
export type { EngineRun, StartedImage } from './engine-run.ts'
export type { RuntimeRun } from './runtime-run.ts'
export { programOfStrace } from './starters.ts'
export { readTarget, type Elsewhere, type Program, type Target, type Unread } from './target.ts'
