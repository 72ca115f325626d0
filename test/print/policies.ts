// A small policy with everything on which dialects differ, and an arbitrary policy for the laws.
import fc from 'fast-check'
import { architectureNames, type Architecture } from '../../src/abi/architectures.ts'
import type { MaskedCondition, Policy, PolicyRule, Reason } from '../../src/policy/policy.ts'

const because: readonly [Reason] = [{ kind: 'floor', runtime: 'runc', version: '1.4.2' }]
const both = ['x86_64', 'aarch64'] as const
const ENOSYS = 38

function family(value: bigint): readonly MaskedCondition[] {
  return [{ index: 0, mask: 0xffffffffn, value }]
}

export const small: Policy = {
  version: 1,
  architectures: ['x86_64', 'aarch64', 'x86'],
  defaultAction: { type: 'errno', errno: 1 },
  left: [],
  rules: [
    { syscall: 'clone', architectures: both, action: { type: 'allow' }, conditions: [], because },
    {
      syscall: 'clone3',
      architectures: both,
      action: { type: 'errno', errno: ENOSYS },
      conditions: [],
      because,
    },
    { syscall: 'execve', architectures: both, action: { type: 'allow' }, conditions: [], because },
    { syscall: 'exit', architectures: both, action: { type: 'allow' }, conditions: [], because },
    { syscall: 'exit_group', architectures: both, action: { type: 'allow' }, conditions: [], because },
    { syscall: 'open', architectures: ['x86_64'], action: { type: 'allow' }, conditions: [], because },
    { syscall: 'openat', architectures: ['aarch64'], action: { type: 'allow' }, conditions: [], because },
    { syscall: 'socket', architectures: both, action: { type: 'allow' }, conditions: family(1n), because },
    { syscall: 'socket', architectures: both, action: { type: 'allow' }, conditions: family(2n), because },
    { syscall: 'socketcall', architectures: ['x86'], action: { type: 'allow' }, conditions: [], because },
  ],
}

const condition: fc.Arbitrary<MaskedCondition> = fc
  .record({ index: fc.nat(5), mask: fc.bigInt(1n, 2n ** 63n - 1n), bits: fc.bigInt(0n, 2n ** 63n - 1n) })
  .map(({ index, mask, bits }) => ({ index, mask, value: mask & bits }))

const targets = fc
  .subarray([...architectureNames], { minLength: 1 })
  .map((names) => names as readonly string[] as readonly [Architecture, ...Architecture[]])

/** Any policy that keeps the type's promise: one action for a call on one architecture. */
export const anyPolicy: fc.Arbitrary<Policy> = targets.chain((architectures) =>
  fc
    .array(
      fc.record({
        syscall: fc.constantFrom('read', 'open', 'openat', 'socket', 'clone', 'clone3', 'personality'),
        architectures: fc.constantFrom(...architectures).map((one): readonly [Architecture] => [one]),
        errno: fc.option(fc.constantFrom(1, 2, ENOSYS)),
        conditions: fc.uniqueArray(condition, { maxLength: 2, selector: ({ index }) => index }),
      }),
      { maxLength: 20 },
    )
    .chain((rules) => fc.tuple(fc.constant(rules), fc.constantFrom(1, ENOSYS)))
    .map(([drafts, errno]): Policy => {
      const actions = new Map<string, PolicyRule['action']>()
      const rules = drafts.map(({ errno, ...rest }): PolicyRule => {
        const key = `${rest.syscall} ${rest.architectures[0]}`
        const action = actions.get(key) ?? (errno === null ? { type: 'allow' } : { type: 'errno', errno })
        actions.set(key, action)
        return { ...rest, action, because }
      })
      return { version: 1, architectures, defaultAction: { type: 'errno', errno }, rules, left: [] }
    }),
)
