// Compares the tables with the installed libseccomp (seccomp_syscall_resolve_name_arch): the numbers are equal, except
// for calls newer than this libseccomp and architectures that it lacks.
import { execFileSync } from 'node:child_process'
import t from 'tap'
import { architectureNames, architectures } from '../../src/abi/architectures.ts'
import { multiplexerOf } from '../../src/abi/multiplexers.ts'
import { syscallTable } from '../../src/abi/tables.ts'

/** Prints every name, then its number on each architecture. SCMP_ARCH_X32 has its own value. */
const program = `
import ctypes, json, sys
library = ctypes.CDLL('libseccomp.so.2')
class Version(ctypes.Structure): _fields_ = [('major', ctypes.c_uint), ('minor', ctypes.c_uint), ('micro', ctypes.c_uint)]
library.seccomp_version.restype = ctypes.POINTER(Version)
resolve = library.seccomp_syscall_resolve_name_arch
resolve.argtypes = [ctypes.c_uint32, ctypes.c_char_p]
version = library.seccomp_version().contents
asked = json.load(sys.stdin)
print(json.dumps({'version': [version.major, version.minor, version.micro],
  'numbers': {arch: {name: resolve(token, name.encode()) for name in names} for arch, (token, names) in asked.items()}}))
`

function answers(): Answers | string {
  const asked = Object.fromEntries(
    architectureNames.map((each) => {
      const { audit, numberBit } = architectures[each]
      const token = numberBit === 0 ? audit : (audit & ~0x80000000) >>> 0
      return [each, [token, syscallTable(each).entries.map(({ name }) => name)]]
    }),
  )
  try {
    const text = execFileSync('python3', ['-c', program], {
      input: JSON.stringify(asked),
      encoding: 'utf8',
      stdio: ['pipe', 'pipe', 'ignore'],
    })
    return JSON.parse(text) as Answers
  } catch {
    return 'no python3 that finds libseccomp.so.2'
  }
}

interface Answers {
  readonly version: readonly [number, number, number]
  readonly numbers: Readonly<Record<string, Readonly<Record<string, number>>>>
}

const found = answers()
const skip = typeof found === 'string' ? found : false

t.test('every number of the tables is the one that libseccomp resolves', { skip }, async (t) => {
  const { version, numbers } = found as Answers
  const isOlder = (than: string): boolean => {
    const [major = 0, minor = 0] = than.split('.').map(Number)
    return version[0] < major || (version[0] === major && version[1] < minor)
  }
  for (const architecture of architectureNames) {
    const its = numbers[architecture] ?? {}
    if (isOlder(architectures[architecture].libseccomp)) {
      t.same(new Set(Object.values(its)), new Set([-1]), `${architecture} is newer than this libseccomp`)
      continue
    }
    const wrong = syscallTable(architecture).entries.filter(({ name, number }) => {
      const resolved = its[name]
      // libseccomp resolves a member of a family to a pseudo-number, which stands for both ways to make the call.
      if (architectures[architecture].multiplexes && multiplexerOf(name) !== undefined)
        return !(resolved !== undefined && resolved <= -100)
      return resolved !== number
    })
    // Calls of Linux 6.1 and later, or names that libseccomp got late: 2.5.4 knows Linux 5.17.
    const tooNew = wrong.filter(
      ({ name, since }) =>
        (its[name] ?? 0) < 0 && (since === undefined || isSince(since, [5, 17]) || lateNames.has(name)),
    )
    t.same(
      wrong.filter((each) => !tooNew.includes(each)),
      [],
      `${architecture}, ${tooNew.length} calls newer than this libseccomp`,
    )
    t.ok(tooNew.length < 60, `${architecture}: most are known`)
  }
})

/** Names that the kernel had earlier, and libseccomp's table only from 2.6 on. */
const lateNames = new Set(['riscv_hwprobe', 'uretprobe'])

function isSince(version: string, [major, minor]: readonly [number, number]): boolean {
  const [its = 0, itsMinor = 0] = version.split('.').map(Number)
  return its > major || (its === major && itsMinor >= minor)
}
