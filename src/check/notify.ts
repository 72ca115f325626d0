// Checks user notification, where another process answers the call. Authority: runtime-spec on listenerMetadata.
// meaning/ decides which notification runc refuses.
import { finding, type Finding } from './findings.ts'
import { keyOf, type CheckSubject } from './subject.ts'

export function* notifyProblems(subject: CheckSubject): Generator<Finding> {
  const { profile } = subject
  const listens = profile.listenerPath !== undefined && profile.listenerPath !== ''
  if (profile.listenerMetadata !== undefined && profile.listenerMetadata !== '' && !listens) {
    yield finding('metadata-without-listener', keyOf(subject, profile, 'listenerMetadata'))
  }
}
