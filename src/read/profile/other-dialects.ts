// Reads filters of programs that confine themselves as evidence that the allowed calls are wanted: Firecracker's
// seccompiler JSON (a filter per thread), Minijail's policy files and the YAML of Elastic's go-seccomp-bpf. Authority:
// firecracker docs/seccompiler.md, minijail0(5), elastic/go-seccomp-bpf's Policy. Only allowed names are read, not
// the conditions of these dialects, so the arguments count as unknown.
import { UserError } from '../../errors.ts'
import { whyNotYaml, yaml } from '../../profile/bounded-yaml.ts'
import { jsonObject, member, textOf } from '../json-line.ts'
import type { AllowedCall } from './reader.ts'

/** The allowed calls; undefined if the text is none of these dialects. Throws a UserError if it allows by default. */
export function otherDialect(source: string, text: string): readonly AllowedCall[] | undefined {
  const start = text.trimStart()
  const names = start.startsWith('{')
    ? seccompiler(source, start)
    : (elastic(source, text) ?? minijail(source, text))
  if (names === undefined) return undefined
  const lines = linesOf(names, text)
  return names.map((name) => wantedAt(name, lines))
}

/** Whether a text begins like one of these dialects. */
export function isOtherDialect(head: string): boolean {
  return (
    /^\s*\{\s*"\w+"\s*:\s*\{\s*"default_action"\s*:/.test(head) ||
    /^seccomp:\s*$/m.test(head) ||
    isMinijail(head)
  )
}

function wantedAt(name: string, lines: ReadonlyMap<string, number>): AllowedCall {
  return { name, line: lines.get(name) ?? 1, architectures: 'any', values: new Map() }
}

/** The first line on which each name occurs as a word. */
function linesOf(names: readonly string[], text: string): ReadonlyMap<string, number> {
  const wanted = new Set(names)
  const found = new Map<string, number>()
  text.split('\n').forEach((line, index) => {
    for (const [word] of line.matchAll(/(?<=^|[\s"'-])\w+(?=$|["':,\s[])/g))
      if (wanted.has(word) && !found.has(word)) found.set(word, index + 1)
  })
  return found
}

function seccompiler(source: string, text: string): readonly string[] | undefined {
  if (!/"filter_action"\s*:/.test(text)) return undefined
  const threads = Object.values(jsonObject(text) ?? {})
  if (threads.length === 0 || !threads.every((each) => Array.isArray(member(each, 'filter'))))
    return undefined
  const allowing = threads.filter((each) => member(each, 'filter_action') === 'allow')
  if (allowing.length === 0 || threads.some((each) => member(each, 'default_action') === 'allow'))
    throw allowsByDefault(source)
  const names = allowing.flatMap((each) =>
    (member(each, 'filter') as unknown[]).map((rule) => textOf(member(rule, 'syscall'))),
  )
  return [...new Set(names.filter((name) => name !== undefined))]
}

function elastic(source: string, text: string): readonly string[] | undefined {
  if (!/^seccomp:\s*$/m.test(text) || whyNotYaml(text) !== undefined) return undefined
  let value: unknown
  try {
    value = yaml().parse(text, { maxAliasCount: 0 })
  } catch {
    return undefined
  }
  const groups = member(value, 'seccomp', 'syscalls')
  const otherwise = member(value, 'seccomp', 'default_action')
  if (!Array.isArray(groups)) return undefined
  if (otherwise === 'allow' || otherwise === 'log') throw allowsByDefault(source)
  return groups
    .filter((group) => ['allow', 'log'].includes(textOf(member(group, 'action')) ?? ''))
    .flatMap((group) => [member(group, 'names')].flat())
    .filter((name): name is string => typeof name === 'string' && /^[a-z_]\w*$/.test(name))
}

/** `read: 1`, `ioctl: arg1 == TCGETS`, `kill: return EPERM`; not `@frequency`, `@include` and comments. */
const rule = /^\s*([a-z_][a-z0-9_]*)(?:\[[^\]]*\])?\s*:\s*(\S.*)$/

/** No policy has longer lines, and matching a hostile one takes long. */
const lineLimit = 1024

function isMinijail(text: string): boolean {
  const lines = text.split('\n').filter((line) => /^\s*[^\s#@]/.test(line))
  if (lines.some(({ length }) => length > lineLimit)) return false
  return (
    lines.length > 0 &&
    lines.every((line) =>
      /^\s*[a-z_][a-z0-9_]*(?:\[[^\]]*\])?\s*:\s*(?:1|allow|return \w+|kill|trap|trace|user-notify|arg\d .*|\{(?!\s*").*)\s*;?\s*(?:#.*)?$/.test(
        line,
      ),
    )
  )
}

function minijail(source: string, text: string): readonly string[] | undefined {
  if (!isMinijail(text)) return undefined
  if (/^@default +(?:allow|log)/m.test(text)) throw allowsByDefault(source)
  return text.split('\n').flatMap((line) => {
    const [, name, what = ''] = rule.exec(line.replace(/#.*/, '')) ?? []
    return name === undefined || /^(?:return \w+|kill|trap)\s*;?\s*$/.test(what) ? [] : [name]
  })
}

function allowsByDefault(source: string): UserError {
  return new UserError('nothing-wanted', { file: source, line: undefined })
}
