// Reports for programs. Their shapes are fixed: the contract, schemas/diff.schema.json,
// schemas/verification.schema.json.
import type { ExplainedCall } from '../../explain/index.ts'
import { answerText } from '../../meaning/answer.ts'
import { harmlessJson } from '../../json-string.ts'
import { printObservations } from '../../observe/print.ts'
import { jsonText, type JsonValue } from '../../print/json-text.ts'
import type { Compared } from '../changes.ts'
import { findingHint, findingSentence } from '../findings.ts'
import type { ReportFormat } from '../format.ts'
import { patchOf, refusalValue, verdictOf } from '../verification.ts'
import { watchedSummary } from '../watched.ts'

export const json: ReportFormat = {
  changes: (compared) => document(comparison(compared)),

  review: ({ profiles, outcome, nothing }) =>
    document({
      version: 1,
      outcome,
      ...(nothing !== undefined && { nothing }),
      profiles: profiles.map(({ file, title, event, ...rest }) => ({
        file,
        ...(title !== undefined && { title }),
        ...(event !== undefined && { event }),
        ...(rest.compared === undefined ? { problem: rest.problem } : comparison(rest.compared)),
      })),
    }),

  findings: (checked) =>
    document({
      valid: !checked.some(({ findings }) => findings.some(({ severity }) => severity === 'error')),
      profiles: checked.map(({ file, title, findings }) => ({
        file,
        title,
        valid: !findings.some(({ severity }) => severity === 'error'),
        problems: findings.map((finding) => ({
          code: finding.code,
          severity: finding.severity,
          at: `${file}:${finding.line}`,
          line: finding.line,
          column: finding.column,
          pointer: finding.pointer,
          facts: finding.facts,
          message: findingSentence(finding),
          todo: findingHint(finding),
        })),
      })),
    }),

  explanation: ({ calls }) =>
    `${jsonText({
      calls: calls.map((call) => ({
        arch: call.architecture,
        syscall: call.syscall,
        number: call.number,
        answers: call.answers.map(answerText),
        ...(call.at === undefined ? {} : { at: call.at }),
        because: call.because,
        default: call.default,
        risks: call.risks.map(({ class: name, severity, exposes }) => ({ class: name, severity, exposes })),
        ...(call.scan && { seen: call.scan.isSeen, reachable: call.scan.path ?? false }),
      })),
      ...coverageJson(calls),
    } as unknown as JsonValue)}\n`,

  observations: printObservations,

  watched: (watched) => `${harmlessJson(JSON.stringify(watchedSummary(watched)))}\n`,

  verification: (verified) => {
    const { repair, ending } = verified
    const status =
      ending.kind === 'exited'
        ? { status: ending.status }
        : ending.kind === 'killed'
          ? { signal: ending.signal }
          : {}
    return `${jsonText({
      version: 1,
      verdict: verdictOf(verified),
      target: verified.target,
      seenBy: verified.seenBy,
      ...(verified.within === undefined ? {} : { within: verified.within }),
      ending: {
        ...status,
        ...(ending.kind !== 'released' && ending.byUs && { byUs: true }),
        ...(ending.kind !== 'released' && ending.load && { load: ending.load }),
      },
      started: verified.started,
      runs: verified.runs,
      rounds: verified.rounds,
      lost: verified.lost,
      ...(verified.ownUnknown && { ownUnknown: true }),
      ...(verified.endless && { endless: refusalValue({ ...verified.endless, default: undefined }) }),
      refused: verified.refusals.map(refusalValue),
      withheld: verified.withheld.map(refusalValue),
      ...(verified.decidedByOwn.length > 0 && { decidedByOwn: verified.decidedByOwn.map(refusalValue) }),
      ...(verified.context && {
        context: {
          container: verified.context.container,
          refused: verified.context.findings,
          unseen: verified.context.unseen,
          ...(verified.context.withoutContext !== undefined && {
            withoutContext: verified.context.withoutContext,
          }),
          rounds: verified.context.rounds,
          added: verified.context.added,
          trials: verified.context.trials,
          ...(verified.context.together && { together: verified.context.together }),
        },
      }),
      ...(repair && {
        repair: {
          added: repair.added.map((each) => ({
            round: each.round,
            conditional: each.conditional,
            within: each.within,
            ...(each.withheld === true && { withheld: true }),
            ...refusalValue(each.refusal),
          })),
          bounded: repair.bounded,
          patch: patchOf(verified),
        },
      }),
    } as unknown as JsonValue)}\n`
  },
}

function comparison(compared: Compared): object {
  return {
    verdict: compared.verdict,
    ...(compared.contexts === undefined ? {} : { contexts: compared.contexts }),
    changes: compared.changes.map((change) => ({
      id: change.id,
      direction: change.direction,
      arch: change.architecture,
      syscall: change.syscall,
      before: answerText(change.before),
      after: answerText(change.after),
      witness: {
        arch: change.architecture,
        syscall: change.syscall,
        number: change.number,
        args: change.args.map(String),
        caps: change.capabilities,
        kernel: compared.kernel,
      },
      ...(change.contexts === undefined ? {} : { contexts: change.contexts }),
      fingerprint: change.fingerprint,
      at: change.at,
    })),
  }
}

function document(value: unknown): string {
  return `${jsonText(value as JsonValue)}\n`
}

/** The coverage of each architecture, if a scan and observations were given. */
function coverageJson(calls: readonly ExplainedCall[]): { readonly coverage?: readonly unknown[] } {
  const found = [...new Set(calls.flatMap(({ scan }) => scan?.coverage ?? []))]
  if (found.length === 0) return {}
  return {
    coverage: found.map(({ architecture, reachable, seen, unseen, unreachable }) => ({
      arch: architecture,
      reachable,
      seen,
      unseen: unseen.map(({ call, path, isWithin }) => ({ syscall: call, path, within: isWithin })),
      unreachable,
    })),
  }
}
