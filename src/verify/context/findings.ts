// Finds what the security context refused to a run: capabilities that the rule calls needed, paths, programs and ports.
// The evidence of the run alone decides; beyondBaseline() then removes what is refused without the context too, and
// removesNothing() finds removals of what is not there. The exit status proves nothing: a program can continue after a
// refusal and do its work wrong.
import { raiseTexts } from '../../harden/unchecked.ts'
import { verdictOf } from '../../harden/checks.ts'
import { parentOf } from '../../harden/paths.ts'
import type { FileUse, ObservedContext } from '../../observe/index.ts'
import type { ContextFinding } from './finding.ts'

/** `tolerated`: capabilities that the context lists as refused and not missed. */
export function contextFindings(
  contexts: readonly ObservedContext[],
  tolerated: readonly string[],
): readonly ContextFinding[] {
  return contexts.flatMap((context) => [
    ...capabilityFindings(context, tolerated),
    ...raiseFindings(context, tolerated),
    ...pathFindings(context),
    ...executionFindings(context),
    ...portFindings(context),
  ])
}

function capabilityFindings(
  context: ObservedContext,
  tolerated: readonly string[],
): readonly ContextFinding[] {
  return context.checks.flatMap((check): readonly ContextFinding[] => {
    const { capability, granted, call = 'a call', argument, program, euid, count, functions } = check
    // Asks the rule whether the capability would be needed if it had been granted.
    if (granted || verdictOf({ ...check, granted: true, effective: true }) !== 'needed') return []
    if (tolerated.includes(capability)) return []
    const paths = [...context.changes, ...context.reads]
      .filter((use) => use.refused !== undefined && use.call === call && use.program === program)
      .map(({ path }) => path)
    return [
      {
        layer: 'capability',
        what: capability,
        tried: argument === undefined ? call : `${call}(${argument})`,
        program,
        uid: euid,
        count,
        functions,
        ...(paths.length > 0 && { paths: [...new Set(paths)] }),
      },
    ]
  })
}

/** Capabilities that a call asked to set and did not have. The kernel compares sets there and makes no check. */
function raiseFindings({ raises }: ObservedContext, tolerated: readonly string[]): readonly ContextFinding[] {
  return raises.flatMap(({ call, capabilities, refused, program, euid, count }) =>
    refused === undefined
      ? []
      : capabilities
          .filter((each) => !tolerated.includes(each))
          .map((what) => ({
            layer: 'capability' as const,
            what,
            tried: raiseTexts[call],
            answered: refused,
            program,
            uid: euid,
            count,
          })),
  )
}

function pathFindings({ changes, reads }: ObservedContext): readonly ContextFinding[] {
  return [...changes, ...reads].flatMap((use) => {
    const { path, refused, program, uid, count } = use
    return refused === undefined
      ? []
      : [{ layer: 'path', what: path, tried: triedText(use), answered: refused, program, uid, count }]
  })
}

export const triedText = ({ kind, call }: FileUse): string => `${kind} (${call})`

function executionFindings({ executions }: ObservedContext): readonly ContextFinding[] {
  return executions.flatMap(({ path, refused, program, uid, count }) =>
    refused === undefined
      ? []
      : [{ layer: 'execution', what: path, tried: 'execve', answered: refused, program, uid, count }],
  )
}

function portFindings({ binds }: ObservedContext): readonly ContextFinding[] {
  return binds.flatMap(({ port, family, refused, program, euid, count }) =>
    refused === undefined
      ? []
      : [
          {
            layer: 'port',
            what: String(port),
            tried: `bind (${family})`,
            answered: refused,
            program,
            uid: euid,
            count,
          },
        ],
  )
}

const removals: ReadonlySet<string> = new Set(['unlink', 'rmdir', 'rename-from', 'rename-to'])

/**
 * Whether a refused removal has nothing to remove: the kernel answers EROFS before it looks for the file (fs/namei.c,
 * do_unlinkat, do_rmdir, do_renameat2). `free`: a run without the context, in which such a removal does not succeed.
 */
export function removesNothing(
  { layer, what, tried, answered, program }: ContextFinding,
  free: readonly ObservedContext[],
): boolean {
  if (layer !== 'path' || answered !== 'EROFS' || !removals.has(tried.split(' ')[0] ?? '')) return false
  // File names may differ from run to run.
  return !free.some(({ changes }) =>
    changes.some(
      (each) =>
        each.refused === undefined &&
        triedText(each) === tried &&
        each.program === program &&
        parentOf(each.path) === parentOf(what),
    ),
  )
}

/** The findings that a run without the context lacks. The runs may differ in the user and in the counts. */
export function beyondBaseline(
  findings: readonly ContextFinding[],
  baseline: readonly ContextFinding[],
): readonly ContextFinding[] {
  const known = new Set(baseline.map(keyOf))
  return findings.filter((finding) => !known.has(keyOf(finding)))
}

function keyOf({ layer, what, tried, answered, program }: ContextFinding): string {
  return JSON.stringify([layer, what, tried, answered, program])
}
