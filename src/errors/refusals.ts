// Why a container with this profile does not start, or loses its rules: a sentence for each reason, for `validate` and
// every question about a profile's meaning. meaning/ decides the reason. The facts are raw.

import type { Facts } from './row.ts'

const stops = 'the container does not start'
const notKnown = ({ word = '', by = '' }: Facts): string => `${by} does not know ${word}: ${stops}`

export const refusalSentences = {
  /** One condition of a call has two answers (EEXIST). `line`: the line of the other rule. */
  'rules-clash': ({ name = '', architecture = '', line }: Facts) =>
    `${line === undefined ? 'another rule' : `the rule in line ${line}`} answers ${name} differently under a condition that libseccomp considers the same on ${architecture}: ${stops}`,
  'rules-endless': ({ name = '', architecture = '' }: Facts) =>
    `together with the rules before it, this rule for ${name} makes libseccomp loop forever on ${architecture}: ${stops}`,
  /** Not a refusal by libseccomp: seccomp-gen stops looking here. */
  'rules-beyond': ({ name = '', architecture = '', bound = '' }: Facts) =>
    `combining the conditions on ${name} takes more than ${bound} steps on ${architecture}: the answers of the profile are not worked out`,
  /** The container starts nevertheless. */
  'rules-lost': ({ name = '', architecture = '' }: Facts) =>
    `${architecture} has no ${name}, and no rule without conditions names a call of ${architecture}: libseccomp's filter then never loads the number of the call, and every call gets the default action`,
  'filter-too-long': ({ length = '' }: Facts) =>
    `the filter has at least ${length} instructions, and the kernel accepts at most 4096: ${stops}`,
  'architectures-mixed': ({ word = '', native = '' }: Facts) =>
    `${word} and ${native} have different byte orders, and libseccomp makes no filter of both: ${stops}`,
  'architecture-not-known': notKnown,
  'action-not-known': notKnown,
  'flag-not-known': notKnown,
  'flags-not-read': ({ by = '' }: Facts) => `${by} takes no flags: ${stops}`,
  'default-rule-refused': ({ name = '', by = '' }: Facts) =>
    `the rule for ${name} has the same answer as the default action, which ${by} refuses: ${stops}`,
  'empty-name': () => 'an empty string is not a call: runc refuses the profile',
  'notify-default': () => 'SCMP_ACT_NOTIFY cannot be the default action: runc refuses the profile',
  'notify-write': () =>
    'write cannot be notified: the runtime needs it to hand over the listener, and runc refuses the profile',
  'notify-without-listener': () => 'there is no listener for SCMP_ACT_NOTIFY: runc refuses the profile',
  'errno-unused': ({ key = '', action = '' }: Facts) =>
    `${action} does not use ${key}: crun refuses the profile`,
} as const satisfies Readonly<Record<string, (facts: Facts) => string>>

export type RefusalCode = keyof typeof refusalSentences
