// The maps that keep the evidence about a security context. layout.ts has the places in their keys and values.
import type { KernelMap, MapCalls } from '../kernel.ts'
import type { RecorderMachine } from '../layout.ts'
import { slotsOf } from '../maps.ts'
import {
  beforeValue,
  bindKey,
  changedKeySize,
  checkKey,
  containerValue,
  executionKey,
  executionValue,
  identityKey,
  lostPlaces,
  pathKey,
  pathValue,
  privilegeKey,
  slots,
  specPlaces,
} from './layout.ts'

export interface ContextMaps {
  readonly containers: KernelMap
  /** By process: the process or an ancestor has executed a program under the filter. */
  readonly started: KernelMap
  /** By process: inits of containers that were running before the recording. */
  readonly inits: KernelMap
  /** By thread: the capabilities granted to the current call, and its slot. */
  readonly granted: KernelMap
  readonly before: KernelMap
  readonly checks: KernelMap
  readonly opened: KernelMap
  readonly changed: KernelMap
  readonly executions: KernelMap
  readonly identities: KernelMap
  readonly binds: KernelMap
  readonly privileges: KernelMap
  readonly specs: KernelMap
  readonly programs: KernelMap
  /** By the slot in which a call is counted: 1 if its end has a program. */
  readonly evident: KernelMap
  readonly scratch: KernelMap
  readonly lost: KernelMap
}

export function createContextMaps(calls: MapCalls, machine: RecorderMachine): ContextMaps {
  const hash = (name: string, key: number, value: number, entries: number, fixed = false): KernelMap =>
    calls.createMap(name, { type: 'hash', key, value, entries, ...(fixed && { fixed: true }) })
  return {
    containers: hash('containers', 8, containerValue.size, 256),
    started: hash('started', 4, 4, 65536),
    inits: hash('inits', 4, 4, 1024),
    granted: hash('granted', 8, 16, 16384),
    before: hash('before', 4, beforeValue.size, 16384),
    checks: hash('checks', checkKey.size, 8, 4096),
    opened: hash('opened', pathKey.size, pathValue.size, 8192, true),
    changed: hash('changed', changedKeySize, pathValue.size, 4096, true),
    executions: hash('executions', executionKey.size, executionValue.size, 1024, true),
    identities: hash('identities', identityKey.size, 8, 1024),
    binds: hash('binds', bindKey.size, 8, 1024),
    privileges: hash('privileges', privilegeKey.size, 8, 1024),
    specs: calls.createMap('specs', { type: 'array', key: 4, value: specPlaces.size, entries: slots.all }),
    programs: calls.createMap('programs', { type: 'programs', key: 4, value: 4, entries: slots.all }),
    evident: calls.createMap('evident', { type: 'array', key: 4, value: 4, entries: slotsOf(machine) }),
    scratch: calls.createMap('scratch', { type: 'perCpuArray', key: 4, value: 2560, entries: 1 }),
    lost: calls.createMap('context_lost', { type: 'array', key: 4, value: 8, entries: lostPlaces.all }),
  }
}
