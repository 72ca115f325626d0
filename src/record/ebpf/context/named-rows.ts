// Makes rows of paths as programs wrote them: each is joined to its directory, and known links are followed.
import type { Container } from './container.ts'
import { addChange, addOpen, given } from './file-uses.ts'
import { kindOf } from './calls.ts'
import { followLinks, linksFrom, mountOf, wholePath } from './links.ts'
import { pathKey, pathValue, textSize } from './layout.ts'
import { textIn, walkedIn } from './walked.ts'

export function namedRows(of: Container): void {
  const { own, layout } = of.reading
  const mounts = of.rows.mounts.map(({ path }) => path)
  const changed = of.mine(own.changed, pathKey.container).map(([key, value]) => {
    const base = walkedIn(value, pathValue.walk)
    const use = of.use(key, value)
    of.passed(base, use.first, true)
    return { key, value, base, use }
  })
  const links = linksFrom(of.texts, new Set(of.rows.directories.map(({ path }) => path)))
  for (const { key, value, base, use } of changed) {
    const second = key.readUInt32LE(pathKey.second) === 1
    const kind = kindOf(layout.machine, key.readUInt32LE(pathKey.slot), second)
    const text = textIn(key.subarray(pathKey.text, pathKey.text + textSize))
    const written = wholePath(base.path, text)
    const path = base.isReachable ? followLinks(written, links) : written
    const cut = base.isCut || Buffer.byteLength(text) >= textSize - 1
    const mount = base.isReachable && !cut ? mountOf(path, mounts) : undefined
    const told = {
      ...use,
      path,
      resolved: false,
      ...(cut && { cut: true as const }),
      ...(mount !== undefined && { mount }),
    }
    if (kind === 'open') addOpen(of, key, value, told)
    else if (kind === 'execute') {
      const { program, started, uid, gid, count, first, refused } = told
      of.rows.executions.push({
        path,
        program,
        started,
        ...(uid !== undefined && { uid, euid: uid }),
        ...(gid !== undefined && { egid: gid }),
        count,
        first,
        ...(refused !== undefined && { refused }),
      })
    } else if (kind !== undefined && kind !== 'map-exec')
      addChange(of, { ...told, ...given(of, key, kind), kind }, value)
  }
}
