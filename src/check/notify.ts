// User notification: a process outside answers for the call. Authority: runtime-spec on listenerMetadata. What runc
// refuses of it, meaning says.
import { finding, type Finding } from './findings.ts'
import { keyOf, type CheckSubject } from './subject.ts'

export function* notifyProblems(subject: CheckSubject): Generator<Finding> {
  const { profile } = subject
  const listens = profile.listenerPath !== undefined && profile.listenerPath !== ''
  if (profile.listenerMetadata !== undefined && profile.listenerMetadata !== '' && !listens) {
    yield finding('metadata-without-listener', keyOf(subject, profile, 'listenerMetadata'))
  }
}
