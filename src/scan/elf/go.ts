// Reads the functions of a Go program from the table with which its runtime unwinds stacks. Stripped binaries have this
// table too. Authority: the Go sources, debug/gosym/pclntab.go and internal/abi/symtab.go (Go 1.16 to today).
import type { ElfImage, AddressRange } from './image.ts'

export interface GoFunction extends AddressRange {
  readonly name: string
}

const magics: Readonly<Record<number, '1.16' | '1.18'>> = {
  0xfffffffa: '1.16',
  0xfffffff0: '1.18',
  0xfffffff1: '1.18',
}
const mostFunctions = 4_000_000

/** Undefined if the program is not Go or is older than Go 1.16. Such old programs have symbols unless stripped. */
export function readGoFunctions(image: ElfImage): readonly GoFunction[] | undefined {
  const section = image.sections.find(
    ({ name }) => name === '.gopclntab' || name === '.data.rel.ro.gopclntab',
  )
  if (section === undefined) return undefined
  const { file, base } = image
  const start = section.offset
  const end = start + section.size
  const version = magics[file.u32(start)]
  if (version === undefined || file.u8(start + 7) !== 8) return undefined
  const count = file.u64(start + 8)
  const isNew = version === '1.18'
  const fields = start + 24 + (isNew ? 8 : 0)
  const text = isNew ? file.u64(start + 24) - base : 0
  const names = start + file.u64(fields)
  const table = start + file.u64(fields + 32)
  const width = isNew ? 4 : 8
  if (count > mostFunctions || table + (count * 2 + 1) * width > end) return undefined
  const read = (at: number): number => (isNew ? file.u32(at) : file.u64(at))
  // If the linker leaves out the address of the code (Go 1.26), the code begins with the section.
  const origin = !isNew ? -base : text > 0 ? text : (image.section('.text')?.address ?? 0)
  const found: GoFunction[] = []
  for (let index = 0; index < count; index++) {
    const at = table + index * 2 * width
    const func = table + read(at + width)
    const name = names + file.u32(func + (isNew ? 4 : 8))
    found.push({
      from: read(at) + origin,
      to: read(at + 2 * width) + origin,
      name: name < end ? file.text(name, 1024) : '',
    })
  }
  return found
}
