// Reads the loader's cache, which has the paths of libraries. Authority: glibc sysdeps/generic/dl-cache.h (the new
// format, alone or after the old one).
import type { ElfMachine } from '../elf/image.ts'
import { Bytes } from '../elf/bytes.ts'

const magic = 'glibc-ld.so.cache1.1'
/** FLAG_ELF_LIBC6 with the processor's bits. */
const flags: Readonly<Record<ElfMachine, number>> = { x86_64: 0x0303, aarch64: 0x0a03 }

/** Paths by the name of the library, the preferred one first. Empty if the bytes are not such a cache. */
export function readLdCache(bytes: Uint8Array, machine: ElfMachine): ReadonlyMap<string, readonly string[]> {
  const file = new Bytes('ld.so.cache', bytes)
  const found = new Map<string, string[]>()
  let start = 0
  if (file.text(0, 11) === 'ld.so-1.7.0') {
    // The old cache: 12-byte entries after a 16-byte header; the new one follows at a multiple of 8.
    start = (16 + file.u32(12) * 12 + 7) & ~7
  }
  if (file.text(start, 20) !== magic) return found
  const count = file.u32(start + 20)
  for (let index = 0; index < count; index++) {
    const at = start + 48 + index * 24
    if (at + 24 > file.size) break
    if ((file.u32(at) & 0xffff) !== flags[machine]) continue
    const [name, path] = [file.text(start + file.u32(at + 4)), file.text(start + file.u32(at + 8))]
    const before = found.get(name)
    // Libraries for newer processors only (hwcap) come first in the file and last here.
    const isForAll = file.u32(at + 16) === 0 && file.u32(at + 20) === 0
    if (before === undefined) found.set(name, [path])
    else if (isForAll) before.unshift(path)
    else before.push(path)
  }
  return found
}
