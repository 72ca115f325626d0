// Prints a profile in the compact form of profiles/*.txt, as lines of words: `default ANSWER`, `arches HOST SUB…` or
// `arch NAME`, and a line a rule; the order of the rules decides:
//   ANSWER [if INDEX OP VALUE [VALUE_TWO]]… [with|without caps=…|arches=…|kernel=…]… : CALL…
// src/meaning/builtin.ts reads it.

export interface JsonRule {
  readonly name?: string
  readonly names?: readonly string[]
  readonly action: string
  readonly errnoRet?: number
  readonly errno?: string
  readonly args?:
    | readonly {
        readonly index: number
        readonly value: number
        readonly valueTwo?: number
        readonly op: string
      }[]
    | null
  readonly includes?: Where | null
  readonly excludes?: Where | null
}

interface Where {
  readonly caps?: readonly string[]
  readonly arches?: readonly string[]
  readonly minKernel?: string
}

export interface JsonProfile {
  readonly defaultAction: string
  readonly defaultErrnoRet?: number
  readonly defaultErrno?: string
  readonly archMap?: readonly {
    readonly architecture: string
    readonly subArchitectures: readonly string[] | null
  }[]
  readonly architectures?: readonly string[]
  readonly syscalls: readonly JsonRule[]
}

export function compactProfile(profile: JsonProfile): string {
  const { defaultAction, defaultErrnoRet, defaultErrno, archMap, architectures, syscalls } = profile
  return [
    `default ${answer(defaultAction, defaultErrnoRet, defaultErrno)}`,
    ...(archMap ?? []).map(({ architecture, subArchitectures }) =>
      ['arches', architecture, ...(subArchitectures ?? [])]
        .map((each) => each.replace('SCMP_ARCH_', ''))
        .join(' '),
    ),
    ...(architectures ?? []).map((each) => `arch ${each.replace('SCMP_ARCH_', '')}`),
    ...rulesOf(syscalls),
  ].join('\n')
}

/**
 * Docker up to 1.12 has a rule for every call. If every rule of the profile has the same answer, no order decides
 * between them, and rules with the same filters become one line.
 */
function rulesOf(syscalls: readonly JsonRule[]): readonly string[] {
  const rules = syscalls.map((rule) => ({
    head: head(rule),
    names: rule.names?.length ? rule.names : [rule.name ?? ''],
  }))
  if (new Set(syscalls.map(({ action }) => action)).size > 1) return rules.map(line)
  const merged = new Map<string, { readonly head: string; readonly names: string[] }>()
  for (const { head, names } of rules) {
    const key = head.includes(' if ') ? `${head} : ${names.join(' ')}` : head
    const rule = merged.get(key) ?? { head, names: [] }
    rule.names.push(...names)
    merged.set(key, rule)
  }
  return [...merged.values()].map(line)
}

function line({ head, names }: { readonly head: string; readonly names: readonly string[] }): string {
  return `${head} : ${[...new Set(names)].sort().join(' ')}`
}

function head({ action, errnoRet, errno, args, includes, excludes }: JsonRule): string {
  return [
    answer(action, errnoRet, errno),
    ...(args ?? []).map(({ index, op, value, valueTwo = 0 }) =>
      [
        'if',
        index,
        op.replace('SCMP_CMP_', ''),
        exact(value),
        ...(valueTwo === 0 ? [] : [exact(valueTwo)]),
      ].join(' '),
    ),
    ...where('with', includes),
    ...where('without', excludes),
  ].join(' ')
}

function where(word: string, filter: Where | null | undefined): readonly string[] {
  const { caps = [], arches = [], minKernel } = filter ?? {}
  return [
    ...(caps.length === 0 ? [] : [`${word} caps=${caps.map((each) => each.replace('CAP_', '')).join(',')}`]),
    ...(arches.length === 0 ? [] : [`${word} arches=${arches.join(',')}`]),
    ...(minKernel === undefined ? [] : [`${word} kernel=${minKernel}`]),
  ]
}

/** `ERRNO(1)`; an error's name stands before the number, as in containers/common. */
function answer(action: string, errno: number | undefined, name: string | undefined): string {
  return (
    action.replace('SCMP_ACT_', '') +
    (name !== undefined ? `(${name})` : errno !== undefined ? `(${errno})` : '')
  )
}

function exact(value: number): number {
  if (!Number.isSafeInteger(value)) throw new Error(`${value} is not exact`)
  return value
}
