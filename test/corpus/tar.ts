// The part of tar that the packed corpus needs: regular files with short names, without dates and owners.
// Authority: POSIX.1-2017, pax, "ustar Interchange Format".

const block = 512

/** The end of an archive: two empty blocks. */
export const ended = Buffer.alloc(2 * block)

/** A file's header and bytes, each padded to whole blocks. */
export function entry(path: string, bytes: Uint8Array): Buffer {
  const header = Buffer.alloc(block)
  const cut = path.length <= 100 ? -1 : path.indexOf('/', path.length - 101)
  const [prefix, name] = cut < 0 ? ['', path] : [path.slice(0, cut), path.slice(cut + 1)]
  if (name.length > 100 || prefix.length > 155) throw new Error(`the name is too long: ${path}`)
  const octal = (value: number, digits: number): string => `${value.toString(8).padStart(digits, '0')}\0`
  header.write(name, 0)
  header.write(`${octal(0o644, 7)}${octal(0, 7)}${octal(0, 7)}${octal(bytes.length, 11)}${octal(0, 11)}`, 100)
  header.write('        0', 148)
  header.write('ustar\x0000', 257)
  header.write(prefix, 345)
  const sum = header.reduce((all, each) => all + each, 0)
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148)
  return Buffer.concat([header, bytes, Buffer.alloc(-bytes.length & (block - 1))])
}

/** All files of an archive. @throws Error for an invalid header. */
export function* filesIn(tar: Buffer): Generator<{ readonly path: string; readonly bytes: Buffer }> {
  const text = (at: number, length: number): string =>
    tar.toString('latin1', at, at + length).replace(/\0.*$/s, '')
  for (let at = 0; at + block <= tar.length && tar[at] !== 0;) {
    if (text(at + 257, 5) !== 'ustar') throw new Error(`no header of a file at ${at}`)
    const size = parseInt(text(at + 124, 12), 8)
    const prefix = text(at + 345, 155)
    const path = `${prefix === '' ? '' : `${prefix}/`}${text(at, 100)}`
    yield { path, bytes: tar.subarray(at + block, at + block + size) }
    at += block + Math.ceil(size / block) * block
  }
}
