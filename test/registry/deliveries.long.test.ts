// Recordings of `collect` on their way: what is given again, and what happens while a registry is away or denies. The
// registry is Debian's docker-registry. The server before it counts the pushed tags, and can be away.
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { createServer, request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import t from 'tap'
import {
  directoryPlace,
  repositoryPlace,
  stdoutPlace,
  type CollectPlace,
} from '../../src/commands/collect-places.ts'
import { Deliveries, type ContainerRecording } from '../../src/commands/deliveries.ts'
import type { World } from '../../src/commands/world.ts'
import { mostDue } from '../../src/commands/due-recordings.ts'
import { UserError } from '../../src/errors.ts'
import { mergeObservations, type Observations } from '../../src/observe/index.ts'
import { parseReference, pull, pushObservations, Registry, shardsOf } from '../../src/registry/index.ts'
import { listen, startRegistry, startTokenServer, whyNoRegistry, type Service } from './service.ts'

t.setTimeout(240_000)
setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void
const skip = await whyNoRegistry()
const folder = mkdtempSync(join(tmpdir(), 'seccomp-gen-deliveries-'))
t.teardown(() => rmSync(folder, { recursive: true, force: true }))

function worldOf(): { readonly world: World; readonly out: string[]; readonly said: string[] } {
  const [out, said]: [string[], string[]] = [[], []]
  const into = (lines: string[]) => ({ isTerminal: false, write: (text: string) => lines.push(text) > 0 })
  const stdin = { isTerminal: true, bytes: async function* () {} }
  const world = {
    stdin,
    stdout: into(out),
    stderr: into(said),
    env: {},
    cwd: folder,
    signals: () => () => {},
  }
  return { world, out, said }
}

const recording = (id: string, count: number, calls: readonly string[] = ['read']): ContainerRecording => ({
  id: id.repeat(64),
  name: `shop/${id}/web`,
  wasThere: false,
  observations: {
    version: 1,
    architectures: { x86_64: Object.fromEntries(calls.map((call) => [call, { count, first: 'a:1' }])) },
    unknown: {},
    sources: [{ name: `shop/${id}/web`, format: 'ebpf', lines: 0, calls: count, ignored: 0, unparsed: 0 }],
    diagnostics: [],
  },
})

/** A registry behind a server that can be away. */
async function relay(registry: Service) {
  const state = { isAway: false, pushes: [] as string[] }
  const { server, port } = await listen(
    createServer((asked, answer) => {
      const { url = '', method = '', headers } = asked
      if (state.isAway) return void asked.resume().on('end', () => answer.writeHead(503).end())
      if (method === 'PUT' && url.includes('/manifests/')) state.pushes.push(url.slice(-2))
      const [host, to] = registry.address.split(':')
      const passed = request({ host, port: to, path: url, method, headers }, (got) => {
        answer.writeHead(got.statusCode ?? 500, got.headers)
        got.pipe(answer)
      })
      asked.pipe(passed)
    }),
  )
  return { state, address: `127.0.0.1:${port}`, end: () => void server.close() }
}

const clientOf = (address: string): Registry =>
  new Registry(parseReference(`${address}/observations`), { credentials: async () => undefined })

t.test('a recording is pushed when it has grown, and at the end if it differs', { skip }, async (t) => {
  const registry = await startRegistry(join(folder, 'open'))
  const before = await relay(registry)
  t.teardown(() => (before.end(), registry.end()))
  const client = clientOf(before.address)
  const { world, said } = worldOf()
  const deliveries = new Deliveries(await repositoryPlace(client, world), world)
  const look = async (last: boolean, ...all: readonly ContainerRecording[]): Promise<readonly string[]> => {
    for (const each of all) deliveries.take(each, last)
    await deliveries.deliver(last)
    return before.state.pushes.splice(0).sort()
  }
  t.strictSame(await look(false, recording('a', 4), recording('b', 4)), ['aa', 'bb'])
  t.strictSame(await look(false, recording('a', 5), recording('b', 4)), [], 'counts alone')
  t.strictSame(
    await look(false, recording('a', 5, ['read', 'write']), recording('b', 4)),
    ['aa'],
    'a new call',
  )
  t.strictSame(
    await look(true, recording('a', 6, ['read', 'write']), recording('b', 4)),
    ['aa'],
    'what differs',
  )
  deliveries.end()
  t.equal(deliveries.count, 2)
  t.strictSame(said, [])
  const { bytes } = await pull(client, `o-${'a'.repeat(32)}`, 'a')
  t.equal(JSON.parse(Buffer.from(bytes).toString()).architectures.x86_64.write.count, 6)
})

t.test('a registry that is away gets all recordings later', { skip }, async (t) => {
  const registry = await startRegistry(join(folder, 'away'))
  const before = await relay(registry)
  t.teardown(() => (before.end(), registry.end()))
  const client = clientOf(before.address)
  const { world, said } = worldOf()
  before.state.isAway = true
  const deliveries = new Deliveries(await repositoryPlace(client, world), world)
  t.match(said.splice(0), [/answers 503 .*; recording nevertheless\n$/])
  for (const id of ['a', 'b', 'c']) deliveries.take(recording(id, 1), true)
  for (let looks = 0; looks < 20; looks++) await deliveries.deliver(false)
  t.match(said, [/503.*; trying again\n$/], 'said once')
  t.throws(() => deliveries.end(), {
    code: 'recordings-left',
    message: /^3 recordings could not be written: .*503/,
    status: 2,
  })
  before.state.isAway = false
  // The pause after many failures is 32 looks at most.
  for (let looks = 0; looks < 40; looks++) await deliveries.deliver(false)
  t.match(said.slice(1), [/^seccomp-gen: every recording is accepted again\n$/])
  t.equal((await shardsOf(client)).length, 3)
  t.strictSame(before.state.pushes.sort(), ['aa', 'bb', 'cc'], 'each once')
  deliveries.end()
})

t.test('a registry that denies says so before anything is recorded', { skip }, async (t) => {
  const tokens = await startTokenServer(join(folder, 'tokens'))
  const registry = await startRegistry(join(folder, 'denying'), tokens.auth)
  t.teardown(() => (tokens.end(), registry.end()))
  const { world } = worldOf()
  await t.rejects(repositoryPlace(clientOf(registry.address), world), {
    code: 'registry-denies',
  })
})

t.test('a directory that cannot be written for a while', async (t) => {
  const { world, said } = worldOf()
  const deliveries = new Deliveries(await directoryPlace('made', world), world)
  rmSync(join(folder, 'made'), { recursive: true })
  deliveries.take(recording('a', 1), false)
  await deliveries.deliver(false)
  t.match(said, [/cannot write .*; trying again/])
  mkdirSync(join(folder, 'made'))
  await deliveries.deliver(true)
  t.strictSame(readdirSync(join(folder, 'made')), ['shop_a_web-aaaaaaaaaaaa.observations.json'])
  deliveries.end()
})

t.test('stdout gets a recording once, when its container has ended', async (t) => {
  const { world, out } = worldOf()
  const deliveries = new Deliveries(stdoutPlace(world), world)
  deliveries.take(recording('a', 1), false)
  await deliveries.deliver(false)
  t.strictSame(out, [])
  deliveries.take(recording('a', 2), true)
  await deliveries.deliver(true)
  t.equal(out.length, 1)
  t.match(JSON.parse(out.join('')), recording('a', 2).observations)
})

t.test('a recorder that starts again leaves the recordings that have a start', { skip }, async (t) => {
  const registry = await startRegistry(join(folder, 'again'))
  t.teardown(registry.end)
  const { world } = worldOf()
  const client = clientOf(registry.address)
  for (const [what, place, names] of [
    [
      'a registry',
      () => repositoryPlace(client, world),
      async () => (await shardsOf(client)).map((tag) => tag.replace(/^o-(.)+?(?=-|$)/, '$1')),
    ],
    [
      'a directory',
      () => directoryPlace('again-files', world),
      async () => readdirSync(join(folder, 'again-files')),
    ],
  ] as const) {
    const collect = async (...all: readonly ContainerRecording[]): Promise<void> => {
      const deliveries = new Deliveries(await place(), world)
      for (const isLast of [false, true]) {
        for (const each of all) deliveries.take(each, isLast)
        await deliveries.deliver(isLast)
      }
      deliveries.end()
    }
    await collect(recording('a', 1))
    const first = await names()
    t.equal(first.length, 1, what)
    await collect({ ...recording('a', 2), wasThere: true }, { ...recording('b', 1), wasThere: true })
    await collect({ ...recording('a', 3), wasThere: true })
    const all = await names()
    t.equal(all.length, 4, `${what}: ${all.join(' ')}`)
    t.ok(all.includes(first[0] ?? ''))
    t.equal(all.filter((name) => /-[23](?:\.|$)/.test(name)).length, 2)
  }
  const { bytes } = await pull(client, `o-${'a'.repeat(32)}`, 'a')
  t.equal(JSON.parse(Buffer.from(bytes).toString()).architectures.x86_64.read.count, 1, 'as it was')
})

t.test('what the place refuses for good holds nothing else up', async (t) => {
  const { world } = worldOf()
  const given: string[] = []
  const place: CollectPlace = {
    onlyFinal: false,
    accept: async ({ id, name }) => {
      if (name.startsWith('refused/')) throw new UserError('no-such-cgroup', { cgroup: name, mount: '' })
      given.push(id.slice(0, 1))
    },
  }
  const deliveries = new Deliveries(place, world)
  const refused = Array.from({ length: 9 }, (_, index) => ({
    ...recording('f', 1),
    id: String(index),
    name: `refused/${index}`,
  }))
  for (const each of [...refused, recording('a', 1), recording('b', 1)]) deliveries.take(each, true)
  for (let looks = 0; looks < 8; looks++) await deliveries.deliver(false)
  t.strictSame(given.sort(), ['a', 'b'])
  t.throws(() => deliveries.end(), { message: /^9 recordings could not be written/ })
})

t.test('nothing is kept of a container whose last recording was accepted', async (t) => {
  const { world } = worldOf()
  const deliveries = new Deliveries({ onlyFinal: false, accept: async () => {} }, world)
  const containers = 20_000
  const { observations } = recording('a', 1)
  const end = async (from: number, to: number): Promise<number> => {
    for (let next = from; next < to; next++) {
      deliveries.take(
        { id: next.toString(16).padStart(64, '0'), name: `shop/${next}`, wasThere: false, observations },
        true,
      )
      await deliveries.deliver(false)
    }
    collectGarbage()
    return process.memoryUsage().heapUsed
  }
  // What V8 keeps of code that runs for the first time is no container's.
  await end(0, containers)
  const before = await end(containers, 2 * containers)
  const after = await end(2 * containers, 3 * containers)
  // An entry of a Map alone takes some 30 bytes, an id 80.
  t.ok(after - before < containers * 16, `${((after - before) / containers).toFixed(1)} bytes a container`)
  t.comment(`${((after - before) / containers).toFixed(1)} bytes a container`)
  t.equal(deliveries.count, 3 * containers)
})

/** A place that can be away, and what it accepted by container: a later recording replaces an earlier one. */
function placeThatMayBeAway() {
  const state = { isAway: false, given: new Map<string, Observations>() }
  const place: CollectPlace = {
    onlyFinal: false,
    accept: async ({ id, observations }) => {
      if (state.isAway) throw new UserError('registry-unreachable', { repository: 'r', words: 'away' })
      state.given.set(id, observations)
    },
  }
  return { state, place }
}
/** The name of a pod as a ReplicaSet draws it: apimachinery util/rand. */
const drawn = (index: number): string =>
  `shop/web-7d9f8c6b5-${[...String(index).padStart(5, '0')].map((digit) => 'bcdfghjklm'[Number(digit)]).join('')}/web`
const nth = (index: number, name: string): ContainerRecording => ({
  ...recording('a', 1, ['read', ['write', 'openat', 'close'][index % 3] ?? '']),
  id: index.toString(16).padStart(64, '0'),
  name,
})

t.test(
  'while a place is away, what waits is bounded, and one workload’s recordings lose nothing',
  async (t) => {
    const { world, said } = worldOf()
    const { state, place } = placeThatMayBeAway()
    const deliveries = new Deliveries(place, world)
    const all = Array.from({ length: 4 * mostDue }, (_, index) => nth(index, drawn(index)))
    // Its first part is there already, so only a recording under its own name may replace it.
    const known = nth(4 * mostDue, drawn(4 * mostDue))
    deliveries.take(known, false)
    await deliveries.deliver(false)
    state.isAway = true
    for (const each of all) {
      deliveries.take(each, true)
      await deliveries.deliver(false)
    }
    const whole = { ...known, ...recording('a', 5, ['read', 'exit']), id: known.id, name: known.name }
    deliveries.take(whole, true)
    t.throws(() => deliveries.end(), { message: new RegExp(`^${4 * mostDue + 1} recordings`) }, 'each counts')
    state.isAway = false
    for (let looks = 0; looks < 40; looks++) await deliveries.deliver(false)
    deliveries.end()
    t.equal(deliveries.count, 4 * mostDue + 1)
    t.ok(state.given.size <= mostDue + 2, `${state.given.size} recordings`)
    const expected = [...all, whole].map(({ observations }) => observations)
    t.strictSame(
      mergeObservations(...state.given.values()),
      mergeObservations(...expected),
      'nothing is lost',
    )
    t.notMatch(said.join(''), /dropped/)
  },
)

t.test('recordings of different containers that wait are dropped beyond a bound, and counted', async (t) => {
  const { world, said } = worldOf()
  const { state, place } = placeThatMayBeAway()
  const deliveries = new Deliveries(place, world)
  state.isAway = true
  const running = nth(0, 'shop/running/web')
  deliveries.take(running, false)
  for (let index = 1; index <= mostDue + 99; index++)
    deliveries.take(nth(index, `shop/name${index}x/web`), true)
  await deliveries.deliver(false)
  state.isAway = false
  for (let looks = 0; looks < 4; looks++) await deliveries.deliver(false)
  t.equal(state.given.size, mostDue)
  t.ok(state.given.has(running.id), 'what still runs stays')
  t.ok(state.given.has(nth(mostDue + 99, '').id), 'the newest stay')
  t.notOk(state.given.has(nth(1, '').id))
  t.equal(said.filter((line) => line.includes('some are dropped')).length, 1)
  t.throws(() => deliveries.end(), { code: 'recordings-left', message: /^100 recordings could not be/ })
})

t.test('who asks a second time does not wait for a registry that does not answer', async (t) => {
  const { server, port } = await listen(createServer(() => undefined))
  t.teardown(() => void (server.closeAllConnections(), server.close()))
  const { world } = worldOf()
  const abandoned = new AbortController()
  const registry = new Registry(parseReference(`127.0.0.1:${port}/observations`), {
    credentials: async () => undefined,
    signal: abandoned.signal,
  })
  const place: CollectPlace = {
    onlyFinal: false,
    accept: async ({ id }, text) => void (await pushObservations(registry, text, `o-${id.slice(0, 32)}`)),
  }
  const deliveries = new Deliveries(place, world, abandoned.signal)
  for (let index = 0; index < 20; index++) deliveries.take(nth(index, drawn(index)), true)
  const begun = performance.now()
  const delivered = deliveries.deliver(true)
  setTimeout(() => abandoned.abort(), 300)
  await delivered
  const took = performance.now() - begun
  t.ok(took >= 300 && took < 5000, `${took.toFixed(0)} ms`)
  t.throws(() => deliveries.end(), { message: /^20 recordings .*a second signal ended/ })
})

t.test('a recording that becomes due while the one before is given is not lost', async (t) => {
  const { world } = worldOf()
  const given: number[] = []
  let release = (): void => undefined
  const place: CollectPlace = {
    onlyFinal: false,
    accept: async ({ observations }) => {
      given.push(observations.architectures.x86_64?.['read']?.count ?? 0)
      await new Promise<void>((resolve) => (release = resolve))
    },
  }
  const deliveries = new Deliveries(place, world)
  deliveries.take(recording('a', 1), false)
  const first = deliveries.deliver(false)
  deliveries.take(recording('a', 9), true)
  release()
  await first
  const second = deliveries.deliver(true)
  release()
  await second
  t.strictSame(given, [1, 9])
  deliveries.end()
})
