// Calls that the kernel exempts from filters, as docs/limits.md says: kernel/seccomp.c, seccomp_uprobe_exception.
import { spawnSync } from 'node:child_process'
import { release } from 'node:os'
import t from 'tap'

/** Loads a filter that answers one number with errno 42 and makes the call: prints its errno, or ends by a signal. */
const program = `
import ctypes, struct, sys
number = int(sys.argv[1])
libc = ctypes.CDLL(None, use_errno=True)
code = [(0x20, 0, 0, 0), (0x15, 0, 1, number), (6, 0, 0, 0x50000 | 42), (6, 0, 0, 0x7FFF0000)]
text = b"".join(struct.pack("HBBI", *each) for each in code)
buffer = ctypes.create_string_buffer(text)
class Filter(ctypes.Structure):
    _fields_ = [("length", ctypes.c_ushort), ("code", ctypes.c_void_p)]
PR_SET_NO_NEW_PRIVS, PR_SET_SECCOMP, SECCOMP_MODE_FILTER = 38, 22, 2
libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
if libc.prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, ctypes.byref(Filter(len(code), ctypes.addressof(buffer))), 0, 0):
    sys.exit("no filter")
libc.syscall(number)
print(ctypes.get_errno())
`

function answered(number: number): string {
  const { stdout, signal, stderr } = spawnSync('python3', ['-c', program, String(number)], {
    encoding: 'utf8',
  })
  return signal ?? `${stdout}${stderr}`.trim()
}

const [major = 0, minor = 0] = release().split('.').map(Number)
const since = (version: number): string | false =>
  major > 6 || (major === 6 && minor >= version)
    ? false
    : `this kernel is ${release()}, the exception is of 6.${version}`
const skip =
  process.arch !== 'x64'
    ? 'the numbers of this test are those of x86_64'
    : spawnSync('python3', ['--version']).status === 0
      ? false
      : 'python3 is not installed'

t.test('a filter is asked about any number', { skip }, async (t) => {
  t.equal(answered(2000), '42')
})

t.test('uretprobe passes every filter', { skip: skip || since(14) }, async (t) => {
  // Called by a program instead of the kernel's own code, it ends the program.
  t.equal(answered(335), 'SIGILL')
})

t.test('uprobe passes every filter', { skip: skip || since(18) }, async (t) => {
  t.equal(answered(336), '6', 'ENXIO: not made by the kernel’s own code')
})
