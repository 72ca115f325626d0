// The entry of the single executable: the command, or the guardian of a recording.
import { guardianWord } from './own.ts'

if (process.argv[2] === guardianWord) {
  // Removes the word, so that the guardian finds its task in the same place as when it is a file.
  process.argv.splice(2, 1)
  await import('./record/containers/guardian.ts')
} else await import('./cli.ts')
