// The C source of a program that executes another as the recorder's container runs it: with CAP_BPF and CAP_PERFMON
// alone, no_new_privs, and a profile whose default action logs instead of refusing. The system's libseccomp makes the
// filter.
import { execa } from 'execa'

const script = `import json, struct, sys, tempfile, seccomp
OPS = {'SCMP_CMP_NE': seccomp.NE, 'SCMP_CMP_EQ': seccomp.EQ, 'SCMP_CMP_MASKED_EQ': seccomp.MASKED_EQ}
made = seccomp.SyscallFilter(seccomp.LOG)
for rule in json.load(sys.stdin)['syscalls']:
    action = seccomp.ALLOW if rule['action'] == 'SCMP_ACT_ALLOW' else seccomp.ERRNO(rule.get('errnoRet', 1))
    for name in rule['names']:
        args = [seccomp.Arg(each['index'], OPS[each['op']], each['value'], each.get('valueTwo', 0)) for each in rule.get('args', [])]
        try:
            made.add_rule(action, name, *args)
        except RuntimeError:
            pass  # the call is of another architecture
with tempfile.TemporaryFile() as file:
    made.export_bpf(file)
    file.seek(0)
    data = file.read()
print(','.join('{%d,%d,%d,%uu}' % struct.unpack_from('<HBBI', data, at) for at in range(0, len(data), 8)))`

export async function confinedBy(profile: string): Promise<string> {
  const { stdout } = await execa('/usr/bin/python3', ['-c', script], { input: profile })
  return `
#define _GNU_SOURCE
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>
static struct sock_filter filter[] = { ${stdout} };
int main(int argc, char **argv) {
  struct sock_fprog program = { sizeof filter / sizeof *filter, filter };
  /* CAP_PERFMON is 38, CAP_BPF is 39; root gets what the bounding set holds. */
  for (int each = 0; each < 38; each++) prctl(PR_CAPBSET_DROP, each, 0, 0, 0);
  prctl(PR_CAPBSET_DROP, 40, 0, 0, 0);
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return 126;
  if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) != 0) return 126;
  execv(argv[1], argv + 1);
  perror(argv[1]);
  return 127;
}
`
}
