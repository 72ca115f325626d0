// Recording: runs a command, or attaches to running processes, and returns the calls they made. Only this room and
// verify/ start processes, never through a shell. Exports only.
export { checkRecorders, chooseRecorder } from './choose.ts'
export { findCgroup, removeEnded } from './cgroups.ts'
export {
  Collector,
  isSelected,
  logDirectory,
  namesFromLogs,
  namesFromRuntime,
  podsCgroup,
  type Collected,
  type ContainerNames,
} from './collect/index.ts'
export { filtersOf } from './filters.ts'
export { hostKernel } from './host-kernel.ts'
export { processOfQuery } from './named-process.ts'
export { criSockets } from './cri/sockets.ts'
export {
  programOfStrace,
  readTarget,
  type ComposeUp,
  type EngineRun,
  type RuntimeRun,
  type StartedImage,
  type Target,
} from './command/index.ts'
export { recordHooked, type HookState } from './containers/hooked.ts'
export {
  allowAllText,
  askEngine,
  recordBelow,
  recordBundle,
  recordCompose,
  recordEngineRun,
  recordRuntime,
  saveImage,
  servicesOf,
  startsBelow,
  type EnforcedProfile,
  type Service,
} from './containers/index.ts'
export { programStarts, whyNoAudit } from './audit/index.ts'
export { whyNoEbpf } from './ebpf/index.ts'
export { untilOver } from './ebpf/over.ts'
export type { Ending, LoadEnd } from '../ending.ts'
export { requireLinux } from './linux.ts'
export { runningClient } from './inner-clients.ts'
export { locked } from './locked.ts'
export { record } from './record.ts'
export { settingsTable } from './options.ts'
export { recorderNames, refusalRecorders } from './recording.ts'
export type { Refusals, Suspect, Watch } from './refusals.ts'
export { isDecidedByOwn, isRefusedBy, refusedBy, resultOf } from './refused-by.ts'
export { capabilitiesOfProcess } from './runner/processes.ts'
export { findProgram, programOf } from './runner/program.ts'
export { spawnEnvironmentOf } from './runner/spawn-environment.ts'
export { watchRefusals, type Sighting, type WatchSettings, type WatchTarget } from './watching.ts'
export { whyNoStrace } from './strace/index.ts'
export type {
  CgroupOptions,
  CommandOptions,
  ContainerOptions,
  DeliveredSignal,
  Exercise,
  NewestCall,
  EndingSignal,
  PodOptions,
  PodQuery,
  Load,
  ProcessOptions,
  RecorderName,
  RecordNotice,
  RecordOptions,
  RecordSettings,
  Recording,
  RefusalsSeenBy,
  SignalFeed,
} from './recording.ts'
