// Makes test/record/fixtures/*.btf from a kernel's description of its own types: only the structures that the ebpf
// recorder reads, with every member's name and place. The types of members that lead from one of the structures to
// another are kept; other types are void. Authority: Documentation/bpf/btf.rst.
//
// The source is /sys/kernel/btf/vmlinux of a running kernel, or an uncompressed kernel image that holds it (.BTF). For arm64:
//   dpkg --add-architecture arm64 && apt-get update && apt-get download linux-image-6.1.0-56-arm64:arm64
//   dpkg-deb -x linux-image-*.deb DIR
//   npx tsx scripts/make-btf.ts DIR/boot/vmlinuz-6.1.0-56-arm64 test/record/fixtures/linux-6.1.0-56-arm64.btf
import { readFileSync, writeFileSync } from 'node:fs'
import { kinds, magic, typeSizes } from '../src/record/ebpf/btf.ts'

const wanted: ReadonlySet<string> = new Set([
  'task_struct',
  'thread_info',
  'seccomp',
  'signal_struct',
  'pt_regs',
  'user_pt_regs',
])
const [source, target] = process.argv.slice(2)
if (source === undefined || target === undefined)
  throw new Error('give a kernel (or its BTF) and the file to write')

const headerSize = 24
const btf = btfIn(readFileSync(source))
const types = typesOf(btf)
const nameOf = (at: number): string => textAt(btf.readUInt32LE(at))
const kindOf = (at: number): number => (btf.readUInt32LE(at + 4) >>> 24) & 0x1f
const isAggregate = (at: number): boolean => kindOf(at) === kinds.struct || kindOf(at) === kinds.union

const kept: number[] = []
for (const [id, at] of types.entries())
  if (at >= 0 && kindOf(at) === kinds.struct && wanted.has(nameOf(at))) keep(id)
const newIds = new Map(kept.map((id, index) => [id, index + 1]))

/** Keeps a structure and the unnamed ones inside it. */
function keep(id: number): void {
  if (kept.includes(id)) return
  kept.push(id)
  for (const member of membersOf(types[id] ?? 0)) {
    const type = btf.readUInt32LE(member + 4)
    const at = types[type] ?? -1
    if (btf.readUInt32LE(member) === 0 && at >= 0 && isAggregate(at)) keep(type)
  }
}

const strings = [Buffer.alloc(1)]
const places = new Map([['', 0]])
let end = 1
const out = kept.map((id) => {
  const at = types[id] ?? 0
  const bytes = Buffer.from(btf.subarray(at, at + 12 + membersOf(at).length * 12))
  bytes.writeUInt32LE(place(nameOf(at)), 0)
  for (let member = 12; member < bytes.length; member += 12) {
    bytes.writeUInt32LE(place(textAt(bytes.readUInt32LE(member))), member)
    bytes.writeUInt32LE(newIds.get(bytes.readUInt32LE(member + 4)) ?? 0, member + 4)
  }
  return bytes
})
const body = Buffer.concat(out)
const header = Buffer.alloc(headerSize)
header.writeUInt16LE(magic, 0)
header.writeUInt8(1, 2)
for (const [index, value] of [headerSize, 0, body.length, body.length, end].entries())
  header.writeUInt32LE(value, 4 + index * 4)
writeFileSync(target, Buffer.concat([header, body, ...strings]))
console.log(`${target}: ${kept.length} of ${types.length - 1} types`)

function place(text: string): number {
  const known = places.get(text)
  if (known !== undefined) return known
  const bytes = Buffer.from(`${text}\0`, 'latin1')
  places.set(text, end)
  strings.push(bytes)
  end += bytes.length
  return end - bytes.length
}

function membersOf(at: number): readonly number[] {
  const count = btf.readUInt32LE(at + 4) & 0xffff
  return Array.from({ length: count }, (_, index) => at + 12 + index * 12)
}

function textAt(offset: number): string {
  const start = headerSize + btf.readUInt32LE(16) + offset
  return btf.toString('latin1', start, btf.indexOf(0, start))
}

/** The offset of each type, by type id. */
function typesOf(bytes: Buffer): readonly number[] {
  const found = [-1]
  const start = headerSize + bytes.readUInt32LE(8)
  for (let at = start; at < start + bytes.readUInt32LE(12);) {
    found.push(at)
    const info = bytes.readUInt32LE(at + 4)
    const [fixed, each] = typeSizes[(info >>> 24) & 0x1f] ?? [Number.NaN, 0]
    at += 12 + fixed + each * (info & 0xffff)
  }
  return found
}

/** The whole file, or the BTF part of a kernel image. */
function btfIn(bytes: Buffer): Buffer {
  const start = Buffer.from([0x9f, 0xeb, 1, 0, headerSize, 0, 0, 0])
  for (let at = bytes.indexOf(start); at >= 0; at = bytes.indexOf(start, at + 1)) {
    const size = headerSize + bytes.readUInt32LE(at + 16) + bytes.readUInt32LE(at + 20)
    // Modules' BTF begins with other structures; vmlinux's comes first and is complete.
    if (at + size <= bytes.length) return bytes.subarray(at, at + size)
  }
  throw new Error(`${source} holds no BTF: is the image compressed?`)
}
