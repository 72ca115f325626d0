// The library's door to what starts processes: `import { record } from 'seccomp-gen/run'`. Exports only.
export { record } from './record/index.ts'
export type {
  EndingSignal,
  Ending,
  RecordNotice,
  RecordOptions,
  Recording,
  SignalFeed,
} from './record/index.ts'
export { UserError } from './errors.ts'
