// A recording under a filter: what it lets through is recorded, with the ways that programs take where it refuses; what it
// refuses is told. A profile made of that fits into the filter without what the workload only tries.
import { chooseRecorder, type Recording, type RecordSettings } from '../record/index.ts'
import type { ParsedProfile } from '../profile/dialects.ts'
import { refusalsOf, type RefusedCall } from './refusals.ts'
import { enforced } from './round.ts'
import { prepare } from './subject.ts'

/** How a command is recorded under a filter. */
export interface RecordUnderSettings extends RecordSettings {
  readonly command: readonly [string, ...string[]]
  /** The filter, as parseProfile gives it. */
  readonly under: ParsedProfile
  /** A plain command runs with no_new_privs. */
  readonly noNewPrivileges?: boolean
}

/** A recording, and what the filter refused meanwhile. */
export interface RecordingUnder extends Recording {
  /** What the filter refused; calls that a rule of it names to answer ENOSYS too. */
  readonly refused: readonly RefusedCall[]
}

/**
 * Records a command while it runs under a filter; the ebpf recorder alone tells both.
 *
 * @throws UserError as `verify` and `record` do.
 */
export async function recordUnder(settings: RecordUnderSettings): Promise<RecordingUnder> {
  await chooseRecorder(settings, { for: 'under' })
  const { under: parsed, name, notice, begun, arguments: asked } = settings
  const subject = await prepare({
    ...withoutRecording(settings),
    profile: parsed,
    name: parsed.name,
    within: null,
    recorder: 'ebpf',
  })
  const { meaning, under } = enforced(subject, parsed)
  const options = {
    ...subject.options,
    ...(name !== undefined && { name }),
    ...(notice && { notice }),
    ...(begun && { begun }),
    ...(asked && { arguments: asked }),
  }
  const recording = await subject.loader.run(options, under, subject.seenBy)
  return { ...recording, refused: refusalsOf(meaning, recording.refusals?.suspects ?? []) }
}

/** What a verification is told as well. */
function withoutRecording({ known, notice, under, ...rest }: RecordUnderSettings) {
  void [known, notice, under]
  return rest
}
