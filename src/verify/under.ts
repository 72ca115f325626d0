// Records a command under a filter. The recording holds what the filter allows, including the ways that programs take
// after a refusal; refused calls are reported apart. A profile of that recording fits into the filter.
import { readOptions } from '../options.ts'
import { chooseRecorder, type Recording, type RecordSettings } from '../record/index.ts'
import type { ParsedProfile } from '../profile/dialects.ts'
import { refusalsOf, type RefusedCall } from './refusals.ts'
import { enforced } from './round.ts'
import { underTable } from './settings.ts'
import { prepare } from './subject.ts'

/** How a command is recorded under a filter. */
export interface RecordUnderSettings extends RecordSettings {
  readonly command: readonly [string, ...string[]]
  /** The filter's profile, as parseProfile returns it. */
  readonly under: ParsedProfile
  /** Whether a plain command runs with no_new_privs. */
  readonly noNewPrivileges?: boolean
}

/** A recording, and what the filter refused meanwhile. */
export interface RecordingUnder extends Recording {
  /** What the filter refused, including calls that a rule answers ENOSYS on purpose. */
  readonly refused: readonly RefusedCall[]
}

/**
 * Records a command while it runs under a filter. Only the ebpf recorder sees both calls and refusals.
 *
 * @throws UserError as `verify` and `record` do.
 */
export async function recordUnder(given: RecordUnderSettings): Promise<RecordingUnder> {
  const settings = readOptions('recordUnder', underTable, given, ['command', 'under'])
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
  return {
    ...recording,
    refused: refusalsOf(meaning, recording.refusals?.suspects ?? []).filter(
      ({ decidedByOwn }) => decidedByOwn !== true,
    ),
  }
}

/** The settings that a verification shares. */
function withoutRecording({ known, notice, under, ...rest }: RecordUnderSettings) {
  void [known, notice, under]
  return rest
}
