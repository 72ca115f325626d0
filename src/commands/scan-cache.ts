// Keeps decoded code and scan results between scans in the user's cache directory (XDG base directory specification).
// Entries are named by the digest of the file, so they never become stale, and results also by this build. A directory
// that others can write to is not used.
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { lstat, mkdir, open, readFile, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { isSingleFile } from '../own.ts'
import type { RecordCache, Records } from '../scan/index.ts'

/** Raise it if the form of the entries changes, or the facts that are recorded about code. */
const version = 5
const magic = 0x53434752

/** Undefined if no directory exists that only we can write to: the scan then works without a cache. */
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
  const read = (name: string): Buffer | undefined => {
    try {
      return unsealed(readFileSync(join(directory, name)))
    } catch {
      return undefined
    }
  }
  const write = async (name: string, bytes: Buffer): Promise<void> => {
    const place = join(directory, name)
    const temporary = `${place}.${process.pid}.tmp`
    try {
      const handle = await open(temporary, 'wx', 0o600)
      await handle.writeFile(sealed(bytes)).finally(() => handle.close())
      await rename(temporary, place)
    } catch {
      // A full disk costs time, but no result.
      await rm(temporary, { force: true }).catch(() => undefined)
    }
  }
  const build = await ownBuild()
  return {
    get: async (file) => decode(read(file)),
    put: (file, records) => write(file, encode(records)),
    ...(build === undefined
      ? {}
      : {
          answers: {
            get: async (key) => read(named(build, key))?.toString(),
            put: (key, text) => write(named(build, key), Buffer.from(text)),
          },
        }),
  }
}

/**
 * The identity of this build: the text of the bundle's first file, which names all others by their contents, or the
 * size and time of the executable. Undefined during development.
 */
async function ownBuild(): Promise<string | undefined> {
  try {
    if (!isSingleFile) return await readFile(join(import.meta.dirname, 'cli.cjs'), 'utf8')
    const { size, mtimeMs } = await stat(process.execPath)
    return `${size} ${mtimeMs}`
  } catch {
    return undefined
  }
}

/** SHA-256 in hexadecimal digits. */
export function sha256(bytes: string | Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}

function named(build: string, key: string): string {
  return `answer-${sha256(`${build}\n${key}`)}`
}

/** Appends the digest to the body, so that a truncated file is noticed. */
function sealed(body: Buffer): Buffer {
  return Buffer.concat([body, createHash('sha1').update(body).digest()])
}

function unsealed(bytes: Buffer): Buffer | undefined {
  const body = bytes.subarray(0, -20)
  return createHash('sha1').update(body).digest().equals(bytes.subarray(-20)) ? body : undefined
}

function encode({ at, to, kind, count, instructions }: Records): Buffer {
  const head = Buffer.alloc(16)
  head.writeUInt32LE(magic, 0)
  head.writeUInt32LE(version, 4)
  head.writeUInt32LE(count, 8)
  head.writeUInt32LE(instructions, 12)
  return Buffer.concat([head, bytesOf(at), bytesOf(to), bytesOf(kind)])
}

/** Undefined for damaged entries. */
function decode(body: Buffer | undefined): Records | undefined {
  if (
    body === undefined ||
    body.length < 16 ||
    body.readUInt32LE(0) !== magic ||
    body.readUInt32LE(4) !== version
  )
    return undefined
  const count = body.readUInt32LE(8)
  if (body.length !== 16 + count * 9) return undefined
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
