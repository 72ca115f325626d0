// What was read of files' code, kept between scans by the digest of the file, in a directory of the user's own. The same
// digest is the same file, so that nothing grows old. A directory that others may write to is not used.
import { createHash } from 'node:crypto'
import { lstat, mkdir, open, readFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { RecordCache, Records } from '../scan/index.ts'

/** Changes where what is kept changes. */
const version = 1
const magic = 0x53434752

/** Undefined where there is no directory for it, or none that is ours alone: the scan goes without. */
export async function openCache(
  env: Readonly<Record<string, string | undefined>>,
): Promise<RecordCache | undefined> {
  const home = env['XDG_CACHE_HOME']?.startsWith('/')
    ? env['XDG_CACHE_HOME']
    : env['HOME']?.startsWith('/')
      ? join(env['HOME'], '.cache')
      : undefined
  if (home === undefined) return undefined
  const directory = join(home, 'seccomp-gen', `scan-${version}`)
  try {
    await mkdir(directory, { recursive: true, mode: 0o700 })
    for (const each of [join(home, 'seccomp-gen'), directory]) {
      const found = await lstat(each)
      if (!found.isDirectory() || found.uid !== process.getuid?.() || (found.mode & 0o022) !== 0)
        return undefined
    }
  } catch {
    return undefined
  }
  const fileOf = (sha256: string): string => join(directory, sha256)
  return {
    get: async (sha256) => {
      try {
        return decode(await readFile(fileOf(sha256)))
      } catch {
        return undefined
      }
    },
    put: async (sha256, records) => {
      const temporary = `${fileOf(sha256)}.${process.pid}.tmp`
      try {
        const handle = await open(temporary, 'wx', 0o600)
        await handle.writeFile(encode(records)).finally(() => handle.close())
        await rename(temporary, fileOf(sha256))
      } catch {
        // A full disk costs time, no result.
        await rm(temporary, { force: true }).catch(() => undefined)
      }
    },
  }
}

function encode({ at, to, kind, count, instructions }: Records): Buffer {
  const head = Buffer.alloc(16)
  head.writeUInt32LE(magic, 0)
  head.writeUInt32LE(version, 4)
  head.writeUInt32LE(count, 8)
  head.writeUInt32LE(instructions, 12)
  const body = Buffer.concat([head, bytesOf(at), bytesOf(to), bytesOf(kind)])
  return Buffer.concat([body, createHash('sha1').update(body).digest()])
}

/** Undefined for what is damaged. */
function decode(bytes: Buffer): Records | undefined {
  const body = bytes.subarray(0, -20)
  if (body.length < 16 || body.readUInt32LE(0) !== magic || body.readUInt32LE(4) !== version) return undefined
  const count = body.readUInt32LE(8)
  if (body.length !== 16 + count * 9 || !createHash('sha1').update(body).digest().equals(bytes.subarray(-20)))
    return undefined
  const words = (from: number): Uint32Array => {
    const copy = new Uint8Array(count * 4)
    copy.set(body.subarray(from, from + count * 4))
    return new Uint32Array(copy.buffer)
  }
  return {
    count,
    instructions: body.readUInt32LE(12),
    at: words(16),
    to: words(16 + count * 4),
    kind: Uint8Array.from(body.subarray(16 + count * 8)),
  }
}

function bytesOf(column: Uint32Array | Uint8Array): Uint8Array {
  return new Uint8Array(column.buffer, column.byteOffset, column.byteLength)
}
