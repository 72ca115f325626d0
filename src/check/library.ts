// Finds calls that a libseccomp in use does not know. A runtime skips their rules, so a call that a deny list refuses
// is then allowed. Authority: libseccomp's tables by version (meaning/versions/library.ts), runc and crun.
import { isKnownTo, librarySince, oldestLibrary, oldestLibraryOn } from '../meaning/versions/library.ts'
import type { PlacedRule } from '../profile/dialects.ts'
import { refuses } from '../profile/words.ts'
import { finding, type Finding } from './findings.ts'
import { answerOf, defaultAnswer, type CheckSubject } from './subject.ts'

/** One finding for opened calls and one for the others, each at its first rule. */
export function* libraryProblems(subject: CheckSubject): Generator<Finding> {
  const { profile } = subject
  const [first] = subject.architectures
  const library = subject.library ?? (first === undefined ? oldestLibrary : oldestLibraryOn(first))
  const byDefault = defaultAnswer(subject)
  // An engine ships the library for its own default profile and for files in its dialect.
  if (subject.library === undefined && subject.engine !== undefined && !subject.asOci) return
  if (profile.defaultAction === undefined || byDefault === undefined) return
  const opened = new Map<string, PlacedRule>()
  const other = new Map<string, PlacedRule>()
  for (const rule of profile.syscalls) {
    if (answerOf(subject, rule.action, rule.errnoRet, rule.errno) === byDefault) continue
    // A skipped rule that refuses changes nothing if the default refuses too.
    if (refuses(rule.action) && refuses(profile.defaultAction)) continue
    const isOpened = refuses(rule.action)
    for (const name of rule.names) {
      // Names that no library knows have a finding of their own.
      if (librarySince(name) === undefined || isKnownTo(library, name)) continue
      ;(isOpened ? opened : other).set(name, rule)
    }
  }
  for (const names of [opened, other]) {
    const [first] = names
    if (first === undefined) continue
    const [name, rule] = first
    const facts = {
      names: listed([...names.keys()]),
      libseccomp: library,
      answer: byDefault,
      ...(names === opened ? { opened: 'yes' } : {}),
    }
    const where = rule.namesAt[rule.names.indexOf(name)] ?? rule
    yield finding('call-newer-than-libseccomp', where, facts)
  }
}

function listed(names: readonly string[]): string {
  return names.length > 8 ? `${names.slice(0, 8).join(', ')} and ${names.length - 8} more` : names.join(', ')
}
