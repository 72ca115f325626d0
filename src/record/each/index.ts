// Records the containers that a command has engines start, each separately. Exports only.
export { recordEach } from './recording.ts'
