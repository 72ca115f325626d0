// `watch`: prints what the filters of running containers, pods, cgroups or processes refuse, as it happens, and which
// filters these are; with --patch also what a profile lacks for the refused calls.
import { Option } from 'commander'
import { setImmediate } from 'node:timers/promises'
import { UserError } from '../errors.ts'
import { builtinsEqualTo, type AppliedFilter } from '../meaning/index.ts'
import { hostKernel, watchRefusals, type WatchTarget } from '../record/index.ts'
import { escapeTerminal } from '../report/escape.ts'
import { printReport, type FormatName } from '../report/formats.ts'
import { refusedIn, watchedLine, watchedValue, type WatchReport } from '../report/watched.ts'
import { patchFor, RefusedCalls, type PatchSubject, type WatchedCall } from '../watch/index.ts'
import { mediumFor } from './medium.ts'
import { duration } from './options.ts'
import { patchSubject } from './patch-subject.ts'
import { processId } from './process-id.ts'
import { RefusalStream } from './refusal-stream.ts'
import { addReportOptions } from './report-option.ts'
import { say } from './say.ts'
import type { Declare, World } from './world.ts'

interface WatchFlags {
  readonly pid?: number
  readonly container?: string
  readonly pod?: string
  readonly selector?: string
  readonly cgroup?: string
  readonly all?: true
  readonly cri?: string
  readonly wait?: true
  readonly for?: number
  readonly patch?: string
  readonly within: string
  readonly widen?: true
  readonly quiet?: true
  readonly report: FormatName
}

export const declare: Declare = (command, world, end) => {
  addReportOptions(command, 'watched')
  command
    .optionsGroup('What is watched:')
    .addOption(new Option('--pid <n>', 'a process and what it starts').argParser(processId))
    .option('--container <name>', 'a running container')
    .option('--pod <name>', 'NAMESPACE/POD[/CONTAINER] of this node')
    .option('--selector <labels>', 'pods of this node, by KEY=VALUE,…')
    .option('--cgroup <path>', 'what runs in a cgroup')
    .option('--all', 'everything on this machine that runs under a filter')
    .optionsGroup('Options:')
    .option('--cri <socket>', 'the node’s container runtime (default: as crictl finds it)')
    .option('--wait', 'with --pod and --selector: wait for new containers until they end')
    .addOption(new Option('--for <time>', 'end after 30s, 5m, 1h …').argParser(duration))
    .option('--patch <profile>', 'at the end, print what to add to this profile')
    .option('--within <profile>', 'with --patch: the ceiling, a built-in, a file or none', 'docker')
    .option('--widen', 'with --patch: also add calls beyond --within')
    .option('-q, --quiet', 'print nothing; the status has the result')
    .addHelpText(
      'after',
      `
The status is 1 where something was refused or logged. Nothing is stopped or
changed. It needs CAP_BPF and CAP_PERFMON.

Examples:
  seccomp-gen watch --container web
  seccomp-gen watch --pod shop/web --report json --for 1h
  seccomp-gen watch --pod shop/web --for 10m --patch app.json`,
    )
    .action(async (options: WatchFlags) => end(await watch(options, world)))
}

async function watch(options: WatchFlags, world: World): Promise<0 | 1> {
  const target = targetOf(options)
  const { report, quiet, wait, patch, within, widen = false } = options
  const patching: PatchSubject | undefined =
    patch === undefined
      ? undefined
      : { ...(await patchSubject(patch, within, world)), widen, context: { kernel: hostKernel() } }
  const calls = new RefusedCalls()
  const stream = new RefusalStream((row) => {
    if (quiet !== undefined || report === 'markdown') return
    const line = report === 'json' ? watchedValue(row) : escapeTerminal(watchedLine(row))
    world.stdout.write(`${line}\n`)
  })
  const { lost } = await watchRefusals({
    target,
    signals: world.signals,
    env: world.env,
    ...(wait && { wait }),
    ...(options.for !== undefined && { for: options.for }),
    sighted: (where, sighting) => {
      const row = calls.add(where, sighting)
      if (row !== undefined) stream.add(row)
    },
    looked: () => stream.flush(false),
    begun: () => {
      if (options.quiet === undefined) say(world, `watching ${targetText(options)}; end with Ctrl-C`)
    },
    notice: (notice) => {
      if (notice.code === 'waiting') say(world, `waiting for ${notice.what}`)
      if (notice.code === 'without-filter')
        say(
          world,
          `${notice.processes.map(escapeTerminal).join(', ')}: without a seccomp filter, so nothing is refused there (a privileged or Unconfined container?)`,
        )
    },
  })
  stream.flush(true)
  const rows = calls.all()
  if (quiet === undefined) {
    const builtins = await namesOf(rows)
    const watched: WatchReport = {
      rows,
      builtins,
      lost,
      unknown: calls.unknown,
      profile: patch ?? '',
      within: within === 'none' ? undefined : within,
      refusals: [],
      rounds: 1,
      ...(patching && patchedBy(patching, rows)),
    }
    world.stdout.write(printReport('watched', watched, report, mediumFor(undefined, world)))
  }
  return refusedIn(rows).length > 0 ? 1 : 0
}

/** The one target of the options. Throws UserError (2) unless exactly one is named. */
function targetOf({ pid, container, pod, selector, cgroup, all, cri, wait }: WatchFlags): WatchTarget {
  const named = cri === undefined ? {} : { cri }
  const targets: WatchTarget[] = [
    ...(pid === undefined ? [] : [{ pid }]),
    ...(container === undefined ? [] : [{ query: { container }, ...named }]),
    ...(pod === undefined ? [] : [{ query: { pod }, ...named }]),
    ...(selector === undefined ? [] : [{ query: { selector }, ...named }]),
    ...(cgroup === undefined ? [] : [{ cgroup }]),
    ...(all === undefined ? [] : (['everything'] as const)),
  ]
  const [target] = targets
  if (target === undefined || targets.length > 1) throw new UserError('one-watched')
  if (wait !== undefined && pod === undefined && selector === undefined)
    throw new UserError('wait-without-pod')
  return target
}

function targetText({ pid, container, pod, selector, cgroup }: WatchFlags): string {
  return pid === undefined
    ? (container ?? pod ?? selector ?? cgroup ?? 'all that runs under a filter')
    : `process ${pid}`
}

function patchedBy(
  subject: PatchSubject,
  rows: readonly WatchedCall[],
): Pick<WatchReport, 'repair' | 'refusals'> {
  const { judged, repair } = patchFor(subject, rows)
  const added = new Set(repair.added.map(({ refusal }) => refusal))
  return { repair, refusals: judged.filter((each) => !added.has(each)) }
}

/** Which built-ins the filters equal. */
async function namesOf(rows: readonly WatchedCall[]): Promise<WatchReport['builtins']> {
  const names = new Map<string, readonly string[]>()
  for (const { filter } of rows) {
    if (names.has(filter.fingerprint)) continue
    await setImmediate()
    names.set(filter.fingerprint, builtinsOf(filter))
  }
  return names
}

const builtinsOf = (filter: AppliedFilter): readonly string[] =>
  builtinsEqualTo(filter, { kernel: hostKernel() })
