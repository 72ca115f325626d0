// Finds the clients of container engines among the programs that strace saw executed. The trace has every execve, so a
// client that ends at once is found too.
import { basename } from 'node:path'
import type { ExecutedProgram } from '../../read/strace/executed.ts'
import { isClient } from '../command/clients.ts'

/** Programs that run the script in their words. A script that is executed itself has its own path in the trace. */
const interpreter = /^(?:python[\d.]*|perl|ruby|node|(?:ba|da|k|z)?sh)$/

/** The words of the client from its name on; empty for any other program. */
export function clientOf({ path, name = '', words }: ExecutedProgram): readonly (readonly string[])[] {
  // argv[0] may be anything (exec -a), and the path may be a descriptor or a link to the program (fexecve).
  const own = [path, name].find(isClient)
  if (own !== undefined) return [[own, ...words]]
  if (!interpreter.test(basename(path))) return []
  const script = words.findIndex((word) => !word.startsWith('-'))
  return isClient(words[script] ?? '') ? [words.slice(script)] : []
}
