// Prints a policy in a dialect. Plain OCI is the only form that every engine reads alike. The other dialects offer what
// OCI lacks: hosts kept apart (Docker), an object of the security-profiles-operator, a start in plain Kubernetes.
import {
  architectures,
  engineNames,
  familyOf,
  hostNames,
  type Architecture,
  type Host,
} from '../abi/architectures.ts'
import { UserError } from '../errors.ts'
import { oneOf, readOptions, text, texts, type OptionTable } from '../options.ts'
import { ascending } from '../order.ts'
import { conditionsKey } from '../policy/conditions.ts'
import type { Policy } from '../policy/policy.ts'
import { draftsOf, type RuleDraft } from './rule-drafts.ts'
import { buildProfile, defaultOf, flagsOf, policyValue, rulesOf } from './build.ts'
import type { ArchMapEntry, DockerProfile, DockerRule } from '../profile/dialects.ts'
import type { Observations } from '../observe/index.ts'
import { observationsValue } from '../read/observations/document.ts'
import { admissionText, fleetText } from './cluster/index.ts'
import { statementText } from './in-toto.ts'
import { podmanLabel } from './podman-label.ts'
import { operatorText, podText } from './kubernetes.ts'
import { printedForms, type PrintedForm } from './printed-forms.ts'
import { printProfile } from './profile.ts'

/** Options of printPolicyAs(). A form ignores the options of other forms. */
export interface PrintPolicyOptions {
  /** The name of the Kubernetes objects and of their file: an RFC 1123 subdomain. Default "app". */
  readonly name?: string
  /** `NAMESPACE/NAME/CONTAINER` of the operator's ProfileRecording that a SeccompProfile is a part of. */
  readonly recording?: string
  /** The observations from which the policy was derived; needed for `in-toto`. */
  readonly observations?: Observations
  /** `NAME@sha256:HEX` or `sha256:HEX`. Default: the images of the observations. */
  readonly images?: readonly string[]
}

/**
 * The text of a policy's profile in a dialect, or of a document beside the profile. Equal policies give equal bytes.
 *
 * @throws UserError if the dialect cannot state the policy, if Kubernetes refuses the name, or if the form, an option
 * or its value is invalid.
 */
export function printPolicyAs(policy: Policy, form: PrintedForm, given: PrintPolicyOptions = {}): string {
  policyValue(policy, 'printPolicyAs: policy')
  const options = readOptions('printPolicyAs', printTable, given)
  switch (oneOf(printedForms)(form, 'printPolicyAs: form')) {
    case 'oci':
      return printProfile(buildProfile(policy))
    case 'docker':
      return printProfile(buildDockerProfile(policy))
    case 'spo':
      return operatorText(buildProfile(policy), checkedName(options.name), options.recording)
    case 'kubernetes':
      return podText(printProfile(buildProfile(policy)), checkedName(options.name))
    case 'fleet':
      return fleetText(printProfile(buildProfile(policy)), checkedName(options.name))
    case 'admission':
      return admissionText(checkedName(options.name))
    case 'podman-label':
      return podmanLabel(printProfile(buildProfile(policy)))
    case 'in-toto': {
      const { observations, images } = options
      if (observations === undefined) throw new UserError('statement-without-image')
      return statementText(printProfile(buildProfile(policy)), policy, observations, images)
    }
  }
}

const printTable: OptionTable<PrintPolicyOptions> = {
  name: text,
  recording: text,
  observations: observationsValue,
  images: texts,
}

/**
 * The policy in Docker's format: an archMap entry for each host. Rules for only some of several hosts stand under
 * `includes.arches`, so they open nothing on the others. Architectures of one host stay together: the engine compares
 * only its host's name, and the rules then hold for 32-bit programs as well.
 *
 * @throws UserError if no profile can state the policy: see buildProfile.
 */
export function buildDockerProfile(policy: Policy): DockerProfile {
  policyValue(policy, 'buildDockerProfile: policy')
  const targets = hostNames.filter((host) => ofHost(policy, host).length > 0)
  const held = new Map<string, { readonly draft: RuleDraft; readonly on: Host[] }>()
  for (const host of targets) {
    for (const draft of draftsOf(policy, ofHost(policy, host))) {
      const key = `${draft.syscall} ${draft.errno ?? 'allow'} ${conditionsKey(draft.conditions)}`
      const known = held.get(key)
      if (known === undefined) held.set(key, { draft, on: [host] })
      else known.on.push(host)
    }
  }
  const groups = new Map<string, { readonly on: readonly Host[]; readonly drafts: RuleDraft[] }>()
  for (const { draft, on } of held.values()) {
    const key = on.map((host) => targets.indexOf(host)).join(' ')
    const group = groups.get(key) ?? { on, drafts: [] }
    groups.set(key, group)
    group.drafts.push(draft)
  }
  const syscalls = [...groups]
    .sort(([one, its], [other, others]) => others.on.length - its.on.length || ascending(one, other))
    .flatMap(([, { on, drafts }]) => {
      const rules = rulesOf(drafts.sort((one, other) => ascending(one.syscall, other.syscall)))
      return on.length === targets.length ? rules : rules.map((rule) => onHosts(rule, on))
    })
  return {
    ...defaultOf(policy),
    ...flagsOf(policy),
    archMap: targets.map((host) => archMapEntry(policy, host)),
    syscalls,
  }
}

function onHosts(rule: DockerRule, on: readonly Host[]): DockerRule {
  return { ...rule, includes: { arches: on.flatMap(engineNames) } }
}

/** The entry always names the host itself: runtimes add it to every filter, and the engine finds the entry by it. */
function archMapEntry(policy: Policy, host: Host): ArchMapEntry {
  return {
    architecture: architectures[host].scmp,
    subArchitectures: ofHost(policy, host)
      .filter((each) => each !== host)
      .map((each) => architectures[each].scmp),
  }
}

function ofHost(policy: Policy, host: Host): readonly Architecture[] {
  return familyOf(host).filter((each) => policy.architectures.includes(each))
}

function checkedName(name = 'app'): string {
  const label = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/
  if (name.length <= 200 && label.test(name)) return name
  throw new UserError('not-an-object-name', { name })
}
