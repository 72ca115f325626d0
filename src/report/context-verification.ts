// The result of a run under a security context in words, the same for every format.
import { plural } from './account.ts'
import type { ContextFinding, ContextOutcome, Trial } from '../verify/index.ts'

export const contextTitles = ['layer', 'refused', 'tried', 'answered', 'times', 'by']

export function contextRow(finding: ContextFinding): readonly string[] {
  const { layer, what, tried, answered = '-', program, uid, count, paths = [] } = finding
  const at = paths.length === 0 ? '' : ` at ${paths.slice(0, 3).join(', ')}${paths.length > 3 ? ' …' : ''}`
  return [
    layer,
    what,
    `${tried}${at}`,
    answered,
    String(count),
    uid === undefined ? program : `${program} (uid ${uid})`,
  ]
}

/** `name`: the context's name. */
export function contextSentences(outcome: ContextOutcome, name: string, started: boolean): readonly string[] {
  const { container, findings, unseen, withoutContext, added, trials, together } = outcome
  const given = added.length > 0 ? `${name} with what was added` : name
  const verdict = !started
    ? `under ${given} the program of ${container} did not start`
    : findings.length === 0
      ? `${given} suffices for ${container}: nothing was refused that the command has without it`
      : `under ${given} ${plural(findings.length, 'thing')} ${findings.length === 1 ? 'was' : 'were'} refused that ${container} has without it`
  return [
    verdict,
    ...unseen.map((each) => `the recording does not show all: ${each}`),
    ...(withoutContext === undefined || withoutContext === 0
      ? []
      : [
          `${plural(withoutContext, 'refusal')} that the command meets without the context too count for nothing`,
        ]),
    'the exit status proves nothing: a program may continue after a refusal, and do its work wrong',
    ...added.map(
      ({ what, tried, program, answered }) =>
        `added for ${what}: ${tried} by ${program} was refused${answered === undefined ? '' : ` (${answered})`}`,
    ),
    ...trials.map(trialSentence),
    ...(together === undefined ? [] : [togetherSentence(together)]),
  ]
}

function togetherSentence({ refused, ended }: NonNullable<ContextOutcome['together']>): string {
  const what = 'without all of them that can go'
  if (!ended) return `${what} the workload fails: the context stays as it was`
  return refused.length === 0
    ? `${what} the workload went on as well, and nothing more was refused`
    : `${what} more was refused, and the context stays as it was: ${deeds(refused)}`
}

function trialSentence({ without, refused, ended }: Trial): string {
  const said = refused.length === 0 ? 'nothing was refused' : `refused: ${deeds(refused)}`
  return ended
    ? `without ${without} the workload went on, and whether it did its work is yours to say: ${said}`
    : `without ${without} the workload fails: ${said}`
}

function deeds(refused: readonly ContextFinding[]): string {
  const texts = refused.map(({ layer, what, tried, program, count }) => {
    const where = layer === 'path' || layer === 'execution' ? ` of ${what}` : ''
    return `${tried}${where} by ${program}${count > 1 ? `, ${count} times` : ''}`
  })
  return [...new Set(texts)].join('; ')
}
