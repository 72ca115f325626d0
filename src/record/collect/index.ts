// Records many containers at once, each separately. Exports only.
export { Collector, podsCgroup, type Collected, type CollectedRefusal } from './collector.ts'
export { isSelected, logDirectory, namesFromLogs, namesFromRuntime, type ContainerNames } from './names.ts'
