// A command looks at one process, container, pod or cgroup. commander takes the last of several in silence, so an
// option that names what is looked at is refused if it stands twice.
import type { Command } from 'commander'
import { UserError } from '../errors.ts'

const subjects: ReadonlySet<string> = new Set(['pid', 'container', 'pod', 'selector', 'cgroup'])

/** Makes the command throw UserError (2) where such an option is repeated. */
export function refuseSecondSubject(command: Command): void {
  for (const { long } of command.options) {
    const name = long?.slice('--'.length) ?? ''
    if (!subjects.has(name)) continue
    let given = false
    command.on(`option:${name}`, () => {
      if (given) throw new UserError('given-twice', { option: `--${name}` })
      given = true
    })
  }
}
