// Collects the evidence of a security context in a trace: paths that calls opened or changed or that were refused,
// programs, changed ids, ports, capability sets, user namespaces and io_uring rings. Lists as blind what strace cannot
// show: capability checks, modes and owners, mounts, and the ids of a thread that neither asked for nor changed them.
// Authority: strace(1); the pages of the calls in section 2.
import { errnoNames, type RefusedErrno } from './refused.ts'
import { changers } from '../../observations/changers.ts'
import { blindTo, type BlindSpot, type ObservedContext } from '../../observations/context.ts'
import { identityCalls, plainCall } from '../../observations/plain-call.ts'
import type { DiagnosticCode } from '../../diagnostics.ts'
import { placeOf } from '../../place.ts'
import { argumentsOf } from '../call-values.ts'
import type { CameBack } from '../completion.ts'
import type { CallText } from '../events.ts'
import { inherit, type Subscriber } from '../subscriber.ts'
import { makesProcess, type Thread } from '../thread.ts'
import { changedIds } from './identity.ts'
import { noteDone, changing } from './process-changes.ts'
import { effectiveUser, executionIds, fileIds, KeptRows, startIds } from './kept-rows.ts'
import { raiseIn } from './raises.ts'
import { pathCalls, pathDeed } from './path-deeds.ts'
import { ProcessState } from './process-state.ts'
import { addressIn, flagsIn, resultPath, stringsIn } from './texts.ts'

interface EnteredCall {
  /** The name in evidence: chown for chown32. */
  readonly name: string
  readonly texts: readonly string[]
  readonly first: string
}

const always = ['checks', 'owners', 'mounts', 'ids', 'file-capabilities', 'gains'] as const
const lowPorts = 1024
const limit = 4096

/** Sets an entry, and forgets the oldest beyond the limit: a fork may never return, and a child may have no line. */
function keep<Key, Value>(map: Map<Key, Value>, key: Key, value: Value): void {
  const [oldest] = map.keys()
  if (map.size >= limit && oldest !== undefined) map.delete(oldest)
  map.set(key, value)
}

export class StraceContext implements Subscriber {
  readonly #source: () => string
  readonly #rows = new KeptRows()
  /** By thread, once a call of the thread was read. */
  readonly #states = new WeakMap<Thread, ProcessState>()
  /** By pid: children that have had no line yet. */
  readonly #children = new Map<number, ProcessState>()
  /** The pids that had a line before the call that made them came back. */
  readonly #presumed = new Set<number>()
  /** By thread, the call that it is inside. */
  readonly #entered = new WeakMap<Thread, EnteredCall>()
  /** The threads inside a fork, with its flags: the child's lines may come before the fork returns. */
  readonly #making = new Map<Thread, ReadonlySet<string>>()
  /** False once there were too many threads inside a fork to keep all. */
  #knowsMakers = true
  /** The name of the first program that was executed. */
  #name: string | undefined

  constructor(source: () => string) {
    this.#source = source
  }

  entered(thread: Thread, call: CallText): void {
    const name = plainName(call.name)
    if (!isTold(name)) return
    const { texts } = argumentsOf(call)
    this.#entered.set(thread, { name, texts, first: placeOf(this.#source(), call.line) })
    if (!makesProcess(name)) return
    this.#stateOf(thread)
    keep(this.#making, thread, flagsIn(texts.join(' ')))
    this.#knowsMakers &&= this.#making.size < limit
  }

  returned(thread: Thread, _: string, result: CameBack, child: number | undefined, line: string): void {
    const call = this.#entered.get(thread)
    if (call === undefined) return
    this.#entered.delete(thread)
    const state = this.#stateOf(thread)
    const flags = this.#making.get(thread)
    this.#making.delete(thread)
    if (result.injected || result.value === undefined) return
    const refused = result.value === -1n ? errnoNames.get(result.errno ?? 0) : undefined
    if (result.value === -1n && refused === undefined) return
    if (child !== undefined && flags !== undefined) this.#expect(child, state.forked(flags))
    this.#path(call, state, refused, line)
    this.#privilege(call, state, refused)
    if (refused === undefined) this.#done(call, state, Number(result.value), line)
  }

  superseded(leader: Thread, by: Thread): void {
    this.#making.delete(leader)
    inherit(this.#entered, leader, by)
  }

  /** Keeps a child's state until its first line. */
  #expect(pid: number, child: ProcessState): void {
    if (!this.#presumed.delete(pid)) keep(this.#children, pid, child)
  }

  /** The state of a thread. An announced child is a new process, even if another thread had its pid before. */
  #stateOf(thread: Thread): ProcessState {
    const { pid } = thread
    const announced = pid === undefined ? undefined : this.#children.get(pid)
    if (pid !== undefined) this.#children.delete(pid)
    const known = announced ?? this.#states.get(thread)
    if (known !== undefined && announced === undefined) return known
    const state = known ?? this.#presume(pid) ?? new ProcessState()
    this.#states.set(thread, state)
    return state
  }

  /** The state of a child, if only one thread is inside a fork. */
  #presume(pid: number | undefined): ProcessState | undefined {
    const [[maker, flags] = []] = this.#knowsMakers && this.#making.size === 1 ? this.#making : []
    const parent = maker === undefined ? undefined : this.#states.get(maker)
    if (flags === undefined || parent === undefined) return undefined
    if (pid !== undefined && this.#presumed.size < limit) this.#presumed.add(pid)
    return parent.forked(flags)
  }

  #path(
    { name, texts, first }: EnteredCall,
    state: ProcessState,
    refused: RefusedErrno | undefined,
    line: string,
  ): void {
    for (const each of pathCalls.get(name) ?? []) {
      if (each.how === 'asks' && refused !== 'EROFS') continue
      const deed = pathDeed(each, texts, state, refused === undefined ? resultPath(line) : undefined)
      if (deed === undefined) continue
      const { program, started, ids } = state
      const { kind, path, ...told } = deed
      const use = { path, call: name, program, started, ...told, ...(refused !== undefined && { refused }) }
      if (kind === 'execute') this.#executed(path, texts, state, refused, first)
      else if (kind === 'map-exec') this.#rows.add('reads', { kind, ...use }, first, ids, fileIds)
      else if (kind === 'open' && use.writes !== true && use.creates !== true)
        this.#rows.add('reads', { kind, ...use }, first, ids, fileIds)
      else this.#rows.add('changes', { kind, ...use }, first, ids, fileIds)
    }
  }

  #executed(
    path: string,
    texts: readonly string[],
    state: ProcessState,
    refused: RefusedErrno | undefined,
    first: string,
  ): void {
    const { program, started } = state
    const words = stringsIn(texts.find((each) => /^(?:[a-z_]+=)?\[/.test(each)))
    const told = words !== undefined && { arguments: words }
    if (refused === undefined) {
      this.#name ??= nameOf(path)
      // The name of a task has at most 15 bytes (prctl(2), PR_SET_NAME).
      state.executed(nameOf(path).slice(0, 15))
      if (!started)
        this.#rows.add('starts', { recorder: 'strace', path, ...told }, first, state.ids, startIds)
    }
    this.#rows.add(
      'executions',
      {
        path,
        program,
        ...((changers.test(path) || changers.test(program)) && told),
        started,
        ...(refused !== undefined && { refused }),
      },
      first,
      state.ids,
      executionIds,
    )
  }

  /** Notes a call that takes or gives privileges, whether it succeeded or was refused. */
  #privilege(
    { name, texts, first }: EnteredCall,
    state: ProcessState,
    refused: RefusedErrno | undefined,
  ): void {
    const { program, started, ids } = state
    const was = refused !== undefined && { refused }
    if (name === 'bind') {
      const address = addressIn(texts[1])
      if (address === undefined || address.family === 'unix') return
      const { family, port } = address
      if (port === 0 || port >= lowPorts) return
      this.#rows.add('binds', { family, port, program, started, ...was }, first, ids, effectiveUser)
    } else if (name === 'unshare' || makesProcess(name)) {
      if (!flagsIn(texts.join(' ')).has('CLONE_NEWUSER')) return
      this.#rows.add('userNamespaces', { call: name, program, started, ...was }, first, ids, effectiveUser)
    } else {
      const raise = raiseIn(name, texts, refused !== undefined)
      if (raise !== undefined)
        this.#rows.add('raises', { ...raise, program, started, ...was }, first, ids, effectiveUser)
      if (name === 'io_uring_setup' && refused === undefined) this.#rows.add('rings', { program }, first)
    }
  }

  /** Updates the state of the thread after a successful call. */
  #done({ name, texts, first }: EnteredCall, state: ProcessState, value: number, line: string): void {
    const ids = changedIds(name, texts, state.ids)
    if (ids !== undefined) {
      state.ids = ids
      const { program, started } = state
      this.#rows.add('identities', { call: name, program, started }, first, ids, (each) => each)
      return
    }
    noteDone({ name, texts }, state, value, line)
  }

  /** `missing`: the parts of the run that the trace lacks. */
  context(missing: ReadonlySet<DiagnosticCode>): ObservedContext {
    const blind: BlindSpot['what'][] = [...always]
    if (missing.has('startup-missing') || missing.has('detached')) blind.push('start')
    if (
      ['filtered', 'counts-only', 'children-not-followed'].some((each) => missing.has(each as DiagnosticCode))
    )
      blind.push('files')
    return { name: this.#name ?? 'program', ...this.#rows.lists(), blind: blindTo(blind, 'strace') }
  }
}

const others: ReadonlySet<string> = new Set([
  ...identityCalls,
  'capset',
  'prctl',
  'unshare',
  'io_uring_setup',
])

/** plainCall() keeps the suffix of calls that ask for ids (getuid32). */
const plainName = (name: string): string => plainCall(name).replace(/(?<=[a-z])32$/, '')

function isTold(name: string): boolean {
  return pathCalls.has(name) || others.has(name) || changing.has(name) || makesProcess(name)
}

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1)
}
