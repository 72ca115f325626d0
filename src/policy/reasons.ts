// The order of a rule's reasons: what was seen, what follows from it, what holds for every program, how the ceiling
// bounds it. The order in which reasons were found does not matter.
import { architectureNames, type Architecture } from '../abi/architectures.ts'
import type { Reason } from './policy.ts'

const ranks: Readonly<Record<Reason['kind'], number>> = {
  seen: 0,
  unimplemented: 1,
  refused: 2,
  equivalent: 3,
  fallback: 4,
  kernel: 5,
  floor: 6,
  part: 7,
  margin: 8,
  reachable: 9,
  within: 10,
  narrowed: 11,
  beyond: 12,
}

/** 0 only for equal reasons. Text is compared by code unit, so the order is the same in every locale. */
export function compareReasons(one: Reason, other: Reason): number {
  if (one.kind !== other.kind) return ranks[one.kind] - ranks[other.kind]
  const [a, b] = [key(one), key(other)]
  for (const [index, part] of a.entries()) {
    const its = b[index]
    if (its === undefined || part === its) continue
    return part < its ? -1 : 1
  }
  return 0
}

/** The facts that distinguish reasons of one kind, in the order of comparison. */
function key(reason: Reason): readonly (string | number)[] {
  switch (reason.kind) {
    case 'seen':
      return [place(reason.architecture), reason.first, reason.count]
    case 'unimplemented':
      return [reason.first, reason.count]
    case 'refused':
      return reason.what === 'call'
        ? [reason.errno, reason.what, reason.ceiling, place(reason.architecture), reason.first, reason.count]
        : [reason.errno, reason.what, reason.ceiling, reason.argument, reason.value]
    case 'equivalent':
      return [place(reason.architecture), reason.of]
    case 'fallback':
      return [reason.from, reason.to]
    case 'kernel':
      return [reason.why, reason.call ?? '']
    case 'margin':
      return [reason.why, reason.of ?? '']
    case 'part':
      return [reason.part, reason.program]
    case 'reachable':
      return [reason.path, reason.of ?? '']
    case 'floor':
      return [reason.runtime, reason.version]
    case 'within':
      return [reason.ceiling, reason.values]
    case 'narrowed':
      return [reason.argument, reason.by ?? '']
    case 'beyond':
      return [
        reason.ceiling,
        reason.what,
        ...(reason.what === 'call' ? [reason.on ?? ''] : []),
        ...(reason.what === 'value' ? [reason.argument, reason.value] : []),
        reason.capabilities.join(' '),
      ]
  }
}

function place(architecture: Architecture): number {
  return architectureNames.indexOf(architecture)
}
