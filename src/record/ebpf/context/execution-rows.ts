// Makes rows of executed programs, and of the start: the first program under the filter, and the container's settings.
import { changers } from '../../../read/observations/changers.ts'
import type { Container } from './container.ts'
import { containerValue, executionKey, executionValue } from './layout.ts'
import { textIn, walkedIn } from './walked.ts'
import { capabilitiesIn, modeOf } from './words.ts'

export function executionRows(of: Container): void {
  const { own, live } = of.reading
  const starting = of.value.readUInt32LE(containerValue.pid)
  let isTold = true
  for (const [key, value] of of.mine(own.executions, executionKey.container)) {
    const walked = walkedIn(value, executionValue.walk)
    const { uid, gid, euid, egid } = of.ids(key, executionKey.ids)
    const before = of.ids(key, executionKey.before)
    const program = textIn(key.subarray(executionKey.comm, executionKey.comm + 16))
    const counted = of.count(value, program)
    const started = key.readUInt32LE(executionKey.started) === 1
    const length = value.readUInt32LE(executionValue.length)
    const bytes = value.subarray(executionValue.arguments)
    const words =
      length === 0 || length > bytes.length
        ? undefined
        : bytes.toString('utf8', 0, length).replace(/\0$/, '').split('\0')
    const isBeforeKnown = program !== ''
    const gained = capabilitiesIn(
      key.readBigUInt64LE(executionKey.permitted) & ~key.readBigUInt64LE(executionKey.permittedBefore),
    )
    const file = live.files.get(live.fileKey(key))
    isTold &&= file !== undefined
    of.passed(walked, counted.first, false)
    const noNewPrivileges = key.readUInt32LE(executionKey.noNewPrivileges) === 1
    const tells = changers.test(walked.path) || changers.test(program)
    of.rows.executions.push({
      path: walked.path,
      program,
      ...(tells && words !== undefined && { arguments: words }),
      started,
      uid,
      ...(isBeforeKnown && { euidBefore: before.euid, egidBefore: before.egid }),
      euid,
      egid,
      noNewPrivileges,
      ...(isBeforeKnown && started && { gained }),
      ...(file !== undefined && {
        fileCapabilities: capabilitiesIn(file.permitted),
        fileEffective: file.effective,
      }),
      ...counted,
    })
    if (started || !isStart(of, value, starting)) continue
    noteStart(of, walked.path, words, gid, counted.first)
  }
  if (!isTold) of.rows.blind.push({ what: 'file-capabilities', count: 1, first: 'ebpf' })
}

function isStart(of: Container, value: Buffer, starting: number): boolean {
  return of.rows.starts.length === 0 && value.readUInt32LE(executionValue.first) === starting
}

function noteStart(
  of: Container,
  path: string,
  words: readonly string[] | undefined,
  gid: number,
  first: string,
): void {
  const value = of.value
  const word = (place: number): number => value.readUInt32LE(place)
  const { uid } = of.ids(value, containerValue.ids)
  const ports = value.readInt32LE(containerValue.ports)
  // MNT_READONLY (include/linux/mount.h) of the mount, SB_RDONLY (include/linux/fs.h) of the file system.
  const readOnlyRoot =
    (word(containerValue.mountFlags) & 0x40) !== 0 || (word(containerValue.superFlags) & 1) !== 0
  of.rows.starts.push({
    recorder: of.reading.recorder,
    path,
    ...(words !== undefined && { arguments: words }),
    uid,
    gid,
    ...of.groups(value, word(containerValue.groupCount), containerValue.groups),
    permitted: capabilitiesIn(value.readBigUInt64LE(containerValue.permitted)),
    bounding: capabilitiesIn(value.readBigUInt64LE(containerValue.bounding)),
    noNewPrivileges: word(containerValue.noNewPrivileges) === 1,
    ownUserNamespace: word(containerValue.level) > 0,
    rootMode: modeOf(word(containerValue.rootMode)),
    rootUid: of.uid(word(containerValue.rootUid)),
    rootGid: of.gid(word(containerValue.rootGid)),
    readOnlyRoot,
    ...(ports >= 0 && {
      unprivilegedPorts: ports,
      pingGroups: [word(containerValue.pings), word(containerValue.pings + 4)].map((each) => of.gid(each)),
    }),
    count: 1,
    first,
  })
}
