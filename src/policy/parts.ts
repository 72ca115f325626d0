// Parts: calls of programs that engines and people start beside a workload, which its recording may lack. `init` is
// the engine's first program (`docker run --init`), `tty` a shell on a terminal. `exec` is what people start in the
// container later: a shell, ls, cat and a static health probe, with glibc, musl and Go. Source: facts/parts.txt, which
// is measured.
import { assumedHost, isHost, type Architecture } from '../abi/architectures.ts'
import { allow, type Proposal } from './answers.ts'
import { parts } from './data/parts.ts'
import { namesIn } from './floor-versions.ts'
import { callsOn } from './translate.ts'

export const partNames = ['exec', 'init', 'tty'] as const
export type PartName = (typeof partNames)[number]

/** What scripts/make-parts.ts writes. */
export interface MeasuredPart {
  readonly part: PartName
  /** The program that was measured, with its version. */
  readonly program: string
  /** Names of x86_64, separated by white space. */
  readonly calls: string
}

/** For 64-bit architectures, as with the floor. clone3 is left out: if it is refused, a libc calls clone. */
export function answersForParts(
  architecture: Architecture,
  wanted: readonly PartName[],
): readonly Proposal[] {
  if (!isHost(architecture)) return []
  return parts
    .filter(({ part }) => wanted.includes(part))
    .flatMap(({ part, program, calls }) => {
      const names = namesIn(calls)
      const here =
        architecture === assumedHost
          ? names
          : [...new Set(names.flatMap((name) => callsOn(architecture, name)))]
      return here
        .filter((syscall) => syscall !== 'clone3')
        .map((syscall) => ({ syscall, action: allow, because: { kind: 'part', part, program } }))
    })
}
