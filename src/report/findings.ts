// The sentences of `validate`, chosen only here: the problem and the remedy for each code. Facts are raw pieces of
// input: the printer escapes a sentence for its target.
import { hostNames } from '../abi/architectures.ts'
import { refusalSentences } from '../errors/refusals.ts'
import type { Facts } from '../errors/row.ts'
import type { Finding, FindingCode } from '../check/findings.ts'

interface FindingWords {
  readonly says: (facts: Facts) => string
  readonly todo: (facts: Facts) => string
}

/** The problem, without a full stop. */
export function findingSentence({ code, facts }: Finding): string {
  return table[code].says(facts)
}

/** The remedy, without a full stop. */
export function findingHint({ code, facts }: Finding): string {
  return table[code].todo(facts)
}

const meant = ({ meant }: Facts, otherwise: string): string =>
  meant === undefined ? otherwise : `write ${meant}, if that is what was meant`

const ignoredKeys: Readonly<Record<string, string>> = {
  archMap: 'the filter is then for the native architecture only, and every 32-bit call kills',
  includes: 'the rule then holds without its condition',
  excludes: 'the rule then holds without its exception',
  name: 'the rule then has no call and is lost or refused',
  errno: 'the call then gets errnoRet, or EPERM',
  defaultErrno: 'other calls then get defaultErrnoRet, or EPERM',
}

/** The sentence about a version that was not measured. `generate` prints it too. */
export function notMeasuredSentence(runtime: string, measured: string, published: boolean): string {
  const list = published ? ' and a list published for it' : ''
  return `the calls of ${runtime} were not measured: those of ${measured}${list} stand in for them`
}

/** The sentence about hosts on which no runtime was measured. */
export function inferredFloorSentence(hosts: readonly string[], from: string): string {
  return `the calls of runc and crun were not measured on ${hosts.join(' and ')}: they are inferred from those on ${from}, so start a container under the profile before relying on it`
}

const maker = ({ runtime = '', inferred }: Facts): string =>
  inferred === undefined ? runtime : `${runtime} on ${inferred} (inferred from x86_64)`

const allowIt = ({ name = '' }: Facts): string => `allow ${name}`

const unchecked: Readonly<Record<string, string>> = {
  broken: 'parts of the profile cannot be read',
  base: 'the base profile, whose calls count too, is not available',
  architecture: `it is known for ${hostNames.join(', ')} only`,
}

const table: Readonly<Record<FindingCode, FindingWords>> = {
  'byte-order-mark': {
    says: () =>
      'the file begins with a byte order mark: Docker, Podman, containerd, CRI-O, runc and crun refuse it',
    todo: () => 'save it as UTF-8 without a byte order mark',
  },
  'duplicate-key': {
    says: ({ key = '' }) =>
      `the key ${key} occurs here a second time, and parsers differ in which one they use`,
    todo: () => 'keep one of them',
  },
  'key-case': {
    says: ({ key = '', meant = '' }) =>
      `the key ${key} is ${meant} to parsers written in Go and unknown to crun`,
    todo: ({ meant = '' }) => `write ${meant}`,
  },
  'unknown-key': {
    says: ({ key = '', what = '' }) => `no ${what} has a key ${key}: it is ignored`,
    todo: (facts) => meant(facts, 'remove it'),
  },
  'null-value': {
    says: ({ key = '' }) => `${key} is null, which the OCI schema forbids and the loaders treat as absent`,
    todo: ({ key = '' }) => `leave ${key} out`,
  },
  'wrong-type': {
    says: ({ expected = '', found = '' }) => `this is ${found} where ${expected} is expected`,
    todo: ({ expected = '' }) => `put ${expected} here`,
  },
  'missing-key': {
    says: ({ key = '', what = '' }) => `this ${what} has no ${key}`,
    todo: ({ key = '' }) => `add ${key}`,
  },
  'no-default-action': {
    says: ({ empty }) =>
      empty === 'true'
        ? 'an empty profile turns seccomp off under runc, Docker and Podman; crun refuses it'
        : 'the profile has no defaultAction',
    todo: () => 'add "defaultAction": "SCMP_ACT_ERRNO"',
  },
  schema: {
    says: ({ message = '' }) => `this does not follow the schema: it ${message}`,
    todo: () => 'see schemas/ of seccomp-gen',
  },
  'docker-dialect': {
    says: ({ keys = '' }) =>
      `this is Docker's format (${keys}): Docker, Podman and CRI-O read it; containerd, runc and crun ignore those keys`,
    todo: () => 'nothing, if only those read it; `generate --as oci` prints a file for all of them',
  },
  'containers-dialect': {
    says: ({ keys = '' }) =>
      `this is the format of Podman and CRI-O (${keys}): Docker ignores the errno names; containerd, runc and crun ignore all of those keys`,
    todo: () => 'nothing, if only those read it; `generate --as oci` prints a file for all of them',
  },
  'docker-key-ignored': {
    says: ({ key = '' }) =>
      `${key} is not a key of plain OCI and is ignored: ${Object.hasOwn(ignoredKeys, key) ? ignoredKeys[key] : ''}`,
    todo: () => 'resolve it for the host, or give this file to Docker, Podman or CRI-O only (--as docker)',
  },
  'arch-map-with-architectures': {
    says: () => 'archMap and architectures exclude each other: Docker refuses the profile',
    todo: () => 'keep one of them',
  },
  'name-with-names': {
    says: ({ name = '' }) => `a rule has name (${name}) or names, not both: Docker refuses the profile`,
    todo: () => 'put it into names',
  },
  'min-kernel-form': {
    says: ({ text = '' }) => `minKernel "${text}" is not of the form major.minor: Docker refuses the profile`,
    todo: () => 'write two numbers up to 255, such as "4.8"',
  },
  'key-unknown-to-older': {
    says: ({ key = '', by = '' }) =>
      `${by} does not read ${key}${key.endsWith('rrnoRet') ? ', and answers EPERM' : ''}; newer versions do`,
    todo: ({ key = '' }) =>
      key === 'defaultErrnoRet'
        ? 'name the calls that must fail with another errno in a rule with errnoRet, or use Docker 23 or newer'
        : `leave ${key} out, or use a newer version`,
  },
  'min-kernel-ignored': {
    says: ({ key = '' }) =>
      `Podman and CRI-O do not know minKernel: ${key === 'includes' ? 'the rule applies on every kernel there' : 'the rule applies there nevertheless'}`,
    todo: () => 'give Podman and CRI-O a file of their own, resolved for their kernels',
  },
  'unknown-capability': {
    says: ({ name = '' }) => `there is no capability ${name}: it is never held`,
    todo: (facts) => meant(facts, 'see capabilities(7) for the names'),
  },
  'unknown-engine-architecture': {
    says: ({ name = '' }) => `no engine has the name ${name} for an architecture: it never matches`,
    todo: (facts) => meant(facts, 'write a name such as amd64 or arm64'),
  },
  'operator-key-ignored': {
    says: ({ key = '' }) => `a SeccompProfile has no ${key}: the key is dropped, and refused calls get EPERM`,
    todo: ({ key = '' }) => `remove ${key}, or use the profile as a file`,
  },
  'value-beyond-int64': {
    says: ({ value = '' }) => `${value} does not fit in a SeccompProfile, whose values are int64`,
    todo: () => 'use the profile as a file, or a mask without the highest bit',
  },
  'unknown-action': {
    says: ({ word = '' }) => `there is no action ${word}: the container does not start`,
    todo: (facts) =>
      meant(facts, 'write SCMP_ACT_ALLOW, SCMP_ACT_ERRNO or another action of the specification'),
  },
  'unknown-operator': {
    says: ({ word = '' }) => `there is no operator ${word}: the container does not start`,
    todo: (facts) =>
      meant(facts, 'write SCMP_CMP_MASKED_EQ, SCMP_CMP_EQ or another operator of the specification'),
  },
  'unknown-architecture': {
    says: ({ word = '' }) =>
      `there is no architecture ${word} in the specification: runc does not start the container`,
    todo: (facts) =>
      meant(facts, 'write SCMP_ARCH_X86_64, SCMP_ARCH_AARCH64 or another name of the specification'),
  },
  'architecture-unknown-to-runc': {
    says: ({ word = '' }) =>
      `the specification has ${word}, but runc does not: it does not start the container`,
    todo: () => 'remove it, unless only crun reads the profile',
  },
  'unknown-flag': {
    says: ({ word = '' }) => `there is no flag ${word}: the container does not start`,
    todo: (facts) => meant(facts, 'remove it'),
  },
  'empty-flags': {
    says: () => 'an empty list of flags differs from no list: without the key flags, SPEC_ALLOW is set',
    todo: () => 'leave flags out, unless speculation mitigations are wanted',
  },
  'no-architectures': {
    says: () => 'the profile names no architecture: it holds for the native one only, and 32-bit calls kill',
    todo: () => 'add architectures',
  },
  'not-unsigned': {
    says: ({ text = '' }) => `${text} is not an unsigned integer to the loaders, which accept digits only`,
    todo: () => 'write it with digits only, without sign, fraction and exponent',
  },
  'out-of-range': {
    says: ({ text = '', limit = '' }) => `${text} is larger than ${limit}`,
    todo: ({ limit = '' }) => `write a number up to ${limit}`,
  },
  'rounded-elsewhere': {
    says: ({ value = '' }) =>
      `${value} is beyond 2^53: runtimes read it exactly, but programs that use JavaScript numbers round it`,
    todo: () => 'do not rewrite this file with such a program; a mask of 32 bits is enough for int arguments',
  },
  'argument-index': {
    says: ({ index = '' }) => `a call has arguments 0 to 5, and none with index ${index}`,
    todo: () => 'write an index from 0 to 5',
  },
  'errno-range': {
    says: ({ number = '', limit = '' }) =>
      `${number} is not an errno: libseccomp refuses it, or uses the lower 16 bits, beyond ${limit}`,
    todo: () => 'write the errno that the call should fail with, such as 1 (EPERM) or 38 (ENOSYS)',
  },
  'errno-zero': {
    says: ({ key = '' }) =>
      `with ${key} 0 a refused call does nothing and tells the program that it succeeded`,
    todo: () => 'write the errno that the call should fail with, unless success is intended',
  },
  'errno-unused': {
    says: refusalSentences['errno-unused'],
    todo: ({ key = '' }) => `remove ${key}`,
  },
  'unknown-errno': {
    says: ({ name = '' }) => `there is no error ${name}: Podman and CRI-O refuse the profile`,
    todo: () => 'write a name of errno(3), such as EPERM or ENOSYS',
  },
  'errno-differs': {
    says: ({ name = '', number = '', other = '' }) =>
      `${name} (${number}) counts for Podman and CRI-O only; every other engine answers ${other}`,
    todo: ({ number = '', key = '' }) => `write ${key} ${number} as well`,
  },
  'notify-default': {
    says: refusalSentences['notify-default'],
    todo: () => 'name the calls that the listener answers in a rule',
  },
  'notify-write': {
    says: refusalSentences['notify-write'],
    todo: () => 'remove write from this rule',
  },
  'notify-without-listener': {
    says: refusalSentences['notify-without-listener'],
    todo: () => 'add listenerPath, the socket of the process that answers',
  },
  'metadata-without-listener': {
    says: () => 'listenerMetadata has no effect without listenerPath',
    todo: () => 'add listenerPath, or remove listenerMetadata',
  },
  'empty-names': {
    says: () => 'the rule names no call, and the specification requires at least one',
    todo: () => 'name the calls, or remove the rule',
  },
  'empty-name': {
    says: refusalSentences['empty-name'],
    todo: () => 'remove it',
  },
  'repeated-name': {
    says: ({ name = '' }) => `${name} is already in this rule`,
    todo: () => 'remove it',
  },
  'unknown-call': {
    says: ({ name = '' }) => `no architecture has a call ${name}: the runtimes skip it`,
    todo: (facts) => meant(facts, 'remove it, or see `seccomp-gen syscalls` for the names'),
  },
  'call-case': {
    says: ({ name = '' }) => `calls are written in lower case: ${name} is unknown, and the runtimes skip it`,
    todo: (facts) => meant(facts, 'write it in lower case'),
  },
  'call-elsewhere': {
    says: ({ names = '', architectures = '' }) =>
      `these calls do not exist on ${architectures} and have no effect there: ${names}`,
    todo: () => 'nothing, if the profile is for other architectures too',
  },
  'call-renamed': {
    says: ({ name = '', meant = '', architectures = '' }) =>
      `${name} is not a call of ${architectures}: programs call ${meant} there, which no rule names`,
    todo: ({ meant = '' }) => `name ${meant} as well`,
  },
  'same-effect-allowed': {
    says: ({ name = '', answer = '', others = '' }) =>
      `${name} gets ${answer}, but calls with the same effect are not refused: ${others}`,
    todo: ({ others = '' }) => `refuse ${others} as well`,
  },
  'call-newer-than-libseccomp': {
    says: ({ names = '', libseccomp = '', answer = '' }) =>
      `libseccomp ${libseccomp} does not know ${names}: the rule is left out, and ${answer} answers instead`,
    todo: ({ opened }) =>
      opened === undefined
        ? 'nothing, if every host has a newer libseccomp; eval --libseccomp shows what an older one answers'
        : 'name the calls that are allowed, or install a newer libseccomp on every host',
  },
  'no-execve': {
    says: ({ action = '' }) => `execve gets ${action}: the container cannot start its program`,
    todo: () => 'allow execve',
  },
  'thread-exit-refused': {
    says: ({ call = 'clone', action = '' }) =>
      `${call} is allowed and exit gets ${action}: a thread that ends repeats exit until it succeeds, and so never ends`,
    todo: () => 'allow exit',
  },
  'no-exit': {
    says: ({ action = '' }) => `exit_group and exit get ${action}: no program can end`,
    todo: () => 'allow exit_group (and exit for threads)',
  },
  'clone3-refused': {
    says: ({ answer = '' }) =>
      `clone3 gets ${answer} while clone is allowed: glibc 2.34 and later tries clone only after ENOSYS, so starting a thread fails`,
    todo: () => 'add a rule that answers clone3 with SCMP_ACT_ERRNO and errnoRet 38',
  },
  'allows-by-default': {
    says: ({ action = '' }) => `a call without a rule gets ${action}: every call that is not named works`,
    todo: () => 'to confine the program, use SCMP_ACT_ERRNO as the default and name what is needed',
  },
  'repeated-index': {
    says: ({ index = '' }) =>
      `argument ${index} is compared twice in this rule: runc and crun then make every condition a rule of its own (or), not one (and)`,
    todo: () => 'compare each argument once; SCMP_CMP_MASKED_EQ can test several bits at a time',
  },
  'conditions-beyond-six': {
    says: () => 'crun up to 1.29 reads only the first six conditions of a rule, and ignores this one',
    todo: () => 'put the others into a rule of their own',
  },
  'never-matches': {
    says: ({ mask = '', comparand = '' }) =>
      `the argument masked with value ${mask} can never equal valueTwo ${comparand}`,
    todo: () =>
      'value is the mask, and valueTwo is what the masked argument must equal: exchange them, or correct one',
  },
  'narrow-argument': {
    says: ({ index = '', op = '', calls = '' }) =>
      `the kernel reads 32 bits of argument ${index} of ${calls}, but ${op} compares all 64: the upper bits change the answer and not the call`,
    todo: ({ op = '', value = '' }) =>
      op === 'SCMP_CMP_EQ' && BigInt(value === '' ? 0 : value) <= 0xffff_ffffn
        ? // The sentence omits the value, so that findings about several values fold into one.
          'write "value": 4294967295, "valueTwo": the present value, "op": "SCMP_CMP_MASKED_EQ"'
        : 'allow the values that are needed, each with SCMP_CMP_MASKED_EQ and the mask 4294967295',
  },
  'duplicate-rule': {
    says: ({ name = '', line = '' }) => `the rule in line ${line} already gives ${name} the same answer`,
    todo: () => 'remove it from one of the rules',
  },
  'first-rule-wins': {
    says: ({ name = '', answer = '', line = '' }) =>
      `the rule in line ${line} already gives ${name} ${answer}, and the first rule wins`,
    todo: () => 'keep the one that is intended',
  },
  'condition-without-effect': {
    says: ({ name = '', answer = '', line = '' }) =>
      `the rule in line ${line} gives ${name} ${answer} whatever its arguments, so this condition has no effect`,
    todo: ({ name = '' }) => `remove ${name} from one of the rules`,
  },
  'rule-equals-default': {
    says: ({ name, answer = '', line = '' }) =>
      name === undefined
        ? 'the rule has the answer of the default action, and is skipped'
        : `this rule has the answer of the default action and is skipped, so the rule in line ${line} gives ${name} ${answer}`,
    todo: ({ name }) =>
      name === undefined
        ? 'nothing; it may stay as a remark'
        : `narrow the rule that answers ${name}, or remove this one`,
  },
  'rules-clash': {
    says: refusalSentences['rules-clash'],
    todo: () =>
      'keep one of them, or compare the same arguments in both, with values that exclude each other',
  },
  'rules-endless': {
    says: refusalSentences['rules-endless'],
    todo: () => 'compare with SCMP_CMP_MASKED_EQ or SCMP_CMP_EQ',
  },
  'rules-beyond': {
    says: refusalSentences['rules-beyond'],
    todo: () => 'write fewer conditions',
  },
  'rules-lost': {
    says: refusalSentences['rules-lost'],
    todo: ({ name = '' }) =>
      `remove ${name}, or name a call of the architecture in a rule without conditions`,
  },
  'filter-too-long': {
    says: refusalSentences['filter-too-long'],
    todo: () => 'write fewer conditions',
  },
  'architectures-mixed': {
    says: refusalSentences['architectures-mixed'],
    todo: () => 'write a profile for each architecture',
  },
  'architecture-not-known': {
    says: refusalSentences['architecture-not-known'],
    todo: () => 'remove it, or use a newer version',
  },
  'action-not-known': {
    says: refusalSentences['action-not-known'],
    todo: () => 'write SCMP_ACT_KILL or SCMP_ACT_ERRNO, or use a newer version',
  },
  'flag-not-known': {
    says: refusalSentences['flag-not-known'],
    todo: () => 'remove it, or use a newer version',
  },
  'flags-not-read': {
    says: refusalSentences['flags-not-read'],
    todo: () => 'remove flags, or use a newer version',
  },
  'default-rule-refused': {
    says: refusalSentences['default-rule-refused'],
    todo: () => 'remove the rule, or use a newer version',
  },
  'floor-needed': {
    says: (facts) =>
      `${maker(facts)} calls ${facts['name']} before the program runs, and this profile answers ${facts['answer']}: the container does not start`,
    todo: allowIt,
  },
  'floor-killed': {
    says: (facts) =>
      `${maker(facts)} calls ${facts['name']} before the program runs and can do without it, but ${facts['answer']} ends the container`,
    todo: ({ name = '' }) => `answer ${name} with SCMP_ACT_ERRNO`,
  },
  'floor-made': {
    says: (facts) =>
      `${maker(facts)} calls ${facts['name']} before the program runs, and this profile answers ${facts['answer']}: some containers may not start, or not be entered`,
    todo: allowIt,
  },
  'floor-sometimes': {
    says: (facts) =>
      `some starts of ${maker(facts)} call ${facts['name']}, and this profile answers ${facts['answer']}: some starts of a container may fail`,
    todo: allowIt,
  },
  'floor-published': {
    says: (facts) =>
      `a list published for ${maker(facts)} has ${facts['name']}, which was never measured, and this profile answers ${facts['answer']}`,
    todo: ({ name = '' }) =>
      `allow ${name}, or start a container under the profile to see whether it is needed`,
  },
  'floor-conditional': {
    says: (facts) =>
      `${maker(facts)} calls ${facts['name']} before the program runs, and this rule allows it under a condition only`,
    todo: ({ name = '' }) => `allow ${name} whatever its arguments and capabilities`,
  },
  'floor-older-kernel': {
    says: (facts) =>
      `on kernels before 5.9 ${maker(facts)} calls ${facts['name']}, and this profile answers ${facts['answer']}`,
    todo: ({ name = '' }) => `allow ${name} if such kernels are still in use`,
  },
  'floor-unchecked': {
    says: ({ runtime = '', why = '' }) =>
      `the calls that ${runtime} needs were not checked: ${unchecked[why] ?? ''}`,
    todo: ({ why = '' }) =>
      why === 'base'
        ? 'check the base profile, or the two merged'
        : why === 'broken'
          ? 'correct the profile and check again'
          : 'start a container under the profile there',
  },
  'runtime-not-measured': {
    says: ({ runtime = '', measured = '', published }) =>
      notMeasuredSentence(runtime, measured, published !== undefined),
    todo: () => 'start a container under the profile with that version before relying on it',
  },
}
