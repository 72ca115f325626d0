// Samples a filter that followed.ts does not follow. Each call is tried with zeros, then with one half of one argument
// set to each sample: a common number, a number of the programs, or its successor. Answers between the samples are
// unknown.
import { familyOf, type Architecture, type Host } from '../abi/architectures.ts'
import { unlistedNumber } from '../abi/numbers.ts'
import { syscallTable } from '../abi/tables.ts'
import { isSameAnswer } from './answer.ts'
import { answerOfPrograms, type BpfProgram } from './bpf.ts'
import type { Filter } from './filter.ts'
import type { Block, Branch } from './program.ts'

/** Enough for all known programs. */
const mostSamples = 64

export function sampled(programs: readonly BpfProgram[], host: Host): Filter {
  // BPF_JMP and BPF_ALU with a constant.
  const compared = programs.flatMap((program) =>
    program.flatMap(({ code, k }) => ([0x04, 0x05].includes(code & 0x07) && (code & 0x08) === 0 ? [k] : [])),
  )
  const values = [...new Set([1, 2, 0xffffffff, ...compared.flatMap((each) => [each, each + 1])])]
    .filter((each) => each > 0 && each < 2 ** 32)
    .slice(0, mostSamples)
  const all = new Map(
    familyOf(host).map((architecture) => [
      architecture,
      new Map(
        syscallTable(architecture).entries.map(({ number }) => [
          number,
          decisionOf(programs, architecture, number, values),
        ]),
      ),
    ]),
  )
  return {
    architectures: all,
    defaultAnswer: answerOfPrograms(programs, host, unlistedNumber(host), []),
    stub: undefined,
  }
}

function decisionOf(
  programs: readonly BpfProgram[],
  architecture: Architecture,
  number: number,
  values: readonly number[],
): Branch {
  const usual = answerOfPrograms(programs, architecture, number, [])
  let decision: Branch = usual
  for (let word = 0; word < 12; word++)
    for (const datum of values) {
      const args = [0n, 0n, 0n, 0n, 0n, 0n]
      args[word >> 1] = BigInt(datum) << (word % 2 === 1 ? 32n : 0n)
      const answer = answerOfPrograms(programs, architecture, number, args)
      if (isSameAnswer(answer, usual)) continue
      const block: Block = {
        expects: undefined,
        reloads: false,
        word,
        mask: 0xffffffff,
        test: 'eq',
        datum,
        whenTrue: answer,
        whenFalse: decision,
      }
      decision = block
    }
  return decision
}
