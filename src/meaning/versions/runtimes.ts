// The versions since which runc and crun read a profile as their newest versions do. Names of the OCI specification
// (architectures, actions, flags) that are not listed are known since runc 1.0.0-rc1 and crun 0.15.
// Authority: the source of each at its tags; a comment names the commit.
import { compareVersions } from '../versions.ts'
import { readRuntimeVersion, type RuntimeName, type RuntimeVersion } from './runtime-word.ts'

/** `never`: no released version. */
type Since = string | 'always' | 'never'

export type Trait =
  /** Skips a rule that equals the default. Without the trait libseccomp refuses the rule (EACCES). */
  | 'skips-default-rules'
  /** Answers ENOSYS to numbers above the largest one that the profile names. */
  | 'enosys-stub'
  /** Has the stub for the native architecture even if the profile does not name that architecture. */
  | 'native-stub'
  /** Asks libseccomp for a binary tree, sorted by number, if the profile has more than 32 rules. */
  | 'sorts-rules'
  /** Reads every condition of a rule. Without the trait: the first six. */
  | 'all-conditions'
  /** Reads `flags`. */
  | 'flags'
  /** Reads `defaultErrnoRet` and `errnoRet`. Without the trait the answer is EPERM. */
  | 'defaultErrnoRet'
  | 'errnoRet'
  /** Refuses an errno on an action that takes none. */
  | 'refuses-unused-errno'
  /** Refuses an empty name. */
  | 'refuses-empty-names'
  /** Refuses a profile without a default action. Without the trait the container has no filter. */
  | 'needs-default-action'
  /** Refuses NOTIFY for `write`, as the default action, and without a listener. */
  | 'limits-notify'

const traits: Readonly<Record<RuntimeName, Readonly<Record<Trait, Since>>>> = {
  runc: {
    'skips-default-rules': '1.0.2', // 5dd92fd9b
    'enosys-stub': '1.0.0-rc93', // 7a8d7162f
    'native-stub': '1.1.15', // ccc500c42
    'sorts-rules': '1.2.0-rc.1', // b265d1288
    'all-conditions': 'always',
    flags: '1.2.0-rc.1', // 58ea21dae
    defaultErrnoRet: '1.0.0-rc93', // c61f60625 of rc95; Debian 11's rc93 has it too
    errnoRet: '1.0.0-rc91', // 41aa19662
    'refuses-unused-errno': 'never',
    'refuses-empty-names': 'always',
    'needs-default-action': 'never',
    'limits-notify': '1.1.0-rc.1', // 2b025c017
  },
  crun: {
    'skips-default-rules': '0.4', // 08229f3f
    'enosys-stub': 'never',
    'native-stub': 'never',
    'sorts-rules': 'never',
    'all-conditions': '1.30', // containers/crun 2220, merged in September 2026 after 1.29.1
    flags: '0.9', // fefabffa
    defaultErrnoRet: '0.19', // 0c5b9208
    errnoRet: '0.14', // feeac04f
    'refuses-unused-errno': '0.19', // edf7f157
    'refuses-empty-names': 'never',
    'needs-default-action': '0.19', // bc222b64
    'limits-notify': 'never',
  },
}

/** The first version that knows a word of a profile. crun asks libseccomp about architectures. */
const words: Readonly<Record<RuntimeName, Readonly<Record<string, Since>>>> = {
  runc: {
    SCMP_ACT_LOG: '1.0.0-rc9', // 84373aaa5
    SCMP_ACT_NOTIFY: '1.1.0-rc.1', // 2b025c017
    SCMP_ACT_KILL_PROCESS: '1.1.3', // 68427f33d
    SCMP_ACT_KILL_THREAD: '1.1.3',
    SCMP_ARCH_RISCV64: '1.1.8', // 1d7b29712
    SCMP_ARCH_LOONGARCH64: '1.4.1', // 885509afd
    SCMP_ARCH_M68K: 'never',
    SCMP_ARCH_SH: 'never',
    SCMP_ARCH_SHEB: 'never',
    SCMP_ARCH_PARISC: 'never',
    SCMP_ARCH_PARISC64: 'never',
    SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV: '1.5.0-rc.2', // 0079bee17
  },
  crun: {
    SCMP_ACT_NOTIFY: '0.19', // 5a627f4b
    SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV: '1.6', // 396ac888
  },
}

/**
 * If no runtime is named, the newest ones are compared with these: the runtimes of Debian 12, with its libseccomp.
 */
export const oldestRuntimes: Readonly<Record<RuntimeName, RuntimeVersion>> = {
  runc: 'runc@1.1.5',
  crun: 'crun@1.8.1',
}

/** The version that a name without one means: the newest release whose source was read. */
const newest: Readonly<Record<RuntimeName, string>> = { runc: '1.5.1', crun: '1.29.1' }

export function has(word: RuntimeVersion, trait: Trait): boolean {
  const { runtime, version } = partsOf(word)
  return isSince(version ?? newest[runtime], traits[runtime][trait])
}

/** Whether the runtime itself, independently of its libseccomp, accepts a word of the specification. */
export function knowsWord(word: RuntimeVersion, name: string): boolean {
  const { runtime, version } = partsOf(word)
  const since = Object.hasOwn(words[runtime], name) ? words[runtime][name] : undefined
  return isSince(version ?? newest[runtime], since ?? 'always')
}

export function nameOf(word: RuntimeVersion): RuntimeName {
  return partsOf(word).runtime
}

function isSince(version: string, since: Since): boolean {
  if (since === 'always' || since === 'never') return since === 'always'
  return compareVersions(version, since) >= 0
}

function partsOf(word: RuntimeVersion): {
  readonly runtime: RuntimeName
  readonly version: string | undefined
} {
  const read = readRuntimeVersion(word)
  if (read === undefined) throw new Error(`${word} is not a runtime`)
  return read
}
