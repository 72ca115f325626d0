# Compiles profiles with the system's libseccomp and says what its BPF answers to calls. One JSON object a line in,
# {"native": ARCH, "default": ACTION, "architectures": [...], "order": "by priority" | "by number",
#  "rules": [{"name", "action", "args": [[index, op, a, b]]}], "calls": [[arch, number, [args]]]}, one JSON array of
# answers a line out, or {"refused": errno}. With "kernel": true the filter is loaded in a child that makes the calls:
# an answer is then the errno of each.
import ctypes, json, os, struct, sys, tempfile
import seccomp

OPS = {'SCMP_CMP_NE': seccomp.NE, 'SCMP_CMP_LT': seccomp.LT, 'SCMP_CMP_LE': seccomp.LE, 'SCMP_CMP_EQ': seccomp.EQ,
       'SCMP_CMP_GE': seccomp.GE, 'SCMP_CMP_GT': seccomp.GT, 'SCMP_CMP_MASKED_EQ': seccomp.MASKED_EQ}
ARCHES = {'x86_64': seccomp.Arch.X86_64, 'x86': seccomp.Arch.X86, 'x32': seccomp.Arch.X32,
          'aarch64': seccomp.Arch.AARCH64, 'arm': seccomp.Arch.ARM, 's390x': seccomp.Arch.S390X,
          'riscv64': seccomp.Arch.RISCV64, 'ppc64le': seccomp.Arch.PPC64LE}
AUDIT = {'x86_64': 0xc000003e, 'x86': 0x40000003, 'x32': 0xc000003e, 'aarch64': 0xc00000b7, 'arm': 0x40000028}


def action(word):
    kind, _, number = word.rstrip(')').partition('(')
    if kind == 'SCMP_ACT_ERRNO':
        return seccomp.ERRNO(int(number))
    if kind == 'SCMP_ACT_TRACE':
        return seccomp.TRACE(int(number))
    return {'SCMP_ACT_ALLOW': seccomp.ALLOW, 'SCMP_ACT_LOG': seccomp.LOG, 'SCMP_ACT_TRAP': seccomp.TRAP,
            'SCMP_ACT_KILL_THREAD': seccomp.KILL, 'SCMP_ACT_KILL_PROCESS': seccomp.KILL_PROCESS,
            'SCMP_ACT_NOTIFY': seccomp.NOTIFY}[kind]


def words(value):
    kind, low = value & 0xffff0000, value & 0xffff
    if kind == 0x00050000:
        return 'SCMP_ACT_ERRNO(%d)' % low
    if kind == 0x7ff00000:
        return 'SCMP_ACT_TRACE(%d)' % low
    return {0x7fff0000: 'SCMP_ACT_ALLOW', 0x7ffc0000: 'SCMP_ACT_LOG', 0x00030000: 'SCMP_ACT_TRAP', 0: 'SCMP_ACT_KILL_THREAD',
            0x80000000: 'SCMP_ACT_KILL_PROCESS', 0x7fc00000: 'SCMP_ACT_NOTIFY'}[kind]


def made_of(profile):
    made = seccomp.SyscallFilter(action(profile['default']))
    native = profile['native']
    if native != 'x86_64':
        made.add_arch(ARCHES[native])
        made.remove_arch(seccomp.Arch())
    for arch in profile['architectures']:
        if not made.exist_arch(ARCHES[arch]):
            made.add_arch(ARCHES[arch])
    if profile['order'] == 'by number':
        made.set_attr(seccomp.Attr.CTL_OPTIMIZE, 2)
    for rule in profile['rules']:
        args = [seccomp.Arg(index, OPS[op], int(a), int(b)) for index, op, a, b in rule['args']]
        made.add_rule(action(rule['action']), rule['name'], *args)
    return made


def compiled(made):
    with tempfile.TemporaryFile() as file:
        made.export_bpf(file)
        file.seek(0)
        data = file.read()
    return [struct.unpack_from('<HBBI', data, at) for at in range(0, len(data), 8)]


def run(program, arch, number, args):
    packed = struct.pack('<IIQ6Q', number, AUDIT[arch], 0, *[int(each) for each in args])
    pc = acc = 0
    while True:
        code, jt, jf, k = program[pc]
        pc += 1
        if code == 0x20:
            acc = struct.unpack_from('<I', packed, k)[0]
        elif code == 0x54:
            acc &= k
        elif code == 0x06:
            return k
        elif code == 0x05:
            pc += k
        elif code == 0x15:
            pc += jt if acc == k else jf
        elif code == 0x25:
            pc += jt if acc > k else jf
        elif code == 0x35:
            pc += jt if acc >= k else jf
        else:
            raise ValueError('instruction %#x' % code)


def called(made, calls):
    libc = ctypes.CDLL(None, use_errno=True)
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            made.load()
            out = []
            for _, number, args in calls:
                ctypes.set_errno(0)
                libc.syscall(ctypes.c_long(number), *[ctypes.c_ulong(int(each)) for each in args])
                out.append(ctypes.get_errno())
            os.write(writer, json.dumps(out).encode())
        finally:
            os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as file:
        answers = json.loads(file.read() or 'null')
    os.waitpid(child, 0)
    return answers


for line in sys.stdin:
    profile = json.loads(line)
    try:
        made = made_of(profile)
    except OSError as error:
        print(json.dumps({'refused': error.errno}))
        continue
    except RuntimeError as error:
        print(json.dumps({'refused': str(error)}))
        continue
    if profile.get('kernel'):
        print(json.dumps(called(made, profile['calls'])), flush=True)
    else:
        program = compiled(made)
        print(json.dumps([words(run(program, *call)) for call in profile['calls']]), flush=True)
