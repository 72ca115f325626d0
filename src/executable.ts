// The entry of the single executable: the command, or the guardian of a recording.
import { guardianWord } from './own.ts'

if (process.argv[2] === guardianWord) {
  // The guardian finds its task where it finds it as a file of the package.
  process.argv.splice(2, 1)
  await import('./record/containers/guardian.ts')
} else await import('./cli.ts')
