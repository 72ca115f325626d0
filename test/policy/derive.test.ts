import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { architectureNames, architectures, type Architecture } from '../../src/abi/architectures.ts'
import { fallbacks } from '../../src/abi/fallbacks.ts'
import { syscallTable } from '../../src/abi/tables.ts'
import { UserError } from '../../src/errors.ts'
import type { ObservedCall, Observations } from '../../src/observe/index.ts'
import {
  derivePolicy,
  type Policy,
  type PolicyOptions,
  type PolicyRule,
  type Reason,
} from '../../src/policy/index.ts'
import { printPolicy } from '../../src/print/index.ts'
import { fc } from '../seed.ts'

type Calls = Readonly<Record<string, ObservedCall>>

function seen(
  parts: Partial<Record<Architecture, Calls>>,
  unknown: Observations['unknown'] = {},
): Observations {
  return { version: 1, architectures: parts, unknown, sources: [], diagnostics: [] }
}

/** Every name once, the first on line 1, the second on line 2, and so on. */
function calls(...names: readonly string[]): Calls {
  return Object.fromEntries(
    names.map((name, index) => [name, { count: 1, first: `app.strace:${index + 1}` }]),
  )
}

function ruleOf(policy: Policy, syscall: string, architecture: Architecture): PolicyRule | undefined {
  return policy.rules.find((rule) => rule.syscall === syscall && rule.architectures.includes(architecture))
}

/** `allow`, `errno 38`, or `-` for the default action. */
function answer(policy: Policy, syscall: string, architecture: Architecture): string {
  const action = ruleOf(policy, syscall, architecture)?.action
  if (action === undefined) return '-'
  return action.type === 'errno' ? `errno ${action.errno}` : action.type
}

function kinds(rule: PolicyRule | undefined): readonly Reason['kind'][] {
  return rule?.because.map(({ kind }) => kind) ?? []
}

// --- laws over any observations

const observedCall = fc
  .record({
    count: fc.integer({ min: 1, max: 99 }),
    line: fc.integer({ min: 1, max: 999 }),
    failed: fc.nat(3),
  })
  .map(({ count, line, failed }): ObservedCall => {
    const first = `app.strace:${line}`
    return failed === 0 ? { count, first, enosys: count } : { count, first }
  })

const someCalls = (architecture: Architecture): fc.Arbitrary<Calls> =>
  fc
    .array(
      fc.tuple(fc.constantFrom(...syscallTable(architecture).entries.map(({ name }) => name)), observedCall),
      {
        minLength: 1,
        maxLength: 40,
      },
    )
    .map((pairs) => Object.fromEntries(pairs))

const anyObservations: fc.Arbitrary<Observations> = fc
  .tuple(
    fc.subarray([...architectureNames], { minLength: 1 }),
    fc.tuple(...architectureNames.map((architecture) => someCalls(architecture))),
    fc.dictionary(fc.stringMatching(/^\d{4}$/), observedCall, { maxKeys: 3 }),
  )
  .map(([present, all, unknown]) => {
    const calls = present.map((each) => [each, all[architectureNames.indexOf(each)]])
    return seen(Object.fromEntries(calls), { x86_64: { ...unknown } })
  })

const anyOptions: fc.Arbitrary<PolicyOptions> = fc.record({
  runtime: fc.constantFrom('runc', 'crun', 'all', 'none'),
  noNewPrivileges: fc.boolean(),
  defaultAction: fc.constantFrom('errno', 'kill-process', 'log'),
  allowClone3: fc.boolean(),
})

const isUnimplemented = ({ count, enosys }: ObservedCall): boolean => enosys === count

function everyCall(observations: Observations): readonly (readonly [Architecture, string, ObservedCall])[] {
  return architectureNames.flatMap((architecture) =>
    Object.entries(observations.architectures[architecture] ?? {}).map(
      ([name, call]) => [architecture, name, call] as const,
    ),
  )
}

t.test('what was seen is allowed; what the kernel never had, and clone3, are answered ENOSYS', (t) => {
  fc.assert(
    fc.property(anyObservations, anyOptions, (observations, options) => {
      const policy = derivePolicy(observations, options)
      for (const [architecture, name, call] of everyCall(observations)) {
        const rule = ruleOf(policy, name, architecture)
        if (rule === undefined) return false
        const given = rule.because.filter(({ kind }) => kind !== 'seen' && kind !== 'unimplemented')
        if (name === 'clone3' && options.allowClone3 !== true) {
          if (rule.action.type === 'allow') return false
          if (!isUnimplemented(call) && answer(policy, 'clone', architecture) !== 'allow') return false
        } else if (!isUnimplemented(call)) {
          const reason = { kind: 'seen', architecture, count: call.count, first: call.first }
          if (rule.action.type !== 'allow') return false
          if (!rule.because.some((each) => JSON.stringify(each) === JSON.stringify(reason))) return false
        } else if (rule.action.type === 'allow' && given.length === 0) return false
      }
      return true
    }),
  )
  t.end()
})

t.test(
  'nothing else is allowed but the floor, the calls of the kernel and what a fallback needs, and the margin',
  (t) => {
    fc.assert(
      fc.property(anyObservations, anyOptions, (observations, options) => {
        const policy = derivePolicy(observations, options)
        return policy.rules.every(({ syscall, architectures: on, because }) => {
          if (because.length === 0) return false
          const wasSeen = on.some((each) => observations.architectures[each]?.[syscall] !== undefined)
          return (
            wasSeen ||
            because.every(({ kind }) => /^(?:floor|kernel|margin|fallback|within|beyond)$/.test(kind))
          )
        })
      }),
    )
    t.end()
  },
)

t.test('a rule exists only for calls of its architectures, and every call stands under one action', (t) => {
  fc.assert(
    fc.property(anyObservations, anyOptions, (observations, options) => {
      const policy = derivePolicy(observations, options)
      const met = new Map<string, PolicyRule>()
      return policy.rules.every((rule) =>
        rule.architectures.every((each) => {
          const { syscall, action, conditions } = rule
          const before = met.get(`${each} ${syscall}`)
          met.set(`${each} ${syscall}`, rule)
          // Several rules of one call are alternatives, so each has conditions.
          const fits =
            before === undefined ||
            (before.action.type === action.type && before.conditions.length > 0 && conditions.length > 0)
          return (
            fits && policy.architectures.includes(each) && syscallTable(each).byName(syscall) !== undefined
          )
        }),
      )
    }),
  )
  t.end()
})

t.test('where a chain can be gone down, the first call is allowed or answered ENOSYS', (t) => {
  fc.assert(
    fc.property(anyObservations, anyOptions, (observations, options) => {
      const policy = derivePolicy(observations, options)
      return fallbacks.every(({ from, to, each: alone, architectures: on }) =>
        on
          .filter((each) => policy.architectures.includes(each))
          .filter((each) => {
            const allowed = to.filter((call) => answer(policy, call, each) === 'allow').length
            return alone === true ? allowed > 0 : allowed === to.length
          })
          .every((each) => answer(policy, from, each) !== '-'),
      )
    }),
  )
  t.end()
})

t.test('the order of keys changes nothing, and deriving again gives the same bytes', (t) => {
  const shuffled = (observations: Observations): Observations => {
    const turn = <T>(of: Readonly<Record<string, T>>): Record<string, T> =>
      Object.fromEntries(Object.entries(of).toReversed())
    const parts = Object.entries(observations.architectures).map(([name, of]) => [name, turn(of)] as const)
    return { ...observations, architectures: turn(Object.fromEntries(parts)) }
  }
  fc.assert(
    fc.property(anyObservations, anyOptions, (observations, options) => {
      const printed = printPolicy(derivePolicy(observations, options))
      return (
        printed === printPolicy(derivePolicy(shuffled(observations), options)) &&
        printed === printPolicy(derivePolicy(observations, options))
      )
    }),
  )
  t.end()
})

t.test('what no table knows is in no rule and always in `left`', (t) => {
  const policy = derivePolicy(
    seen(
      { x86_64: { ...calls('read'), not_a_call: { count: 2, first: 'a:9' } } },
      { x86: { 9999: { count: 1, first: 'a:3' } } },
    ),
  )
  t.strictSame(policy.left, [
    { syscall: '9999', architecture: 'x86', why: 'unknown', count: 1, first: 'a:3' },
    { syscall: 'not_a_call', architecture: 'x86_64', why: 'unknown', count: 2, first: 'a:9' },
  ])
  t.notOk(policy.rules.some(({ syscall }) => syscall === 'not_a_call' || syscall === '9999'))
  t.end()
})

// --- single decisions

t.test('a call that only ever failed with ENOSYS stays so, unless somebody else needs it', (t) => {
  const never: ObservedCall = { count: 2, first: 'a:1', enosys: 2 }
  const sometimes: ObservedCall = { count: 2, first: 'a:1', enosys: 1 }
  const observations = seen({
    x86_64: { landlock_create_ruleset: never, cachestat: sometimes, openat2: never },
  })
  const bare = derivePolicy(observations, { runtime: 'none' })
  t.strictSame(ruleOf(bare, 'landlock_create_ruleset', 'x86_64'), {
    syscall: 'landlock_create_ruleset',
    architectures: ['x86_64'],
    action: { type: 'errno', errno: 38 },
    conditions: [],
    because: [{ kind: 'unimplemented', count: 2, first: 'a:1' }],
  })
  t.equal(answer(bare, 'cachestat', 'x86_64'), 'allow')
  t.equal(answer(bare, 'openat2', 'x86_64'), 'errno 38')
  const floored = derivePolicy(observations, { runtime: 'runc' })
  t.strictSame(
    [answer(floored, 'openat2', 'x86_64'), ...kinds(ruleOf(floored, 'openat2', 'x86_64'))],
    ['allow', 'floor'],
  )
  t.end()
})

t.test('clone3', (t) => {
  const table: readonly [string, readonly string[], PolicyOptions, clone3: string, clone: string][] = [
    ['seen: ENOSYS, and clone stands in', ['clone3'], {}, 'errno 38', 'allow'],
    ['clone alone seen: ENOSYS', ['clone'], {}, 'errno 38', 'allow'],
    ['both seen: ENOSYS', ['clone', 'clone3'], {}, 'errno 38', 'allow'],
    ['neither seen', ['read'], {}, '-', '-'],
    ['asked for and seen: allowed, clone not needed', ['clone3'], { allowClone3: true }, 'allow', '-'],
    ['asked for and not seen: ENOSYS', ['clone'], { allowClone3: true }, 'errno 38', 'allow'],
    ['asked for, both seen', ['clone', 'clone3'], { allowClone3: true }, 'allow', 'allow'],
    ['the same with log', ['clone3'], { defaultAction: 'log' }, 'errno 38', 'allow'],
    ['the same with kill-process', ['clone'], { defaultAction: 'kill-process' }, 'errno 38', 'allow'],
  ]
  for (const [name, names, options, clone3, clone] of table) {
    for (const architecture of architectureNames) {
      const policy = derivePolicy(seen({ [architecture]: calls(...names) }), options)
      t.equal(answer(policy, 'clone3', architecture), clone3, `${name}, ${architecture}`)
      t.equal(answer(policy, 'clone', architecture), clone, `${name}, ${architecture}`)
    }
  }
  const policy = derivePolicy(seen({ x86_64: calls('clone3') }))
  t.strictSame(ruleOf(policy, 'clone', 'x86_64')?.because, [
    { kind: 'fallback', from: 'clone3', to: 'clone' },
    { kind: 'within', ceiling: 'docker', values: 'unknown' },
  ])
  t.strictSame(ruleOf(policy, 'clone3', 'x86_64')?.because, [
    { kind: 'seen', architecture: 'x86_64', count: 1, first: 'app.strace:1' },
    { kind: 'fallback', from: 'clone3', to: 'clone' },
  ])
  t.end()
})

t.test(
  'every chain of libc: the later call alone is seen, the first is answered ENOSYS, whatever the default',
  (t) => {
    for (const { from, to, architectures: on } of fallbacks) {
      for (const architecture of on) {
        for (const defaultAction of ['errno', 'kill-process', 'log'] as const) {
          const policy = derivePolicy(seen({ [architecture]: calls(...to) }), {
            runtime: 'none',
            margin: 'none',
            defaultAction,
          })
          // The vDSO's own calls are always allowed.
          const isVdso = from === 'clock_gettime64' || from === 'clock_getres_time64'
          const expected = isVdso ? 'allow' : 'errno 38'
          if (answer(policy, from, architecture) !== expected)
            t.fail(`${from} -> ${to.join(' ')} on ${architecture}`)
        }
      }
    }
    const policy = derivePolicy(seen({ x86_64: calls('faccessat') }), { runtime: 'none' })
    t.strictSame(ruleOf(policy, 'faccessat2', 'x86_64')?.because, [
      { kind: 'fallback', from: 'faccessat2', to: 'faccessat' },
    ])
    t.end()
  },
)

t.test('what the kernel adds', (t) => {
  const ends = ['exit', 'exit_group']
  const wide = ['clock_getres', 'clock_getres_time64', 'clock_gettime', 'clock_gettime64']
  const table: readonly (readonly [Architecture, readonly string[], adds: readonly string[]])[] = [
    ['x86_64', ['read'], [...ends, 'clock_getres', 'clock_gettime', 'getcpu', 'gettimeofday', 'time']],
    ['aarch64', ['read'], [...ends, 'clock_getres', 'clock_gettime', 'getcpu', 'gettimeofday']],
    ['x86', ['read'], [...ends, ...wide, 'getcpu', 'gettimeofday', 'time']],
    ['arm', ['read'], [...ends, ...wide, 'getcpu', 'gettimeofday']],
    // If the end of a process was seen, its threads may end too, and the other way round.
    ['x86_64', ['exit_group'], ['exit']],
    ['x86_64', ['exit'], ['exit_group']],
    ['x86_64', ['exit', 'exit_group', 'rt_sigaction'], ['rt_sigreturn']],
    ['x86', ['exit', 'exit_group', 'rt_sigaction'], ['rt_sigreturn', 'sigreturn']],
    ['x86', ['exit', 'exit_group', 'signal'], ['rt_sigreturn', 'sigreturn']],
    ['arm', ['exit', 'exit_group', 'sigaction'], ['rt_sigreturn', 'sigreturn']],
    ['x86_64', ['exit', 'exit_group', 'rt_sigprocmask'], []],
    ...(['nanosleep', 'clock_nanosleep', 'poll', 'futex'] as const).map(
      (call) => ['x86_64' as const, ['exit', 'exit_group', call], ['restart_syscall']] as const,
    ),
    ['arm', ['exit', 'exit_group', 'futex_time64'], ['restart_syscall']],
    ['x86', ['exit', 'exit_group', 'clock_nanosleep_time64'], ['restart_syscall']],
    ['x86_64', ['exit', 'exit_group', 'ppoll', 'select', 'epoll_wait'], []],
  ]
  const vdso = new Set([...wide, 'getcpu', 'gettimeofday', 'time'])
  for (const [architecture, names, adds] of table) {
    const policy = derivePolicy(seen({ [architecture]: calls(...names) }), {
      runtime: 'none',
      margin: 'none',
    })
    const added = policy.rules
      .filter(
        ({ action, because }) => action.type === 'allow' && because.every(({ kind }) => kind === 'kernel'),
      )
      .map(({ syscall }) => syscall)
      .filter((name) => !vdso.has(name) || adds.includes(name))
    t.strictSame(added, [...adds].sort(), `${architecture}: ${names.join(' ')}`)
  }
  const policy = derivePolicy(seen({ x86_64: calls('poll', 'futex') }), { runtime: 'none' })
  t.strictSame(ruleOf(policy, 'restart_syscall', 'x86_64')?.because, [
    { kind: 'kernel', why: 'restart', call: 'futex' },
    { kind: 'kernel', why: 'restart', call: 'poll' },
  ])
  t.end()
})

t.test('aarch64 from x86_64', (t) => {
  const table: readonly [seen: string, here: readonly string[]][] = [
    ['read', ['read']],
    ['open', ['openat']],
    ['stat', ['newfstatat']],
    ['access', ['faccessat']],
    ['dup2', ['dup3', 'fcntl']],
    ['rmdir', ['unlinkat']],
    ['vfork', ['clone']],
    ['poll', ['ppoll']],
    ['pause', ['ppoll']],
    ['time', ['clock_gettime']],
    ['rename', ['renameat']],
    ['getdents', ['getdents64']],
    ['arch_prctl', []],
    ['modify_ldt', []],
    ['iopl', []],
  ]
  for (const [name, here] of table) {
    const policy = derivePolicy(seen({ x86_64: calls(name) }), {
      architectures: ['aarch64'],
      runtime: 'none',
    })
    t.strictSame(policy.architectures, ['aarch64'])
    const inferred = policy.rules.filter(({ because }) =>
      because.some((reason) => reason.kind === 'equivalent' && reason.of === name),
    )
    t.strictSame(
      inferred.map(({ syscall, action }) => [syscall, action.type]),
      here.toSorted().map((call) => [call, 'allow']),
      name,
    )
    const left = here.length > 0 ? [] : [{ syscall: name, architecture: 'x86_64', why: 'not-on-target' }]
    t.strictSame(
      policy.left.map(({ syscall, architecture, why }) => ({ syscall, architecture, why })),
      left,
      name,
    )
  }
  // Signal handlers cannot return, and threads cannot be made, without calls that follow from the inferred ones.
  const policy = derivePolicy(seen({ x86_64: calls('rt_sigaction', 'clone3') }), {
    architectures: ['aarch64'],
  })
  t.equal(answer(policy, 'rt_sigreturn', 'aarch64'), 'allow')
  t.equal(answer(policy, 'clone3', 'aarch64'), 'errno 38')
  t.equal(answer(policy, 'clone', 'aarch64'), 'allow')
  t.end()
})

t.test('every x86_64 call is inferred on aarch64 or listed as left out, and both in one policy', (t) => {
  const names = syscallTable('x86_64').entries.map(({ name }) => name)
  const policy = derivePolicy(seen({ x86_64: calls(...names) }), { architectures: ['x86_64', 'aarch64'] })
  const left = new Set(policy.left.map(({ syscall }) => syscall))
  const stoodFor = new Set(
    policy.rules.flatMap(({ because }) =>
      because.flatMap((each) => (each.kind === 'equivalent' ? [each.of] : [])),
    ),
  )
  for (const name of names) {
    if (left.has(name) === stoodFor.has(name)) t.fail(name)
    if (name !== 'clone3') t.equal(answer(policy, name, 'x86_64'), 'allow', name)
  }
  t.end()
})

t.test('where aarch64 was seen itself, nothing is inferred', (t) => {
  const observations = seen({ x86_64: calls('open', 'read'), aarch64: calls('read') })
  const policy = derivePolicy(observations, { runtime: 'none' })
  t.strictSame(policy.architectures, ['x86_64', 'aarch64'])
  t.notOk(policy.rules.some(({ because }) => because.some(({ kind }) => kind === 'equivalent')))
  t.equal(answer(policy, 'openat', 'aarch64'), '-')
  t.end()
})

t.test('targets', (t) => {
  type Row = readonly [
    seen: readonly Architecture[],
    asked: readonly Architecture[],
    floor: boolean,
    got: string,
  ]
  const nothing = (of: string, from: string): string =>
    `no calls of ${of} were observed and they cannot be inferred from ${from}: record there`
  const table: readonly Row[] = [
    [['x86_64'], [], true, 'x86_64'],
    [['aarch64'], [], true, 'aarch64'],
    [['aarch64', 'x86_64'], [], true, 'x86_64 aarch64'],
    [['x86_64'], ['aarch64', 'x86_64', 'x86_64'], true, 'x86_64 aarch64'],
    [['x86_64'], ['aarch64'], true, 'aarch64'],
    [['x86'], [], true, 'x86_64 x86'],
    [['x86'], [], false, 'x86'],
    [['x86'], ['x86', 'x86_64'], true, 'x86_64 x86'],
    [['x86'], ['x86', 'x86_64'], false, nothing('x86_64', 'x86')],
    [['x32'], [], true, 'x86_64 x32'],
    [['arm'], [], true, 'aarch64 arm'],
    [['x86_64', 'arm'], [], true, 'x86_64 aarch64 arm'],
    [['x86_64', 'x86'], ['x86_64'], true, 'x86_64'],
    [['aarch64'], ['x86_64'], true, nothing('x86_64', 'aarch64')],
    [['x86_64'], ['x86'], true, nothing('x86', 'x86_64')],
    [['x86_64'], ['x86_64', 'x32'], true, nothing('x32', 'x86_64')],
    [['x86_64', 'aarch64'], ['arm'], true, nothing('arm', 'x86_64, aarch64')],
    [['x86'], ['aarch64'], true, nothing('aarch64', 'x86')],
    [['arm'], ['aarch64'], true, nothing('aarch64', 'arm')],
    [[], [], true, 'no system call was seen in the input: there is nothing to make a policy from'],
  ]
  for (const [present, asked, floor, got] of table) {
    const observations = seen(Object.fromEntries(present.map((each) => [each, calls('read', 'write')])))
    const name = `${present.join(' ') || 'nothing'} seen, ${asked.join(' ') || 'nothing'} asked for, floor ${floor}`
    const options: PolicyOptions = { architectures: asked, runtime: floor ? 'all' : 'none' }
    if (got.includes(':')) {
      t.throws(() => derivePolicy(observations, options), { name: 'UserError', message: got }, name)
      continue
    }
    t.equal(derivePolicy(observations, options).architectures.join(' '), got, name)
  }
  const unknownOnly = seen({}, { x86_64: { 9999: { count: 1, first: 'a:1' } } })
  t.throws(() => derivePolicy(unknownOnly), UserError)
  t.end()
})

t.test('a host that joins for the runtime gets the floor, and nothing else is allowed on it', (t) => {
  const policy = derivePolicy(seen({ x86: calls('socketcall', 'ipc', 'rt_sigaction') }))
  const onHost = policy.rules.filter(({ architectures: on }) => on.includes('x86_64'))
  t.ok(onHost.length > 0)
  for (const rule of onHost) {
    if (rule.action.type === 'allow') t.ok(kinds(rule).includes('floor'), rule.syscall)
    else
      t.ok(
        kinds(rule).every((kind) => kind === 'fallback' || kind === 'floor'),
        rule.syscall,
      )
  }
  t.equal(answer(policy, 'socketcall', 'x86'), 'allow')
  t.equal(answer(policy, 'ipc', 'x86'), 'allow')
  t.strictSame(architectures.x86.host, 'x86_64')
  t.end()
})

t.test('default actions', (t) => {
  const observations = seen({ x86_64: calls('read') })
  t.strictSame(derivePolicy(observations).defaultAction, { type: 'errno', errno: 1 })
  t.strictSame(derivePolicy(observations, { defaultAction: 'kill-process' }).defaultAction, {
    type: 'kill-process',
  })
  t.strictSame(derivePolicy(observations, { defaultAction: 'log' }).defaultAction, { type: 'log' })
  // `log` rehearses the enforced policy, so its rules are the same.
  t.strictSame(derivePolicy(observations, { defaultAction: 'log' }).rules, derivePolicy(observations).rules)
  t.end()
})

t.test('a policy as a file', (t) => {
  const fixture = (name: string): string =>
    readFileSync(fileURLToPath(new URL(`fixtures/${name}`, import.meta.url)), 'utf8')
  const observations = JSON.parse(fixture('observations.json')) as Observations
  const options: PolicyOptions = {
    architectures: ['x86_64', 'aarch64', 'x86'],
    runtime: 'crun',
    noNewPrivileges: true,
  }
  const printed = printPolicy(derivePolicy(observations, options))
  t.equal(printed, fixture('policy.json'))
  t.equal(
    printPolicy({
      version: 1,
      architectures: ['x86_64'],
      defaultAction: { type: 'log' },
      rules: [
        {
          syscall: 'clone',
          architectures: ['x86_64'],
          action: { type: 'allow' },
          conditions: [{ index: 0, mask: 0xffff_ffff_ffff_ffffn, value: 2n ** 53n + 1n }],
          because: [{ kind: 'seen', architecture: 'x86_64', count: 1, first: 'a\u202e\u009b31m\u001b:1' }],
        },
      ],
      left: [],
    }),
    String.raw`{
  "version": 1,
  "architectures": [
    "x86_64"
  ],
  "defaultAction": {
    "type": "log"
  },
  "rules": [
    {
      "syscall": "clone",
      "architectures": [
        "x86_64"
      ],
      "action": {
        "type": "allow"
      },
      "conditions": [
        {
          "index": 0,
          "mask": "18446744073709551615",
          "value": "9007199254740993"
        }
      ],
      "because": [
        {
          "kind": "seen",
          "architecture": "x86_64",
          "count": 1,
          "first": "a\u202e\u009b31m\u001b:1"
        }
      ]
    }
  ],
  "left": []
}
`,
  )
  t.end()
})
