// Keeps the programs of an image in a temporary file during its scan, because an image may hold gigabytes of programs,
// of which the scan reads a few. The file has no name, so it vanishes with the process, whatever ends the process.
import { closeSync, mkdtempSync, openSync, readSync, rmSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inMemory } from '../scan/index.ts'

export interface Aside {
  put(bytes: Uint8Array): () => Promise<Uint8Array>
  close(): void
}

/** Programs for which the temporary directory has no room stay in memory. */
export function openAside(): Aside {
  let file: number | undefined
  let isOpen = false
  let end = 0
  return {
    put: (bytes) => {
      if (!isOpen) file = openNameless()
      isOpen = true
      if (file === undefined || !isWritten(file, bytes, end)) return inMemory(bytes)
      end += bytes.length
      return fromFile(file, end - bytes.length, bytes.length)
    },
    close: () => {
      if (file !== undefined) closeSync(file)
      file = undefined
    },
  }
}

/** Outside put(), whose closures would all keep the bytes in memory. */
function fromFile(file: number, offset: number, size: number): () => Promise<Uint8Array> {
  return async () => {
    const read = new Uint8Array(size)
    for (let at = 0; at < size;) {
      const count = readSync(file, read, at, size - at, offset + at)
      if (count === 0) throw new Error('the temporary file became shorter')
      at += count
    }
    return read
  }
}

function openNameless(): number | undefined {
  try {
    const directory = mkdtempSync(join(tmpdir(), 'seccomp-gen-scan-'))
    try {
      return openSync(join(directory, 'programs'), 'wx+', 0o600)
    } finally {
      rmSync(directory, { recursive: true, force: true })
    }
  } catch {
    return undefined
  }
}

function isWritten(file: number, bytes: Uint8Array, offset: number): boolean {
  try {
    let at = 0
    while (at < bytes.length) at += writeSync(file, bytes, at, bytes.length - at, offset + at)
    return true
  } catch {
    return false
  }
}
