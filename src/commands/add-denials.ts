// `generate --add PROFILE`: adds the calls of the inputs to a profile and keeps its layout, so that one command puts
// the refusals of a roll-out back into the profile. Everything within the ceiling is added; beyond it only calls that
// were carried out, or none with `--beyond never`.
import { UserError } from '../errors.ts'
import { permissiveness } from '../meaning/index.ts'
import type { Observations } from '../observe/index.ts'
import type { Judged, Repaired } from '../verify/index.ts'
import { patchFor, rowsOf, type PatchSubject } from '../watch/index.ts'
import { writeOutput } from './output.ts'
import { patchSubject } from './patch-subject.ts'
import { say } from './say.ts'
import type { World } from './world.ts'

interface AddOptions {
  readonly within: readonly string[]
  readonly beyond: string
  readonly kernel?: string
  readonly output?: string
}

/** Throws UserError for a built-in profile, which has no text. */
export async function addDenials(
  profile: string,
  observations: Observations,
  { within, beyond, kernel, output }: AddOptions,
  world: World,
): Promise<void> {
  const [word = 'docker', ...more] = within
  if (more.length > 0) throw new UserError('add-within-one')
  const edited = await patchSubject(profile, word, world)
  const { name, text } = edited
  const subject = (text: string, widen: boolean): PatchSubject => ({
    ...edited,
    text,
    widen,
    context: kernel === undefined ? {} : { kernel },
  })
  const rows = rowsOf(observations, subject(text, false))
  const inside = patchFor(subject(text, false), rows)
  const carriedOut = rowsOf(observations, subject(inside.repair.text, false)).filter(
    (each) => each.isCarriedOut,
  )
  const { repair, judged } = patchFor(subject(inside.repair.text, true), beyond === 'never' ? [] : carriedOut)
  const all = { ...repair, before: text, added: [...inside.repair.added, ...repair.added] }
  const added = new Set(all.added.map(({ refusal }) => `${refusal.architecture} ${refusal.syscall}`))
  const refusals = [...inside.judged, ...judged].filter(
    ({ architecture, syscall }, index, each) =>
      !added.has(`${architecture} ${syscall}`) &&
      each.findIndex((other) => other.architecture === architecture && other.syscall === syscall) === index,
  )
  await writeOutput(all.text, output, world)
  const limit = word === 'none' ? undefined : word
  for (const line of [...all.added.map((each) => addedSentence(each, limit)), ...refusals.map(leftSentence)])
    say(world, line)
  say(world, all.added.length === 0 ? `${name}: nothing to add` : `${name}: ${added.size} added`)
}

function addedSentence({ refusal, conditional, within }: Repaired, ceiling: string | undefined): string {
  const { syscall, architecture, count } = refusal
  const why =
    ceiling === undefined
      ? 'no ceiling was given'
      : within
        ? `${ceiling} allows it${conditional ? ' under these conditions' : ''}`
        : `beyond ${ceiling}, and it was carried out`
  return `added: ${syscall} (${architecture}), asked for ${count === 1 ? 'once' : `${count} times`}; ${why}`
}

const leftSentence = ({ syscall, architecture, default: answer }: Judged): string =>
  `not added: ${syscall} (${architecture}): ${
    answer === undefined || permissiveness(answer) < 2
      ? 'the ceiling refuses it too'
      : 'the profile’s own rules contradict it: edit them by hand'
  }`
