// `pull`: fetches a profile or observations from a registry, byte for byte as pushed, and checks them against the
// digest.
import { parseProfile } from '../profile/index.ts'
import { parseObservations } from '../read/observations/parse.ts'
import { parseReference, printReference } from '../registry/index.ts'
import { outputOption } from './document-options.ts'
import { checkOutput, writeOutput } from './output.ts'
import { plainHttpOption, pullNamed, textOf, type RegistryWords } from './registry.ts'
import { say } from './say.ts'
import type { Declare } from './world.ts'

interface PullFlags extends RegistryWords {
  readonly output?: string
}

export const declare: Declare = (command, world, end) => {
  command
    .argument('<ref>', 'REGISTRY/REPOSITORY:TAG or REGISTRY/REPOSITORY@DIGEST')
    .addOption(plainHttpOption())
    .addOption(outputOption('what was pulled'))
    .addHelpText('after', '\nExample:\n  seccomp-gen pull registry.example.org/profiles/app:1.4 -o app.json')
    .action(async (ref: string, { output, plainHttp }: PullFlags) => {
      const reference = parseReference(ref)
      await checkOutput(output, world)
      const { kind, bytes, digest } = await pullNamed(reference, world, { plainHttp: plainHttp ?? false })
      const text = textOf(bytes, ref)
      // Both throw a UserError for other content, which then replaces no good file and reaches no terminal.
      if (kind === 'profile') parseProfile(text, { name: ref })
      else parseObservations(ref, text)
      await writeOutput(text, output, world)
      say(world, `pulled ${printReference({ ...reference, tag: undefined, digest })}`)
      end(0)
    })
}
