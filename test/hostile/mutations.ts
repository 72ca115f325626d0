// Hostile inputs: real recordings and documents with random changes and with values that break programs. Prints the
// seed; SECCOMP_GEN_SEED sets another one, and SECCOMP_GEN_RUNS scales the number of inputs.
import { corpus as packed } from '../corpus/corpus.ts'
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

export { seed } from '../seed.ts'
/** The number of inputs for a test that tries some thousands in a minute. */
export const runs = Number(process.env['SECCOMP_GEN_RUNS'] ?? 200)

/** mulberry32: small, and the same on every machine. */
export class Random {
  #state: number

  constructor(seed: number) {
    this.#state = seed >>> 0
  }

  /** A number from 0 up to, but without, `limit`. */
  below(limit: number): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * limit)
  }

  of<T>(list: readonly T[]): T {
    return list[this.below(list.length)] as T
  }
}

/** Names that every object has, and texts that must have no effect when printed. */
export const names = [
  '__proto__', 'constructor', 'toString', 'valueOf', 'hasOwnProperty', '__defineGetter__', 'then', '', ' ', '?', '-', '..',
  '\u001b[2J', '\u001b]0;title\u0007', '\r', '\n::error::owned', '::set-output name=x::y', '##[error]x', '%0A::error::y',
  '<img src=x onerror=alert(1)>', '[x](javascript:alert(1))', '|', '`', '@everyone', '\u202e', '\u2028', '\ufeff', '\u0000', '\u009b31m',
  '\ud800', 'é', '😀', '(', '[', '{', '*', '\\', '$(id)', '; rm -rf /', "'", '"', 'x'.repeat(5000), 'syscall_0xffffffffffffffffff',
] // prettier-ignore

export const numbers = [
  '0', '-0', '-1', '4294967295', '4294967296', '9007199254740993', '18446744073709551615', '18446744073709551616', '1e999', '-1e999',
  '1e3', '1.0', '0x', '0x10000000000000000', '0777', '9'.repeat(400), 'NaN', 'Infinity', '1n', '१',
] // prettier-ignore

const marks = [
  '\n', '\r\n', '\0', '\t', '"', "'", '\\', '\\"', '(', ')', '[', ']', '{', '}', '<', '>', ',', ':', '=', ' = 0', ' = -1 ENOSYS (x)', ') = 0',
  ' <unfinished ...>', '<... read resumed>', '[pid 1] ', '+++ exited with 0 +++', '--- SIGSYS {si_signo=SIGSYS, si_syscall=__NR_ptrace, si_arch=AUDIT_ARCH_X86_64} ---',
  '/*', '*/', '//', '#', '...', '...*', '{"', '":', 'null', '[[', '{}', 'strace: Process 1 attached', 'type=SECCOMP msg=audit(1.0:1): ', ' arch=c000003e syscall=101 compat=0 ip=0x1 code=0x7ffc0000',
  'execve("/bin/x", ["x"], 0x7ffd00000000 /* 1 var */) = 0', '% time     seconds  usecs/call     calls    errors syscall', '------ ----------- ----------- --------- --------- ----------------',
  '\xff\xfe', '\xc3\x28', '\xed\xa0\x80', '\xf0\x9f', '\x1f\x8b', '(\xb5/\xfd', '---\n', '- ', '&a', '*a', '!!js/function', '? ', '|\n', '%YAML 1.2\n',
] // prettier-ignore

/** The text with a few changes. Everything is latin1, so that any byte may occur. */
export function mutated(text: string, other: string, random: Random): string {
  let result = text
  for (let left = 1 + random.below(4); left > 0; left--) result = oneMutation(result, other, random)
  return result
}

function oneMutation(text: string, other: string, random: Random): string {
  const at = random.below(text.length + 1)
  const length = random.below(random.of([4, 40, 400]))
  const end = Math.min(text.length, at + length)
  switch (random.below(10)) {
    case 0:
      return text.slice(0, at) + String.fromCharCode(random.below(256)) + text.slice(at + 1)
    case 1:
      return text.slice(0, at) + text.slice(end)
    case 2:
      return text.slice(0, at) + text.slice(at, end).repeat(1 + random.below(20)) + text.slice(end)
    case 3:
      return text.slice(0, at) + latin1(random.of(names)) + text.slice(end)
    case 4:
      return text.slice(0, at) + random.of(marks) + text.slice(at)
    case 5:
      return text.slice(0, at) + random.of(marks).repeat(random.of([10, 300, 3000])) + text.slice(at)
    case 6: {
      const from = random.below(other.length + 1)
      return text.slice(0, at) + other.slice(from, from + 2 * length) + text.slice(at)
    }
    case 7:
      return changedWord(text, at, /[A-Za-z_]\w*/g, latin1(random.of(names)))
    case 8:
      return changedWord(text, at, /\d+/g, latin1(random.of(numbers)))
    default:
      return text.slice(0, at)
  }
}

/** The text with the first matching word behind a place replaced. */
function changedWord(text: string, at: number, word: RegExp, by: string): string {
  word.lastIndex = at
  const found = word.exec(text)
  return found === null ? text : text.slice(0, found.index) + by + text.slice(found.index + found[0].length)
}

export function latin1(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1')
}

/** JSON values that no format expects. */
const values: readonly unknown[] = [
  null, true, 0, -1, 1.5, 2 ** 53, 1e300, '', 'x', [], {}, [[]], { toString: 1, valueOf: 1 }, { length: -1 }, [null], ['read', {}], { name: 'read' },
  JSON.parse('{"__proto__": {"x": 1}}'), JSON.parse('['.repeat(150) + ']'.repeat(150)), ...names,
] // prettier-ignore

/** A JSON document with one value or one name replaced. */
export function mutatedJson(value: unknown, random: Random): unknown {
  if (random.below(6) === 0 || typeof value !== 'object' || value === null) return random.of(values)
  if (Array.isArray(value)) {
    const at = random.below(value.length + 1)
    const changed = random.below(8) === 0 ? random.of(values) : mutatedJson(value[at], random)
    return [...value.slice(0, at), changed, ...value.slice(at + random.below(2))]
  }
  const entries = Object.entries(value)
  const at = random.below(entries.length + 1)
  const [key, inner] = entries[at] ?? ['new', null]
  const name = random.below(5) === 0 ? random.of(names) : key
  const changed: [string, unknown] = [name, mutatedJson(inner, random)]
  return Object.fromEntries([...entries.slice(0, at), changed, ...entries.slice(at + random.below(2))])
}

const root = fileURLToPath(new URL('../../', import.meta.url))

/** Files to change: the start, in latin1, of the project's traces and of those beside the project, if present. */
export function corpus(limit = 16384): readonly { readonly name: string; readonly text: string }[] {
  return [join(root, 'traces'), join(packed(), 'traces')]
    .filter((folder) => existsSync(folder))
    .flatMap(filesBelow)
    .filter((path) => !/\.md$|\.tsv$|truth\.json$|kernel(?:nr)?\.json$/.test(path))
    .map((path) => ({
      name: path.slice(root.length),
      text: readFileSync(path).subarray(0, limit).toString('latin1'),
    }))
}

function filesBelow(folder: string): string[] {
  return readdirSync(folder)
    .sort()
    .flatMap((name) => {
      const path = join(folder, name)
      if (statSync(path).isDirectory()) return filesBelow(path)
      // A few of hundreds of similar files suffice.
      return /\.\d+$/.test(name) && Number(name.slice(name.lastIndexOf('.') + 1)) % 16 !== 0 ? [] : [path]
    })
}
