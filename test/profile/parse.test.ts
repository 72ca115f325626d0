import t from 'tap'
import { UserError } from '../../src/errors.ts'
import { profileProblems } from '../../src/check/index.ts'
import { printPolicyAs } from '../../src/print/index.ts'
import { parseProfile, parseProfiles, soundProfile } from '../../src/profile/index.ts'
import { parseYaml } from '../../src/profile/yaml.ts'
import { small } from '../print/policies.ts'
import { needsShared, sharedNames, sharedText } from '../shared.ts'

t.test('a rule keeps its dialect’s keys, typed, with line and pointer', (t) => {
  const text = `{
  "defaultAction": "SCMP_ACT_ERRNO", "defaultErrnoRet": 38, "defaultErrno": "ENOSYS",
  "archMap": [{ "architecture": "SCMP_ARCH_X86_64", "subArchitectures": null }],
  "syscalls": [
    { "name": "read", "action": "SCMP_ACT_ALLOW", "comment": "x" },
    { "names": ["clone", "unshare"], "action": "SCMP_ACT_ERRNO", "errno": "EPERM", "errnoRet": 1,
      "args": [{ "index": 0, "value": 18446744073709551615, "valueTwo": 9007199254740993, "op": "SCMP_CMP_MASKED_EQ" }],
      "includes": { "caps": ["CAP_SYS_ADMIN"], "minKernel": "4.8" }, "excludes": { "arches": ["s390", "s390x"] } }
  ]
}`
  t.match(parseProfile(text, { name: 'a.json' }), {
    name: 'a.json',
    dialect: 'containers',
    envelope: 'none',
    profile: {
      defaultAction: 'SCMP_ACT_ERRNO',
      defaultErrnoRet: 38,
      defaultErrno: 'ENOSYS',
      archMap: [{ architecture: 'SCMP_ARCH_X86_64', subArchitectures: { length: 0 } }],
      syscalls: [
        {
          names: ['read'],
          action: 'SCMP_ACT_ALLOW',
          comment: 'x',
          whole: true,
          at: { line: 5 },
          pointer: '/syscalls/0',
        },
        {
          names: ['clone', 'unshare'],
          errno: 'EPERM',
          errnoRet: 1,
          args: [{ index: 0, value: 2n ** 64n - 1n, valueTwo: 2n ** 53n + 1n, op: 'SCMP_CMP_MASKED_EQ' }],
          includes: { caps: ['CAP_SYS_ADMIN'], minKernel: '4.8' },
          excludes: { arches: ['s390', 's390x'] },
          at: { line: 6, column: 5 },
          namesAt: [{ pointer: '/syscalls/1/names/0' }, { at: { line: 6, column: 26 } }],
        },
      ],
    },
  })
  t.end()
})

t.test(
  'a profile is found in a config.json, a SeccompProfile and a ConfigMap, with places in the file',
  (t) => {
    const config =
      '{"ociVersion": "1.2.0",\n "linux": {"seccomp": {"defaultAction": "SCMP_ACT_LOG",\n "syscals": []}}}'
    t.match(parseProfile(config), {
      envelope: 'config',
      profile: { defaultAction: 'SCMP_ACT_LOG', pointer: '/linux/seccomp', at: { line: 2, column: 23 } },
      flaws: [
        {
          code: 'unknown-key',
          facts: { meant: 'syscalls' },
          line: 3,
          column: 2,
          pointer: '/linux/seccomp/syscals',
        },
      ],
    })
    const object = {
      apiVersion: 'security-profiles-operator.x-k8s.io/v1beta1',
      kind: 'SeccompProfile',
      metadata: { name: 'x' },
    }
    t.match(
      parseProfile(
        JSON.stringify({ ...object, spec: { defaultAction: 'SCMP_ACT_ERRNO', baseProfileName: 'runc' } }),
      ),
      {
        envelope: 'spo',
        title: 'x',
        base: 'runc',
        flaws: { length: 0 },
      },
    )
    const yaml = printPolicyAs(small, 'spo')
    t.match(parseProfile(yaml), {
      envelope: 'spo',
      title: 'app',
      profile: {
        pointer: '/spec',
        syscalls: [
          { names: ['clone', 'execve', 'exit', 'exit_group', 'open', 'openat', 'socketcall'] },
          {},
          {},
          {},
        ],
      },
    })
    const map = printPolicyAs(small, 'kubernetes')
    const inMap = parseProfile(map)
    t.match(inMap, { envelope: 'config-map', title: 'app.json', dialect: 'oci' })
    const settings = (value: string): string =>
      `kind: ConfigMap\napiVersion: v1\ndata:\n  a.json: '${value}'\n  b.json: '{"defaultAction":"SCMP_ACT_LOG"}'\n`
    t.match(parseProfiles(settings('{"port": 80}')), [{ title: 'b.json' }], 'settings lie beside a profile')
    t.throws(() => parseProfiles(settings('{"port": 80')), /a\.json is not valid JSON/)
    const lines = map.split('\n')
    for (const rule of inMap.profile.syscalls) {
      for (const [index, name] of rule.names.entries()) {
        const { line, column, offset } = rule.namesAt[index]!.at
        t.equal(lines[line - 1]?.slice(column - 1).replace(',', ''), `"${name}"`)
        t.equal(map.slice(offset, offset + name.length + 2), `"${name}"`)
      }
    }
    t.end()
  },
)

t.test('what is no profile is refused: what, where, what to do', (t) => {
  for (const [text, message] of [
    ['', /^f:1:1: is empty/],
    ['[]', /^f:1:1: is not a profile: a profile is a JSON object$/],
    ['{"a": 1}', /^f:1:1: is not a profile: it has no defaultAction/],
    ['{"defaultAction": "SCMP_ACT_ERRNO",\n}', /^f:2:1: is not valid JSON: a key/],
    ['{"ociVersion": "1.0.0", "linux": {}}', /^f:1:1: is a config\.json without linux\.seccomp/],
    [
      '{"version": 1, "architectures": {"x86_64": {}}, "unknown": {}}',
      /^f:1:1: holds observations, not a profile: make one/,
    ],
    [
      'execve("/bin/true", ["true"], 0x7ffe) = 0\n',
      /^f:1:1: is a trace, not a profile: make one from it with/,
    ],
    ['12 execve("/bin/true", ["true"], 0x7ffe) = 0\n', /^f:1:1: is a trace/],
    ['\x7fELF\x02\x01', /^f:1:1: is not a profile: neither/],
    ['kind: Pod\napiVersion: v1\n', /^f:1:1: holds no profile/],
    ['kind: SeccompProfile\napiVersion: v1\n', /^f:1:1: is a SeccompProfile without spec/],
    ['kind: SeccompProfile\napiVersion: v1\nspec: [\n', /^f:\d:\d+: is not valid YAML/],
    [
      'kind: ConfigMap\napiVersion: v1\ndata: {a.json: "{\\"port\\": 80}"}\n',
      /^f:3:16: is not a profile: it has no/,
    ],
    [
      'kind: ConfigMap\napiVersion: v1\ndata:\n  a.json: |\n    {"defaultAction"\n',
      /^f:\d:\d+: the value a\.json is not valid JSON/,
    ],
    ['['.repeat(1_000_000), /nested more than 200 deep/],
  ] as const) {
    t.throws(
      () => parseProfile(text, { name: 'f' }),
      { name: 'UserError', status: 2, message },
      text.slice(0, 40),
    )
  }
  const two = `${printPolicyAs(small, 'spo', { name: 'one' })}---\n${printPolicyAs(small, 'spo', { name: 'two' })}`
  t.throws(() => parseProfile(two, { name: 'f' }), {
    message: /^f:\d+:\d+: a second profile begins here \(two\)/,
  })
  t.strictSame(
    parseProfiles(two).map(({ title }) => title),
    ['one', 'two'],
  )
  t.end()
})

t.test('a document with mistakes is read, and only a sound one is taken at its word', (t) => {
  const parsed = parseProfile(
    '{"defaultAction": "SCMP_ACT_ERRNO",\n"syscalls": [{"names": "read", "action": "ALLOW"}, 1]}',
    { name: 'f' },
  )
  t.match(
    parsed.flaws.map(({ code, line }) => `${line} ${code}`),
    ['2 wrong-type', '2 unknown-action', '2 wrong-type'],
  )
  t.throws(() => soundProfile(parsed), {
    name: 'UserError',
    message: /^f:2:24: the profile has mistakes \(wrong-type\)/,
  })
  t.throws(() => soundProfile(parseProfile('{}')), UserError)
  t.match(soundProfile(parseProfile(printPolicyAs(small, 'oci'))), { defaultAction: 'SCMP_ACT_ERRNO' })
  t.end()
})

/** The dialect of each collected file, or the reason why it is no profile. */
const collected: Readonly<Record<string, string | RegExp>> = {
  'antitree-custom.json': 'docker',
  'antitree-ex-web.json': 'oci',
  'antitree-hello-world.json': 'oci',
  'antitree-random.json': 'docker',
  'antitree-random1.json': 'oci',
  'blacktop-seccomp-gen-default.json': 'docker',
  'containers-common-example.json': 'docker',
  'containers-common-seccomp.json': 'containers',
  'docker-labs-allow.json': 'oci',
  'docker-labs-default-no-chmod.json': 'docker',
  'docker-labs-deny.json': 'oci',
  'elastic-sandbox-seccomp.yml': /neither a JSON object nor a SeccompProfile/,
  'firecracker-aarch64-unknown-linux-musl.json': /seccompiler/,
  'firecracker-unimplemented.json': /seccompiler/,
  'firecracker-x86_64-unknown-linux-musl.json': /seccompiler/,
  'k8s-docs-audit.json': 'oci',
  'k8s-docs-violation.json': 'oci',
  'lawndoc-seccomp.json': 'oci',
  'minijail-invalid_syscall_name.policy': /neither a JSON object/,
  'minijail-nested.policy': /neither a JSON object/,
  'moby-daemon-default.json': 'docker',
  'oci-hook-block-mkdir.json': 'oci',
  'runtime-spec-example-config.json': 'oci config',
  'runtime-spec-features-runc.json': /features of a runtime/,
  'spo-baseprofile-crun.yaml': 'oci spo',
  'spo-bpf-recorder.json': 'docker',
  'spo-seccompprofile-allowed-syscalls-validation.yaml': 'oci spo, oci spo, oci spo, oci spo',
  'spo-security-profiles-operator.json': 'docker',
  'ukhomeoffice-default.json': 'docker',
}

const mixed = ['spo-bpf-recorder.json', 'spo-security-profiles-operator.json']

t.test('every collected profile is recognised, or refused with the reason', needsShared, (t) => {
  for (const file of sharedNames('traces/collected/profiles')) {
    const expected = collected[file]
    const text = sharedText(`traces/collected/profiles/${file}`)
    if (expected === undefined) {
      t.pass(`${file} is not in the table`)
      continue
    }
    if (typeof expected !== 'string') {
      t.throws(() => parseProfile(text, { name: file }), { name: 'UserError', message: expected }, file)
      continue
    }
    const found = parseProfiles(text, { name: file })
    const said = found.map(({ dialect, envelope }) =>
      envelope === 'none' ? dialect : `${dialect} ${envelope}`,
    )
    t.equal(said.join(', '), expected, file)
    for (const parsed of found) {
      t.strictSame(
        profileProblems(parsed)
          .filter(({ severity }) => severity === 'error')
          .map(({ code }) => code),
        // These files name PPC64 and PPC64LE together, for which libseccomp makes no filter.
        mixed.includes(file) ? ['architectures-mixed'] : [],
        `${file} is valid`,
      )
    }
  }
  t.end()
})

t.test('YAML that nests on one line is refused like any other depth', (t) => {
  // On the last one the parser runs out of stack; its own message is not for users.
  for (const piece of ['- ', '? &a ', '? !t ']) {
    const said = parseYaml(`${piece.repeat(5000)}b`)
    t.match(said, { ok: false, why: { fault: 'nested', limit: 200 } }, piece)
  }
  t.end()
})
