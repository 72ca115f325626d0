// Turns a profile into plain OCI as its loader resolves it on this host: without conditions on capabilities and
// kernels.
import { architectures } from '../abi/architectures.ts'
import { resolve, type Context } from '../meaning/index.ts'
import type { ParsedProfile } from '../profile/dialects.ts'
import type { OciProfile } from '../profile/document.ts'

export function resolvedProfile(parsed: ParsedProfile, context: Context): OciProfile {
  const { flags, listenerPath, listenerMetadata } = parsed.profile
  const { defaultAnswer, architectures: names, rules } = resolve(parsed, context)
  return {
    defaultAction: defaultAnswer.action,
    ...(defaultAnswer.errno === undefined ? {} : { defaultErrnoRet: defaultAnswer.errno }),
    architectures: names.map((each) => architectures[each].scmp),
    ...(flags && { flags }),
    ...(listenerPath === undefined ? {} : { listenerPath }),
    ...(listenerMetadata === undefined ? {} : { listenerMetadata }),
    syscalls: rules.map(({ names, answer, args }) => ({
      names,
      action: answer.action,
      ...(answer.errno === undefined ? {} : { errnoRet: answer.errno }),
      ...(args.length === 0 ? {} : { args }),
    })),
  }
}
