// Writes src/abi/data/constants.ts from the newest kernel headers of Debian's archive (sid) and the libc headers of
// this machine (needs a C compiler for 64 and 32 bit):
//   npx tsx scripts/make-constants.ts DIRECTORY
// DIRECTORY receives the unpacked headers.
// Names come from the preprocessor, values from the compiler. A name whose value differs between 64 and 32 bit is left
// out, because its meaning would depend on the architecture.
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { unpackPackages } from './debian-archive.ts'

const headers = [
  'sys/socket.h',
  'signal.h',
  'linux/in.h',
  'linux/in6.h',
  'linux/netlink.h',
  'linux/sched.h',
  'linux/personality.h',
  'linux/prctl.h',
  'linux/seccomp.h',
  'linux/fcntl.h',
  'asm/termbits.h',
  'asm/ioctls.h',
  'linux/serial.h',
  'linux/sockios.h',
]

/** The names to take, by the argument that they are printed for. */
const groups: readonly { readonly of: string; readonly name: RegExp; readonly not?: RegExp }[] = [
  { of: 'socket families', name: /^[AP]F_\w+$/, not: /_MAX$/ },
  { of: 'socket types', name: /^SOCK_[A-Z]+$/ },
  {
    of: 'socket protocols',
    name: /^(?:IPPROTO|NETLINK)_[A-Z0-9_]+$/,
    not: /^IPPROTO_MAX$|^NETLINK_(?:\w*MEMBERSHIP\w*|PKTINFO|BROADCAST_ERROR|NO_ENOBUFS|[RT]X_RING|LISTEN_ALL_NSID|CAP_ACK|EXT_ACK|GET_STRICT_CHK|UN?CONNECTED|CONNECTED)$/,
  },
  { of: 'clone, unshare, setns', name: /^CLONE_\w+$/, not: /^CLONE_ARGS/ },
  { of: "signals: the low byte of clone's flags", name: /^SIG[A-Z]+[0-9]?$/, not: /^SIG(?:RT|STKSZ)/ },
  {
    of: 'personality',
    name: /^(?:PER|ADDR|MMAP|WHOLE|SHORT|STICKY|READ)_[A-Z0-9_]+$|^UNAME26$|^FDPIC_FUNCPTRS$/,
    not: /^PER_CLEAR_ON_SETID$/,
  },
  { of: 'prctl', name: /^PR_[A-Z0-9_]+$/ },
  { of: 'seccomp', name: /^SECCOMP_(?:SET_MODE|MODE|FILTER_FLAG)_[A-Z_]+$/ },
  { of: 'fcntl', name: /^F_[A-Z0-9_]+$/, not: /_BASE$/ },
  // FIOQSIZE has another number on arm; SIOC…PRIVATE begin ranges that strace prints differently; TCIFLUSH, TCSANOW and
  // the like are arguments of ioctl calls.
  {
    of: 'ioctl',
    name: /^(?:TC|TIOC|FIO|SIOC)[A-Z0-9]+(?:_OLD|_NEW)?$/,
    not: /^(?:FIOQSIZE|SIOC\w+PRIVATE|TC(?:I|O|IO)(?:FLUSH|OFF|ON)|TCSA(?:NOW|DRAIN|FLUSH))$/,
  },
]

/** Names that the headers of one machine lack, with their source. */
const further: readonly (readonly [of: string, name: string, value: bigint])[] = [
  // include/linux/sched.h up to Linux 2.6.37; CLONE_NEWCGROUP has its bit today. Old strace prints it.
  ['clone, unshare, setns', 'CLONE_STOPPED', 0x02000000n],
  // strace's signalent.h: the real-time signals count from the kernel's SIGRTMIN, not libc's.
  ["signals: the low byte of clone's flags", 'SIGRTMIN', 32n],
  ...Array.from(
    { length: 32 },
    (_, index) =>
      ["signals: the low byte of clone's flags", `SIGRT_${index + 1}`, BigInt(33 + index)] as const,
  ),
  // include/uapi/linux/prctl.h of Linux 6.3 to 6.15; PR_GET_AUXV of 6.4.
  ['prctl', 'PR_SET_MDWE', 65n],
  ['prctl', 'PR_GET_MDWE', 66n],
  ['prctl', 'PR_SET_MEMORY_MERGE', 67n],
  ['prctl', 'PR_GET_MEMORY_MERGE', 68n],
  ['prctl', 'PR_GET_SHADOW_STACK_STATUS', 74n],
  ['prctl', 'PR_SET_SHADOW_STACK_STATUS', 75n],
  ['prctl', 'PR_LOCK_SHADOW_STACK_STATUS', 76n],
  ['prctl', 'PR_GET_AUXV', 0x41555856n],
  // include/uapi/linux/seccomp.h of Linux 5.19.
  ['seccomp', 'SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV', 32n],
  // include/uapi/asm-generic/fcntl.h, 32-bit only; include/uapi/linux/fcntl.h of Linux 6.10 and 6.12.
  ['fcntl', 'F_GETLK64', 12n],
  ['fcntl', 'F_SETLK64', 13n],
  ['fcntl', 'F_SETLKW64', 14n],
  ['fcntl', 'F_DUPFD_QUERY', 1027n],
  ['fcntl', 'F_CREATED_QUERY', 1028n],
]

const [folder] = process.argv.slice(2)
if (folder === undefined) throw new Error('usage: npx tsx scripts/make-constants.ts DIRECTORY')
const archive = resolve(folder)
const root = unpackPackages(archive, { suites: ['sid'], architecture: 'amd64', packages: ['linux-libc-dev'] })
/** The kernel's headers come before libc's copy of them. */
const from = ['usr/include', 'usr/include/x86_64-linux-gnu'].flatMap((path) => ['-isystem', join(root, path)])

function main(): void {
  const directory = mkdtempSync(join(tmpdir(), 'seccomp-gen-constants-'))
  try {
    const wide = valuesOf(directory, '-m64')
    const narrow = valuesOf(directory, '-m32')
    const agree = ([name]: readonly [string, bigint]): boolean =>
      wide.get(name) === narrow.get(name) || !wide.has(name) || !narrow.has(name)
    const values = new Map([...wide, ...narrow].filter(agree))
    writeFileSync(fileURLToPath(new URL('../src/abi/data/constants.ts', import.meta.url)), textOf(values))
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

/** The names of the groups with their values from the compiler. */
function valuesOf(directory: string, width: '-m64' | '-m32'): Map<string, bigint> {
  const source = join(directory, 'names.c')
  const include = headers.map((header) => `#include <${header}>\n`).join('')
  writeFileSync(source, include)
  const macros = run('cc', [width, ...from, '-E', '-dM', source]).matchAll(/^#define (\w+) \S/gm)
  const enumerators = run('cc', [width, ...from, '-E', '-P', source]).matchAll(/\b([A-Z]\w+) *=(?!=)/g)
  const names = [...new Set([...macros, ...enumerators].map(([, name]) => name as string))].filter(
    (name) => groupOf(name) !== undefined,
  )
  const program = join(directory, 'values')
  const lines = names.map((name) => `  printf("%s %llu\\n", "${name}", (unsigned long long)(${name}));\n`)
  writeFileSync(
    `${program}.c`,
    `${include}#include <stdio.h>\nint main(void) {\n${lines.join('')}  return 0;\n}\n`,
  )
  run('cc', [width, ...from, '-w', '-o', program, `${program}.c`])
  return new Map(
    run(program, [])
      .trim()
      .split('\n')
      .map((line) => line.split(' ') as [string, string])
      .map(([name, value]) => [name, BigInt(value)]),
  )
}

function groupOf(name: string): string | undefined {
  return groups.find((group) => group.name.test(name) && !group.not?.test(name))?.of
}

function textOf(values: ReadonlyMap<string, bigint>): string {
  const libc = run('dpkg-query', ['-W', '-f', '${Package} ${Version}', 'libc6-dev'])
  const [kernel = ''] = readdirSync(join(archive, 'cache/archives')).filter((file) =>
    file.startsWith('linux-libc-dev_'),
  )
  const machine = `${libc}, ${kernel.split('_').slice(0, 2).join(' ')}`
  const lines = groups.flatMap(({ of }) => {
    const members = new Map([...values].filter(([name]) => groupOf(name) === of))
    for (const [group, name, value] of further) if (group === of) members.set(name, value)
    const rows = [...members].sort(([a, m], [b, n]) => (m === n ? (a < b ? -1 : 1) : m < n ? -1 : 1))
    return [
      `# ${of}`,
      ...rows.map(([name, value]) => `${name} ${value < 256n ? value : `0x${value.toString(16)}`}`),
    ]
  })
  return [
    `// Generated by scripts/make-constants.ts from the headers of ${machine}. Do not edit.`,
    '// `NAME value`, by value; the same in 64 and 32 bit.',
    'export const constants: string = `',
    ...lines,
    '`',
    '',
  ].join('\n')
}

function run(command: string, words: readonly string[]): string {
  return execFileSync(command, words, { encoding: 'utf8', maxBuffer: 1 << 26 })
}

main()
