// The engines' default profiles, by name. Data: src/meaning/data/builtins.ts, made by scripts/make-builtins.ts from
// each engine's own sources, version and date beside it. Their meaning is held equal to the engines' own files on
// every architecture and capability set by test/meaning/builtins.test.ts.
import { UserError } from '../errors.ts'
import type { ParsedProfile } from '../profile/dialects.ts'
import { parseProfile } from '../profile/parse.ts'
import { dockerCapabilities } from './context.ts'
import { builtins } from './data/builtins.ts'

export interface Builtin {
  readonly name: string
  /** Project, version and date. */
  readonly source: string
  readonly profile: ParsedProfile
  /** What its engine gives a container that asks for nothing. */
  readonly capabilities: readonly string[]
}

const engineCapabilities: Readonly<Record<string, readonly string[]>> = {
  docker: dockerCapabilities,
  containerd: dockerCapabilities,
  unconfined: dockerCapabilities,
  // containers/common pkg/config: the default since 4.0.
  podman: caps(
    'CHOWN DAC_OVERRIDE FOWNER FSETID KILL NET_BIND_SERVICE SETFCAP SETGID SETPCAP SETUID SYS_CHROOT',
  ),
  // cri-o pkg/config, default_capabilities.
  'cri-o': caps('CHOWN DAC_OVERRIDE FSETID FOWNER SETGID SETUID SETPCAP NET_BIND_SERVICE KILL SYS_CHROOT'),
}

function caps(names: string): readonly string[] {
  return names.split(' ').map((name) => `CAP_${name}`)
}

/** No filter: 32-bit calls are carried out as well, which a filter without architectures would kill. */
const unconfined = JSON.stringify({
  defaultAction: 'SCMP_ACT_ALLOW',
  archMap: [
    { architecture: 'SCMP_ARCH_X86_64', subArchitectures: ['SCMP_ARCH_X86', 'SCMP_ARCH_X32'] },
    { architecture: 'SCMP_ARCH_AARCH64', subArchitectures: ['SCMP_ARCH_ARM'] },
  ],
})

/** Every name that `builtinProfile` takes. */
export const builtinNames: readonly string[] = [...Object.keys(builtins), 'unconfined']

/**
 * An engine's default profile: `docker` (the newest), `docker@25`, `podman`, `containerd`, `cri-o`, or `unconfined`.
 * Its source, version and date come with it, and the capabilities that its engine gives.
 *
 * @throws UserError for a name that is none; the message lists what there is.
 */
export function builtin(name: string): Builtin {
  const known = read.get(name) ?? readBuiltin(name)
  read.set(name, known)
  return known
}
const read = new Map<string, Builtin>()

function readBuiltin(name: string): Builtin {
  const engine = name.replace(/@.*/, '')
  const data = Object.hasOwn(builtins, name) ? builtins[name] : undefined
  const text = name === 'unconfined' ? unconfined : data && jsonOf(data.text)
  if (text === undefined) {
    throw new UserError('no-such-builtin', { name, builtins: builtinNames })
  }
  const parsed = parseProfile(text, { name })
  // Podman's and CRI-O's loader ignores minKernel, and names of errors go before numbers.
  const containers = engine === 'podman' || engine === 'cri-o'
  return {
    name,
    source: data?.source ?? 'no filter',
    profile: containers ? { ...parsed, dialect: 'containers' } : parsed,
    capabilities: engineCapabilities[engine] ?? dockerCapabilities,
  }
}

/** The profile as the JSON document that it is elsewhere. A line of the data is a line of the text. */
function jsonOf(text: string): string {
  const lines = text.trim().split('\n')
  const defaults = answerKeys((lines[0] as string).slice('default '.length), 'defaultAction', 'defaultErrno')
  const arches = lines.filter((line) => line.startsWith('arches ')).map((line) => line.split(' ').slice(1))
  const plain = lines.filter((line) => line.startsWith('arch ')).map((line) => line.slice('arch '.length))
  const rules = lines.slice(1 + arches.length + plain.length).map((line) => JSON.stringify(ruleOf(line)))
  const head = {
    ...defaults,
    ...(plain.length === 0 ? {} : { architectures: plain.map(scmp) }),
    ...(arches.length === 0
      ? {}
      : {
          archMap: arches.map(([architecture = '', ...subs]) => ({
            architecture: scmp(architecture),
            subArchitectures: subs.map(scmp),
          })),
        }),
  }
  return `${JSON.stringify(head).slice(0, -1)},"syscalls":[\n${rules.join(',\n')}\n]}`
}

function ruleOf(line: string): object {
  const [before = '', names = ''] = line.split(' : ')
  const [answer = '', ...clauses] = before.split(/ (?=if |with |without )/)
  const args: object[] = []
  const includes: Record<string, unknown> = {}
  const excludes: Record<string, unknown> = {}
  for (const clause of clauses) {
    const [word, ...rest] = clause.split(' ')
    if (word === 'if') {
      const [index, op, value, valueTwo] = rest
      args.push({
        index: Number(index),
        op: `SCMP_CMP_${op}`,
        value: Number(value),
        ...(valueTwo === undefined ? {} : { valueTwo: Number(valueTwo) }),
      })
      continue
    }
    const [key = '', value = ''] = (rest[0] ?? '').split('=')
    const filter = word === 'with' ? includes : excludes
    if (key === 'kernel') filter['minKernel'] = value
    else filter[key] = value.split(',').map((each) => (key === 'caps' ? `CAP_${each}` : each))
  }
  return {
    names: names.split(' '),
    ...answerKeys(answer, 'action', 'errno'),
    ...(args.length === 0 ? {} : { args }),
    ...(Object.keys(includes).length === 0 ? {} : { includes }),
    ...(Object.keys(excludes).length === 0 ? {} : { excludes }),
  }
}

function answerKeys(answer: string, action: string, errno: string): object {
  const [, word, value] = /^(\w+)(?:\((\w+)\))?$/.exec(answer) ?? []
  return {
    [action]: `SCMP_ACT_${word}`,
    ...(value === undefined
      ? {}
      : /^\d/.test(value)
        ? { [`${errno}Ret`]: Number(value) }
        : { [errno]: value }),
  }
}

function scmp(name: string): string {
  return `SCMP_ARCH_${name}`
}
