// Laws of the rule on random evidence: the order of merging does not matter, more evidence never drops a needed
// capability, every answer conforms to the schema and can be read back, and every capability asked for has a verdict.
import { Ajv2020 } from 'ajv/dist/2020.js'
import { readFileSync } from 'node:fs'
import t from 'tap'
import {
  hardenContext,
  mergeObservations,
  parseContext,
  printContext,
  type Observations,
} from '../../src/index.ts'
import type { CapabilityName } from '../../src/observe/index.ts'
import {
  bound,
  change,
  check,
  container,
  directory,
  dockerSet,
  execution,
  identity,
  namespace,
  observations,
  opened,
  raise,
  start,
} from './rows.ts'
import { fc } from '../seed.ts'

const capability = fc.constantFrom<CapabilityName>(
  ...dockerSet,
  'CAP_SYS_ADMIN',
  'CAP_DAC_READ_SEARCH',
  'CAP_64',
)
const path = fc.constantFrom(
  '/',
  '/run/a',
  '/run/a/b',
  '/var/lib/x/y',
  '/etc/passwd',
  '/tmp/-',
  '/tmp/a\n"$`',
  '/x',
  '/proc/1/uid_map',
)
const id = fc.constantFrom(0, 33, 100)
const program = fc.constantFrom('nginx', 'sh', '# x\n')

const checks = fc.record({
  capability,
  granted: fc.boolean(),
  effective: fc.boolean(),
  own: fc.boolean(),
  withinBounding: fc.boolean(),
  started: fc.boolean(),
  otherNamespace: fc.boolean(),
  depth: fc.nat(1),
  call: fc.constantFrom(
    'setuid',
    'setgid',
    'chmod',
    'capset',
    'openat',
    'access',
    'execve',
    'seccomp',
    'mmap',
  ),
  argument: fc.constantFrom('0', '33', '1533', '4294967295'),
  functions: fc.constantFrom(
    [],
    ['cap_vm_enough_memory'],
    ['ns_capable_noaudit'],
    ['capable_wrt_inode_uidgid'],
  ),
  program,
  euid: id,
  uid: id,
  suid: id,
})
const changes = fc.record({
  kind: fc.constantFrom('open', 'mkdir', 'unlink', 'chmod', 'chown', 'rename-to', 'bind'),
  path,
  program,
  uid: id,
  started: fc.boolean(),
  creates: fc.boolean(),
  fileType: fc.constantFrom('regular', 'directory', 'character'),
  fileMode: fc.constantFrom('0600', '0644', '040755'),
  fileUid: id,
  fileGid: id,
})
const contexts = fc
  .record({
    name: fc.constantFrom('web', 'db'),
    checks: fc.array(checks, { maxLength: 6 }),
    changes: fc.array(changes, { maxLength: 6 }),
    reads: fc.array(path, { maxLength: 3 }),
    starts: fc.array(fc.record({ uid: id, gid: id, readOnlyRoot: fc.boolean() }), {
      minLength: 1,
      maxLength: 2,
    }),
    raises: fc.array(
      fc.record({
        call: fc.constantFrom('capset', 'ambient', 'securebits'),
        capabilities: fc.subarray([...dockerSet]),
      }),
      { maxLength: 2 },
    ),
    gained: fc.option(capability, { nil: undefined }),
    identities: fc.array(id, { maxLength: 2 }),
    blind: fc.subarray(['files', 'gains', 'checks', 'owners'] as const, { maxLength: 1 }),
    port: fc.option(fc.constantFrom(80, 443), { nil: undefined }),
    spaced: fc.boolean(),
  })
  .map((given) =>
    container({
      name: given.name,
      checks: given.checks.map(check),
      changes: given.changes.map(change),
      reads: given.reads.map((each) => opened(each)),
      starts: given.starts.map(start),
      raises: given.raises.map(raise),
      executions:
        given.gained === undefined
          ? []
          : [execution({ path: '/bin/x', fileEffective: true, fileCapabilities: [given.gained] })],
      identities: given.identities.map((each) => identity(each, each)),
      blind: given.blind.map((what) => ({ what, count: 1, first: 'x' })),
      binds: given.port === undefined ? [] : [bound(given.port)],
      userNamespaces: given.spaced ? [namespace()] : [],
      directories: [directory('/'), directory('/run', '0755')],
    }),
  )
const evidence: fc.Arbitrary<Observations> = contexts.map((context) => observations(context))

const needed = (given: Observations): readonly string[] =>
  hardenContext(given).containers.flatMap(({ name, capabilities }) =>
    capabilities.needed.map((each) => `${name} ${each}`),
  )

t.test('the order of merging changes nothing', async (t) => {
  fc.assert(
    fc.property(evidence, evidence, evidence, (a, b, c) => {
      const one = printContext(hardenContext(mergeObservations(a, b, c)))
      const other = printContext(hardenContext(mergeObservations(mergeObservations(c, b), a)))
      return one === other
    }),
  )
  t.pass()
})

t.test('more evidence never drops a needed capability', async (t) => {
  fc.assert(
    fc.property(evidence, evidence, (a, b) => {
      // A recording without checks keeps the container's capabilities until another recording has checks.
      fc.pre(a.context?.every(({ checks }) => checks.length > 0) === true)
      const both = needed(mergeObservations(a, b))
      return needed(mergeObservations(a)).every((each) => both.includes(each))
    }),
  )
  t.pass()
})

t.test('every context follows the schema and is read back as it was', async (t) => {
  const schema = JSON.parse(
    readFileSync(new URL('../../schemas/context.schema.json', import.meta.url), 'utf8'),
  ) as object
  const validate = new Ajv2020({ strict: true, allowUnionTypes: true }).compile(schema)
  fc.assert(
    fc.property(evidence, fc.option(fc.constantFrom(33, 100), { nil: undefined }), (given, uid) => {
      const context = hardenContext(given, uid === undefined ? {} : { user: { uid } })
      const text = printContext(context)
      return validate(JSON.parse(text)) && printContext(parseContext(text, 'x')) === text
    }),
  )
  t.pass()
})

t.test('every capability that was asked for stands in the answer, with a reason', async (t) => {
  fc.assert(
    fc.property(evidence, (given) => {
      fc.pre(given.context?.every(({ checks }) => checks.length > 0) === true)
      const [asked] = given.context ?? []
      const [found] = hardenContext(given).containers
      const said = new Set(found?.because.map(({ what }) => what))
      return asked?.checks.every(({ capability: each }) => said.has(each)) === true
    }),
  )
  t.pass()
})

t.test('no mount lies in another', async (t) => {
  fc.assert(
    fc.property(evidence, (given) =>
      hardenContext(given).containers.every(({ mounts }) =>
        mounts.every(({ path: one }) =>
          mounts.every(({ path: other }) => one === other || !other.startsWith(`${one}/`)),
        ),
      ),
    ),
  )
  t.pass()
})

t.test('what is no context is refused with its first fault', async (t) => {
  const [whole] = hardenContext(observations(container())).containers
  const cases: readonly (readonly [text: string, fault: string, member: string])[] = [
    ['{', 'not-json', ''],
    ['[]', 'no-context', ''],
    ['{"version":2,"containers":[]}', 'no-context', ''],
    ['{"version":1,"containers":[]}', 'no-container', ''],
    ['{"version":1,"containers":[7]}', 'no-context', ''],
    ...(
      [
        ['name', ''],
        ['capabilities', {}],
        ['capabilities', { needed: ['CHOWN'], tolerated: [] }, 'capabilities.needed'],
        ['capabilities', { needed: [], tolerated: [7] }, 'capabilities.tolerated'],
        ['user', { uid: -1, gid: 0, groups: [] }],
        ['user', { uid: 4294967295, gid: 0, groups: [] }],
        ['user', { uid: 0, gid: 0 }],
        ['runAsNonRoot', 'no'],
        ['noNewPrivileges', 1],
        ['readOnlyRoot', null],
        ['mounts', [{ path: 'run', kind: 'tmpfs', mode: '0755', uid: 0, gid: 0 }]],
        ['mounts', [{ path: '/run/../etc', kind: 'tmpfs', mode: '0755', uid: 0, gid: 0 }]],
        ['mounts', [{ path: '/run', kind: 'bind', mode: '0755', uid: 0, gid: 0 }]],
        ['mounts', [{ path: '/run', kind: 'tmpfs', mode: '755', uid: 0, gid: 0 }]],
        ['mounts', [{ path: '/run', kind: 'tmpfs', mode: '0755,x', uid: 0, gid: 0 }]],
        ['sysctls', { 'net.ipv4.x\n': '1' }],
        ['sysctls', { 'net.ipv4.x': '1\n--privileged' }],
        ['podSecurity', 'none'],
        ['because', [{ what: 'x' }]],
      ] as const
    ).map(
      ([member, value, named]) =>
        [
          JSON.stringify({ version: 1, containers: [{ ...whole, [member]: value }] }),
          'member',
          named ?? (member === 'capabilities' ? 'capabilities.needed' : member),
        ] as const,
    ),
    [JSON.stringify({ version: 1, containers: [whole, whole] }), 'repeated', 'app'],
  ]
  for (const [text, fault, member] of cases)
    t.throws(
      () => parseContext(text, 'x.json'),
      { code: 'not-a-context', facts: { file: 'x.json', fault, member } },
      text.slice(0, 80),
    )
})
