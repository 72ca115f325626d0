// The library's door to what starts processes: `import { record } from 'seccomp-gen/run'`. Exports only.
export { record } from './record/index.ts'
export type {
  CgroupOptions,
  CommandOptions,
  ContainerOptions,
  EndingSignal,
  Ending,
  ProcessOptions,
  RecorderName,
  RecordNotice,
  RecordOptions,
  RecordSettings,
  Recording,
  SignalFeed,
} from './record/index.ts'
export { UserError } from './errors.ts'
