// Containers that a command has engines start, each by itself. Exports only.
export { recordEach } from './recording.ts'
