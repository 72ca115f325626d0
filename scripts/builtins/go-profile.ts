// Reads default profiles that are Go code: containerd's contrib/seccomp/seccomp_default.go, and Docker 1.10's list of
// calls. gofmt lays out both, so the indentation shows where a block ends.
import { constants } from 'node:os'
import type { JsonProfile, JsonRule } from './compact.ts'

const namespaces: Readonly<Record<string, number>> = {
  CLONE_NEWNS: 0x20000,
  CLONE_NEWCGROUP: 0x2000000,
  CLONE_NEWUTS: 0x4000000,
  CLONE_NEWIPC: 0x8000000,
  CLONE_NEWUSER: 0x10000000,
  CLONE_NEWPID: 0x20000000,
  CLONE_NEWNET: 0x40000000,
  AF_ALG: 38,
  AF_VSOCK: 40,
}

const comparisons: Readonly<Record<string, string>> = {
  OpEqualTo: 'EQ',
  OpNotEqual: 'NE',
  OpLessThan: 'LT',
  OpGreaterThan: 'GT',
  OpMaskedEqual: 'MASKED_EQ',
  EqualTo: 'EQ',
  MaskEqualTo: 'MASKED_EQ',
}

type Filter = { caps?: string[]; arches?: string[]; minKernel?: string }
interface Draft {
  names: string[]
  action: string
  errnoRet?: number
  args: { index: number; value: number; valueTwo: number; op: string }[]
  includes: Filter
  excludes: Filter
}

/** A block of `switch`, `if` or a loop, with its own conditions. `depth` is the indentation of its first line. */
interface Block {
  readonly depth: number
  readonly of: 'architectures' | 'capabilities' | 'plain'
  includes: Filter
  excludes: Filter
  seen: string[]
}

export function containerdProfile(source: string): JsonProfile {
  const body = source.slice(source.indexOf('func DefaultProfile'))
  return {
    defaultAction: 'SCMP_ACT_ERRNO',
    archMap: [
      { architecture: 'SCMP_ARCH_X86_64', subArchitectures: ['SCMP_ARCH_X86', 'SCMP_ARCH_X32'] },
      { architecture: 'SCMP_ARCH_AARCH64', subArchitectures: ['SCMP_ARCH_ARM'] },
      ...otherHosts(source),
    ],
    syscalls: rulesOf(body),
  }
}

/** Docker 1.10's profile for amd64. */
export function firstDockerProfile(source: string): JsonProfile {
  return {
    defaultAction: 'SCMP_ACT_ERRNO',
    architectures: ['SCMP_ARCH_X86_64', 'SCMP_ARCH_X86', 'SCMP_ARCH_X32'],
    syscalls: rulesOf(source.slice(source.indexOf('defaultSeccompProfile'))),
  }
}

/** The hosts that the code lists besides amd64 and arm64, with their own architecture first. */
function otherHosts(source: string): NonNullable<JsonProfile['archMap']> {
  const cases = /case "(\w+)":\n(?:\t\t\/\/.*\n)*\t\treturn \[\]specs\.Arch\{(.*)\}/g
  return [...source.matchAll(cases)].flatMap(([, host = '', list = '']) => {
    if (host === 'amd64' || host === 'arm64') return []
    const all = [...list.matchAll(/specs\.Arch(\w+)/g)].map(([, name = '']) => name.toUpperCase())
    const own = { loong64: 'LOONGARCH64' }[host] ?? host.toUpperCase()
    return {
      architecture: `SCMP_ARCH_${own}`,
      subArchitectures: all.filter((each) => each !== own).map((each) => `SCMP_ARCH_${each}`),
    }
  })
}

function rulesOf(body: string): readonly JsonRule[] {
  const rules: Draft[] = []
  const blocks: Block[] = []
  let inNames = false
  for (const full of body.split('\n')) {
    const depth = /^\t*/.exec(full)![0].length
    const text = full.trim().replace(/\s*\/\/.*/, '')
    const block = blocks.at(-1)
    if (text.startsWith('}') && block?.depth === depth) blocks.pop()
    const opened = blockOf(text, depth)
    if (opened !== undefined) blocks.push(opened)
    else if (block !== undefined && /^(?:case |default:)/.test(text) && depth === block.depth)
      enter(block, text)
    const rule = rules.at(-1)
    if (/^Names?:/.test(text)) {
      inNames = text.startsWith('Names')
      const [includes, excludes] = [merged(blocks, 'includes'), merged(blocks, 'excludes')]
      rules.push({ names: strings(text), action: '', args: [], includes, excludes })
    } else if (inNames && rule !== undefined) {
      rule.names.push(...strings(text))
    }
    if (/\},?$/.test(text)) inNames = false
    const current = rules.at(-1)
    if (current === undefined) continue
    const [, key = '', value = ''] = /^(Action|Index|Value|ValueTwo|Op|ErrnoRet): +(.*?),?$/.exec(text) ?? []
    if (key === 'Action') current.action = `SCMP_ACT_${value.replace(/^\w+\.(?:Act)?/, '').toUpperCase()}`
    if (key === 'ErrnoRet') current.errnoRet = constants.errno.ENOSYS
    if (key === 'Index') current.args.push({ index: Number(value), value: 0, valueTwo: 0, op: '' })
    const arg = current.args.at(-1)
    if (arg === undefined) continue
    if (key === 'Value') arg.value = numberOf(value)
    if (key === 'ValueTwo') arg.valueTwo = numberOf(value)
    if (key === 'Op') arg.op = `SCMP_CMP_${comparisons[value.replace(/^\w+\./, '')]}`
  }
  return rules.map(({ includes, excludes, ...rule }) => ({
    ...rule,
    ...(Object.keys(includes).length > 0 && { includes }),
    ...(Object.keys(excludes).length > 0 && { excludes }),
  }))
}

function blockOf(text: string, depth: number): Block | undefined {
  const block: Block = { depth, of: 'plain', includes: {}, excludes: {}, seen: [] }
  if (text.startsWith('switch runtime.GOARCH')) return { ...block, of: 'architectures' }
  if (text.startsWith('switch c {')) return { ...block, of: 'capabilities' }
  if (text.startsWith('if !admin')) return { ...block, excludes: { caps: ['CAP_SYS_ADMIN'] } }
  if (text.startsWith('if ok {')) return { ...block, includes: { minKernel: '4.8' } }
  return undefined
}

/** Enters a `case` of a block: the rules that follow hold for its architectures or capabilities only. */
function enter(block: Block, text: string): void {
  const names = strings(text)
  const arches = names.map((each) => (each === '386' ? 'x86' : each))
  block.includes = {}
  block.excludes = {}
  if (block.of === 'capabilities') block.includes = { caps: names }
  else if (names.length > 0) block.includes = { arches }
  else block.excludes = { arches: block.seen }
  block.seen.push(...arches)
}

function merged(blocks: readonly Block[], key: 'includes' | 'excludes'): Filter {
  return Object.assign({}, ...blocks.map((block) => block[key])) as Filter
}

function strings(text: string): string[] {
  return [...text.matchAll(/"(\w+)"/g)].map(([, name = '']) => name)
}

function numberOf(text: string): number {
  return text
    .split(/ [|+] /)
    .map((each) => namespaces[each.replace(/^\w+\./, '')] ?? Number(each))
    .reduce((sum, each) => sum + each, 0)
}
