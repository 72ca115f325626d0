// Notes in a recording which engine started its containers, because engines give containers different defaults and
// different rights on directories. Authority: schemas/observations.schema.json, starts.
import type { Recording } from '../recording.ts'

export function startedBy(engine: string, recording: Recording): Recording {
  const { observations } = recording
  if (observations.context === undefined) return recording
  const context = observations.context.map((each) => ({
    ...each,
    starts: each.starts.map(({ recorder, ...start }) => ({ recorder, engine, ...start })),
  }))
  return { ...recording, observations: { ...observations, context } }
}
