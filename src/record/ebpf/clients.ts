// Finds the clients of container engines that a command starts, and their arguments. The record has only a client's own
// calls: its container runs elsewhere. The arguments are read after execve, before the program can change them.
// Authority: fs/exec.c (exec_binprm calls sched_process_exec when mm->arg_start is set).
import * as bpf from './assembler.ts'
import type { AssemblyLine } from './assembler.ts'
import type { KernelMap, MapCalls } from './kernel.ts'
import { clientIn } from '../command/clients.ts'
import type { StartedClient } from '../recorder.ts'
import type { Layout } from './layout.ts'
import { controlKeys, type Maps } from './maps.ts'
import { done, frame, note, read, readUser, update } from './blocks.ts'
import { member, type Membership } from './membership.ts'

const commSize = 16
/**
 * Places in a value: the addresses at which the arguments begin and end in the program's memory; the task's name in the
 * kernel (the name of the executed file, even of a script); the bytes of the arguments.
 */
const places = { start: 0, end: 8, comm: 16, text: 16 + commSize } as const
/** Compared by the first four bytes of the task's name; systemd-run by eight, as other names begin with `systemd`. */
const clients = ['docker', 'podman', 'nerdctl', 'kubectl', 'crictl', 'ctr\0', 'runc', 'crun']
const [systemd, run] = ['syst', 'emd-']
/** The bytes of arguments that are kept. The shorter sizes are for arguments near the end of readable memory. */
const kept = 256
const shorter = [96, 32, 8]
const valueSize = places.text + kept

export function createClientsMap(calls: MapCalls): KernelMap {
  return calls.createMap('clients', { type: 'hash', key: 4, value: valueSize, entries: 1024 })
}

/** sched_process_exec(struct task_struct *, …). Undefined if this kernel does not tell where arguments lie. */
export function startedClient(
  layout: Layout,
  maps: Maps,
  map: KernelMap,
  membership: Membership,
): readonly AssemblyLine[] | undefined {
  const { words } = layout
  if (words === undefined) return undefined
  const [pid, value] = [-8, -16 - valueSize]
  const comm = value + places.comm
  const copy = (size: number): readonly AssemblyLine[] => [
    bpf.load(3, frame, value + places.start),
    ...readUser(size, value + places.text),
    bpf.jumpIf(0, 'equal', 0, 'read'),
  ]
  return [
    ...member(layout, maps, membership, false),
    bpf.move(1, frame),
    bpf.add(1, comm),
    bpf.set(2, commSize),
    bpf.call('currentComm'),
    bpf.loadLower(1, frame, comm),
    ...clients.map((name) => bpf.jumpIfLower(1, 'equal', beginning(name), 'client')),
    bpf.jumpIfLower(1, 'notEqual', beginning(systemd), 'done'),
    bpf.loadLower(1, frame, comm + 4),
    bpf.jumpIfLower(1, 'notEqual', beginning(run), 'done'),
    bpf.label('client'),
    ...read(8, words.mm, 8, value + places.start),
    bpf.load(7, frame, value + places.start),
    ...read(7, words.start, 8, value + places.start),
    ...read(7, words.end, 8, value + places.end),
    ...[kept, ...shorter].flatMap(copy),
    bpf.jump('done'),
    bpf.label('read'),
    bpf.call('currentPidTgid'),
    bpf.shiftRight(0, 32),
    bpf.storeLower(frame, pid, 0),
    ...update(map, pid, value, 0),
    bpf.jumpIf(0, 'equal', 0, 'done'),
    ...note(maps, controlKeys.lostProcesses, 'done'),
    ...done,
  ]
}

const beginning = (name: string): number => Buffer.from(name).readInt32LE()

export function readClients(calls: MapCalls, map: KernelMap): readonly StartedClient[] {
  return [...calls.keys(map)].flatMap((key) => {
    const bytes = calls.lookup(map, key)
    return bytes === undefined ? [] : [{ pid: key.readUInt32LE(), words: wordsIn(bytes) }]
  })
}

/** Each argument ends in a NUL. The environment follows the last one. argv[0] may be anything (exec -a). */
function wordsIn(value: Buffer): readonly string[] {
  const length = Number(value.readBigUInt64LE(places.end) - value.readBigUInt64LE(places.start))
  const text = value.toString('utf8', places.text, places.text + Math.min(length, kept))
  const words = text.replace(/\0+$/, '').split('\0')
  const [name = ''] = value.toString('latin1', places.comm, places.comm + commSize).split('\0')
  return clientIn(words) === undefined ? [name, ...words.slice(1)] : words
}
