// Many containers at once, each by itself. Exports only.
export { Collector, podsCgroup, type Collected } from './collector.ts'
export { isSelected, logDirectory, namesFromLogs, namesFromRuntime, type Names } from './names.ts'
