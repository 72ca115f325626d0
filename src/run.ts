// The library's entry for starting processes: `import { record, verify } from 'seccomp-gen/run'`. Exports only.
export { record } from './record/index.ts'
export type {
  CgroupOptions,
  CommandOptions,
  ContainerOptions,
  EndingSignal,
  PodOptions,
  PodQuery,
  DeliveredSignal,
  Ending,
  Exercise,
  NewestCall,
  Load,
  LoadEnd,
  ProcessOptions,
  RecorderName,
  RecordNotice,
  RecordOptions,
  RecordSettings,
  Recording,
  SignalFeed,
} from './record/index.ts'
export {
  recordUnder,
  verify,
  type Judged as JudgedRefusal,
  type RecordingUnder,
  type RecordUnderSettings,
  type RefusedProcess,
  type RefusedCall,
  type Repair,
  type Repaired,
  type Verification,
  type VerifyNotice,
  type VerifySettings,
} from './verify/index.ts'
export { UserError, type ErrorCode, type ErrorFacts, type ErrorStatus } from './errors.ts'
