// Reads where functions begin and end from the unwind tables, which stripped files have too. Reading ends at damaged
// data, because no result depends on complete tables. Authority: the LSB's chapter on .eh_frame, DWARF 4 section 6.4.1.
import { segmentType, sectionType, type ElfImage, type AddressRange } from './image.ts'

const mostEntries = 4_000_000

export function readFrames(image: ElfImage): readonly AddressRange[] {
  const table = place(image)
  if (table === undefined) return []
  const { file, base } = image
  const { from, to, address } = table
  const encodings = new Map<number, Frames>()
  const found: AddressRange[] = []
  for (let at = from, count = 0; at + 8 <= to && count < mostEntries; count++) {
    const length = file.u32(at)
    // A zero ends the entries of one input of the linker; more may follow.
    if (length === 0) {
      at += 4
      continue
    }
    if (length === 0xffffffff || at + 4 + length > to) break
    const body = at + 4
    const id = file.u32(body)
    if (id === 0) encodings.set(at, framesOf(image, body + 4, body + length))
    else {
      const frames = encodings.get(body - id)
      if (frames !== undefined) {
        const { encoding, isOfSignals } = frames
        const place = body + 4
        const relative = (encoding & 0x70) === 0x10 ? address + (place - from) : -base
        const range = pointers(image, place, encoding & 15)
        // The frame of a signal trampoline begins one byte early, because unwinders look up the byte before the return
        // address (glibc sysdeps/unix/sysv/linux/x86_64/libc_sigaction.c).
        const early = isOfSignals && image.machine === 'x86_64' ? 1 : 0
        if (range !== undefined && range[1] > early)
          found.push({ from: range[0] + relative + early, to: range[0] + relative + range[1] })
      }
    }
    at = body + length
  }
  return found
}

/** The start of a function and its size in bytes, in a DW_EH_PE_* format; undefined if the format is unknown. */
function pointers({ file }: ElfImage, at: number, format: number): readonly [number, number] | undefined {
  if (format === 0xb) return [file.i32(at), file.u32(at + 4)]
  if (format === 3) return [file.u32(at), file.u32(at + 4)]
  if (format === 0 || format === 4 || format === 0xc) return [file.i64(at), file.u64(at + 8)]
  return undefined
}

interface Frames {
  /** The encoding of pointers, DW_EH_PE_*. */
  readonly encoding: number
  readonly isOfSignals: boolean
}

/** What a common information entry states for the entries that refer to it. */
function framesOf({ file }: ElfImage, start: number, end: number): Frames {
  let at = start
  const skipLeb = (): void => {
    while (at < end && (file.u8(at++) & 0x80) !== 0);
  }
  const version = file.u8(at++)
  const augmentation = file.text(at, 16)
  at += augmentation.length + 1
  skipLeb()
  skipLeb()
  if (version === 1) at++
  else skipLeb()
  const isOfSignals = augmentation.includes('S')
  if (!augmentation.startsWith('z')) return { encoding: 0, isOfSignals }
  skipLeb()
  for (const letter of augmentation.slice(1)) {
    if (letter === 'R') return { encoding: file.u8(at), isOfSignals }
    if (letter === 'L') at++
    else if (letter === 'P') {
      const format = file.u8(at++) & 15
      at += format === 0xb || format === 3 ? 4 : 8
    }
  }
  return { encoding: 0, isOfSignals }
}

/** The table by its section, else by PT_GNU_EH_FRAME, the header that the loader knows, which points to the table. */
function place(image: ElfImage): (AddressRange & { readonly address: number }) | undefined {
  const section = image.section('.eh_frame')
  if (section !== undefined && section.type !== sectionType.nothing && section.size > 0)
    return { from: section.offset, to: section.offset + section.size, address: section.address }
  const segment = image.segments.find((each) => each.type === segmentType.frames)
  const at = segment === undefined ? -1 : image.offsetOf(segment.address)
  // Every linker writes version 1 and a pointer of 4 bytes that is relative to its own place.
  if (segment === undefined || at < 0 || image.file.u8(at) !== 1 || image.file.u8(at + 1) !== 0x1b)
    return undefined
  const address = segment.address + 4 + image.file.i32(at + 4)
  const from = image.offsetOf(address)
  return from < 0 ? undefined : { from, to: image.file.size, address }
}
