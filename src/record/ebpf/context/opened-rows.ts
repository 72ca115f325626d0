// Makes rows of files whose path the kernel told: opened files, and files named by a descriptor.
import type { Container } from './container.ts'
import { addChange, addOpen, addRead, given } from './file-uses.ts'
import { kindOf } from './calls.ts'
import { pathKey, pathValue, textSize } from './layout.ts'
import { textIn, walkedIn } from './walked.ts'
import { modeOf, types } from './words.ts'

export function openedRows(of: Container): void {
  const { own, layout } = of.reading
  for (const [key, value] of of.mine(own.opened, pathKey.container)) {
    const kind = kindOf(layout.machine, key.readUInt32LE(pathKey.slot), false)
    const walked = walkedIn(value, pathValue.walk)
    const use = of.use(key, value)
    const fileMode = key.readUInt32LE(pathKey.fileMode)
    const fileType = types[(fileMode >> 12) & 15] ?? 'unknown'
    if (kind === undefined || (!walked.isReachable && !walked.isCut && fileType !== 'regular')) continue
    of.passed(walked, use.first, fileType === 'directory')
    const text = textIn(value.subarray(pathValue.text, pathValue.text + textSize))
    if (walked.isReachable && text.startsWith('/')) of.texts.push([text, walked.path])
    const told = {
      ...use,
      path: walked.path,
      resolved: true,
      ...(walked.isCut && { cut: true as const }),
      ...(walked.mount !== undefined && { mount: walked.mount }),
      fileType,
      fileMode: modeOf(fileMode),
      fileUid: of.uid(key.readUInt32LE(pathKey.fileUid)),
      fileGid: of.gid(key.readUInt32LE(pathKey.fileGid)),
    }
    for (const path of walked.mounts) mount(of, path, use.first)
    if (kind === 'map-exec') addRead(of, { ...told, kind }, value)
    else if (kind === 'open') addOpen(of, key, value, told)
    else if (kind !== 'execute') addChange(of, { ...told, ...given(of, key, kind), kind }, value)
  }
}

function mount(of: Container, path: string, first: string): void {
  if (!of.rows.mounts.some((each) => each.path === path))
    of.rows.mounts.push({ path, filesystem: 'unknown', readOnly: false, count: 1, first })
}

/** Replaces the mounts that walks passed by the container's own list of mounts, if it was read. */
export function mountsRows(of: Container): void {
  const listed = of.reading.live.mounts.get(of.id)
  if (listed !== undefined) of.rows.mounts = listed.map((each) => ({ ...each, count: 1, first: 'mountinfo' }))
}

/** Adds the directories that were asked for while the container ran, if no walk passed them. */
export function directoryRows(of: Container): void {
  const { directories } = of.rows
  const known = new Set(directories.map(({ path }) => path))
  for (const [path, { mode, uid, gid }] of of.reading.live.directories.get(of.id)?.found ?? [])
    if (!known.has(path))
      directories.push({
        path,
        mode: modeOf(mode),
        uid: of.uid(uid),
        gid: of.gid(gid),
        count: 1,
        first: 'stat',
      })
}
