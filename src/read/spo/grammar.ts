// The logs of the Security Profiles Operator: its log enricher (klog lines), its JSON enricher (a JSON object per line),
// `spoc record` and `spoc run`. Its SeccompProfile objects are read as profiles. Authority: security-profiles-operator
// internal/pkg/daemon/enricher (logr's klogr, auditsource), internal/pkg/cli/recorder and runner.
import { architectureOfAuditValue } from '../../abi/audit-names.ts'
import type { LoggedCall, Grammar, LineGrammar, Reporter, LineResult } from '../grammar.ts'
import { jsonObject, textOf } from '../json-line.ts'
import { callerOf, type Caller } from '../subject.ts'

const klog = /^[IWEF]\d{4} \d\d:\d\d:\d\d\.\d+ +\d+ \S+\.go:\d+\] /
const recorder =
  /^(?:\d\d:\d\d:\d\d\.\d+ )?(Got syscalls|Adding base syscalls|Wrote seccomp profile to): (.*)$/
/** `spoc run` prints the calls that the filter logged or refused. */
const confined =
  /^\d\d:\d\d:\d\d\.\d{6} (?:Seccomp: ([a-z_]\w*) \(\d{1,10}\)$|Unable to get syscall name for id -?\d)/
const name = /^[a-z_][a-z0-9_]*$/
/** A record whose number is in no table of the enricher. The enricher does not process it further. */
const nameless = /"no syscall name found for ID"/

export const spo: Grammar = {
  format: 'spo',
  logger: 'audit',
  evidence: ['no-arguments'],
  recognises: (line) => {
    if (recorder.test(line) || confined.test(line)) return true
    if (klog.test(line))
      return /\] log-enricher "msg"=/.test(line) || /\] "audit" logger="log-enricher"/.test(line)
    return line.startsWith('{') && isEnriched(jsonObject(line))
  },
  open: (): LineGrammar => ({ line: toldBy }),
}

function toldBy(text: string, say: Reporter): LineResult {
  if (text.startsWith('{')) return json(text, say)
  const recorded = recorder.exec(text)
  if (recorded !== null) {
    if (recorded[1] !== 'Got syscalls') return 'ignored'
    say.evidence('every-call')
    return namesIn((recorded[2] as string).split(/,\s*/), undefined, say)
  }
  const run = confined.exec(text)
  if (run !== null) {
    say.evidence('refused-only')
    if (run[1] !== undefined) return { call: run[1] }
    say.lost(1)
    return 'ignored'
  }
  if (!klog.test(text)) return /^(?:\d\d:\d\d:\d\d\.\d+ |$)/.test(text) ? 'ignored' : 'unparsed'
  // The JSON enricher writes such a line as well.
  if (nameless.test(text)) {
    say.lost(1)
    return 'ignored'
  }
  if (!text.includes('log-enricher')) return 'ignored'
  const pairs = pairsOf(text)
  if (pairs.get('type') !== 'seccomp') return 'ignored'
  const call = pairs.get('syscallName') || Number(pairs.get('syscallID') ?? Number.NaN)
  if (Number.isNaN(call) || (typeof call === 'string' && !name.test(call))) return 'unparsed'
  say.evidence('refused-only')
  const machine = pairs.get('arch')
  // An enricher that does not print the machine looks up every number in the table of its own machine.
  if (machine === undefined) {
    say.evidence('native-only')
    return { call, subject: () => subjectOf(pairs) }
  }
  const architecture = architectureOfAuditValue(machine)
  if (architecture === undefined) {
    say.diagnostic('foreign-machine', { machine })
    return 'ignored'
  }
  return { call, architecture, subject: () => subjectOf(pairs) }
}

/** `"key"="quoted by Go"` or `key=bare`: a value cannot hold an unescaped quote, so it cannot hold another pair. */
function pairsOf(text: string): ReadonlyMap<string, string> {
  const pairs = new Map<string, string>()
  for (const [, key, value = ''] of text.matchAll(/(?<= )"?(\w+)"?=("(?:[^"\\]|\\.)*"|[^\s"]+)/g)) {
    if (!pairs.has(key as string)) pairs.set(key as string, value.startsWith('"') ? unquoted(value) : value)
  }
  return pairs
}

function unquoted(value: string): string {
  try {
    return String(JSON.parse(value))
  } catch {
    return value.slice(1, -1)
  }
}

function subjectOf(pairs: ReadonlyMap<string, string>): Caller {
  const [container, exe, pod, pid] = ['container', 'executable', 'pod', 'pid'].map((key) => pairs.get(key))
  const time = /^\d+\.\d+/.exec(pairs.get('timestamp') ?? '')?.[0]
  const numberOf = (text: string | undefined) => (text === undefined ? undefined : Number(text))
  return callerOf({ container, exe, pod, pid: numberOf(pid), time: numberOf(time) })
}

function isEnriched(value: Record<string, unknown> | undefined): boolean {
  return (
    value !== undefined &&
    (Array.isArray(value['syscalls']) || value['syscalls'] === null) &&
    ('auditID' in value || textOf(value['version'])?.startsWith('spo/') === true)
  )
}

function json(text: string, say: Reporter): LineResult {
  const value = jsonObject(text)
  if (value === undefined || !isEnriched(value)) return 'unparsed'
  say.evidence('refused-only')
  // None of the record's numbers has a name.
  if (value['syscalls'] === null) {
    say.lost(undefined)
    return 'ignored'
  }
  const resource = (value['resource'] ?? {}) as Record<string, unknown>
  return namesIn(
    value['syscalls'] as unknown[],
    () => {
      const [container, pod] = [textOf(resource['container']), textOf(resource['pod'])]
      const exe = textOf(value['executable'])
      const time = Date.parse(textOf(value['timestamp']) ?? '')
      return {
        ...(typeof value['pid'] === 'number' ? { pid: value['pid'] } : {}),
        ...(exe === undefined ? {} : { exe }),
        ...(container === undefined ? {} : { container }),
        ...(pod === undefined ? {} : { pod }),
        ...(Number.isNaN(time) ? {} : { time: time / 1000 }),
      }
    },
    say,
  )
}

function namesIn(values: readonly unknown[], subject: (() => Caller) | undefined, say: Reporter): LineResult {
  const words = values
    .map((each) => (typeof each === 'string' ? each.trim() : each == null ? '' : '?'))
    .filter((each) => each !== '')
  const calls = words.filter((each) => name.test(each)).map((call): LoggedCall => ({ call, subject }))
  // Each word that is not a name stands for a missing call.
  if (calls.length < words.length) say.lost(words.length - calls.length)
  return calls.length === 0 ? 'ignored' : calls
}
