// Why a profile has no meaning somewhere: what libseccomp or a runtime refuses, so that the container does not start, as
// data. Decided here alone: `validate` and every command that needs a meaning ask, and the sentences are chosen elsewhere.
import { UserError } from '../errors.ts'
import type { Standing } from '../profile/flaws.ts'

export type RefusalCode =
  /** The same condition of a call with two answers (EEXIST). */
  | 'rules-clash'
  /** The container starts, and the filter finds no call of an architecture: see lostIn in program.ts. */
  | 'rules-lost'
  /** libseccomp never returns. */
  | 'rules-endless'
  /** More steps than are taken here to put a call's conditions together. */
  | 'rules-beyond'
  /** The kernel takes no filter of so many instructions. */
  | 'filter-too-long'
  /** Little-endian and big-endian ones, or one that is not the host's. */
  | 'architectures-mixed'
  | 'architecture-not-known'
  | 'action-not-known'
  | 'flag-not-known'
  /** Any flag. */
  | 'flags-not-read'
  | 'default-rule-refused'

/** `facts` are what the sentence needs, raw. */
export interface Refusal extends Standing {
  readonly code: RefusalCode
  readonly facts: Readonly<Record<string, string>>
}

/** `file:line:column: …`. */
export function refused(file: string, { code, at, facts }: Refusal): UserError {
  const { name = '', architecture = '', word = '', by = '', native = '' } = facts
  const sentences: Readonly<Record<RefusalCode, string>> = {
    'rules-clash': `another rule answers ${name} otherwise under the same condition on ${architecture}: libseccomp refuses that, and the container does not start`,
    'rules-lost': `the filter does not look for any call of ${architecture}`,
    'rules-endless': `together with the rules before it this one of ${name} makes libseccomp loop without end on ${architecture}, and the container does not start: compare with SCMP_CMP_MASKED_EQ or SCMP_CMP_EQ`,
    'rules-beyond': `the conditions of ${name} on ${architecture} take more than ${facts['bound'] ?? ''} steps to put together: write fewer`,
    'filter-too-long': `the filter has ${facts['length'] ?? ''} instructions or more, and the kernel takes 4096: write fewer conditions`,
    'architectures-mixed': `${word} has another byte order than ${native}: libseccomp takes no filter of both, and the container does not start`,
    'architecture-not-known': `${by} does not know ${word}, and the container does not start`,
    'action-not-known': `${by} does not know ${word}, and the container does not start`,
    'flag-not-known': `${by} does not know the flag ${word}, and the container does not start`,
    'flags-not-read': `${by} takes no flags, and the container does not start`,
    'default-rule-refused': `the rule of ${name} says what the default action says: ${by} refuses that, and the container does not start`,
  }
  return new UserError(`${file}:${at.line}:${at.column}: ${sentences[code]}`)
}
