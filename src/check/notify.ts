// User notification: a process outside answers for the call. Authority: runc libcontainer/specconv and
// libcontainer/seccomp (refuses it as default, for write, and without a listener), runtime-spec on listenerMetadata.
import { finding, type Finding } from './findings.ts'
import { keyOf, type Subject } from './subject.ts'

export function* notifyProblems(subject: Subject): Generator<Finding> {
  const { profile } = subject
  const notifying = profile.syscalls.filter(({ action }) => action === 'SCMP_ACT_NOTIFY')
  if (profile.defaultAction === 'SCMP_ACT_NOTIFY') {
    yield finding('notify-default', keyOf(subject, profile, 'defaultAction'))
  }
  for (const rule of notifying) {
    const index = rule.names.indexOf('write')
    if (index !== -1) yield finding('notify-write', rule.namesAt[index] ?? rule)
  }
  const [first] = notifying
  const listens = profile.listenerPath !== undefined && profile.listenerPath !== ''
  if (first !== undefined && !listens)
    yield finding('notify-without-listener', keyOf(subject, first, 'action'))
  if (profile.listenerMetadata !== undefined && profile.listenerMetadata !== '' && !listens) {
    yield finding('metadata-without-listener', keyOf(subject, profile, 'listenerMetadata'))
  }
}
