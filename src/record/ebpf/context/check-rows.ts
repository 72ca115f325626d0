// Turns the kept capability checks into rows. Authority: security/commoncap.c (cap_capable).
import { memberName } from '../../../abi/multiplexers.ts'
import { callAt, hasShortIds } from './calls.ts'
import { noSlot } from './checks.ts'
import type { Container } from './container.ts'
import { checkFlags, checkKey, frames } from './layout.ts'
import { textIn } from './walked.ts'
import { aboutCalls, argumentOf, capabilityOf } from './words.ts'

export function checkRows(of: Container): void {
  const { own, functionsOf, layout } = of.reading
  for (const [key, value] of of.mine(own.checks, checkKey.container)) {
    const flags = key.readUInt32LE(checkKey.flags)
    const has = (flag: number): boolean => (flags & flag) !== 0
    const slot = key.readInt32LE(checkKey.slot)
    const argument = key.readBigUInt64LE(checkKey.argument)
    const program = textIn(key.subarray(checkKey.comm, checkKey.comm + 16))
    const stack = Array.from({ length: frames }, (_, index) =>
      key.readBigUInt64LE(checkKey.stack + index * 8),
    )
    const name = callAt(layout.machine, slot)
    const member = name === 'socketcall' || name === 'ipc' ? memberName(name, argument) : undefined
    const call = member ?? name
    of.rows.checks.push({
      capability: capabilityOf(key.readUInt32LE(checkKey.capability)),
      granted: key.readUInt32LE(checkKey.refused) === 0,
      effective: has(checkFlags.effective),
      own: has(checkFlags.own),
      withinBounding: has(checkFlags.withinBounding),
      started: has(checkFlags.started),
      depth: Math.max(0, key.readInt32LE(checkKey.depth)),
      otherNamespace: has(checkFlags.otherNamespace),
      functions: functionsOf?.(stack) ?? [],
      // CAP_OPT_NOAUDIT of include/linux/security.h.
      ...((key.readUInt32LE(checkKey.options) & 2) !== 0 && { noAudit: true as const }),
      ...(slot !== noSlot && { call }),
      ...(aboutCalls.has(call) && {
        argument: argumentOf(call, argument, hasShortIds(layout.machine, slot)),
      }),
      program,
      ...of.ids(key, checkKey.ids),
      ...of.count(value, program),
    })
  }
}
