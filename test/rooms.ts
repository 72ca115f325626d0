// The rooms of src, from the bottom up: a file imports from its own room and from those in rows above its own. A path
// is a folder or a file; the longest path that fits a file counts. `CONTRIBUTING.md` describes each room.

export interface Room {
  /** Path below src. */
  readonly path: string
  /** The modules of Node.js and the packages that it may import. */
  readonly packages?: readonly string[]
  /** It starts processes, uses the kernel or knows a terminal. Other rooms may import types from it, but no code. */
  readonly acts?: true
}

const files = ['node:fs', 'node:fs/promises', 'node:os', 'node:path', 'node:timers/promises']

export const rooms: readonly Room[] = [
  { path: 'escape.ts' },
  { path: 'errors' },
  { path: 'errors.ts' },
  { path: 'json-string.ts' },
  { path: 'ending.ts' },
  { path: 'line-steps.ts' },
  { path: 'not-found.ts' },
  { path: 'order.ts' },
  { path: 'sha256.ts' },
  { path: 'own.ts', packages: files, acts: true },
  { path: 'abi' },
  { path: 'options.ts' },
  { path: 'profile', packages: ['jsonc-parser', 'yaml', 'node:module'] },
  { path: 'meaning' },
  { path: 'read', packages: ['fzstd', 'node:stream', 'node:zlib'] },
  { path: 'observe' },
  { path: 'scan' },
  // First the base of all recorders, then the recorders, then the parts that build container commands and choose.
  { path: 'record', packages: [...files, 'execa', 'yargs-parser'], acts: true },
  { path: 'record/koffi.ts', packages: ['koffi'], acts: true },
  { path: 'record/filters.ts', packages: [...files, 'node:util'], acts: true },
  { path: 'record/ebpf', packages: [...files, 'koffi', 'node:util'], acts: true },
  { path: 'record/strace', packages: [...files, 'execa', 'node:net'], acts: true },
  { path: 'record/audit', packages: [...files, 'node:tty', 'node:util'], acts: true },
  { path: 'record/cri', packages: [...files, 'node:http2', 'node:net'], acts: true },
  { path: 'record/collect', packages: files, acts: true },
  { path: 'record/recorders.ts', acts: true },
  {
    path: 'record/containers',
    packages: [...files, 'execa', 'node:child_process', 'node:crypto', 'yaml'],
    acts: true,
  },
  { path: 'record/choose.ts', acts: true },
  { path: 'record/each', packages: [...files, 'execa'], acts: true },
  { path: 'record/pods.ts', packages: files, acts: true },
  { path: 'record/named-process.ts', acts: true },
  { path: 'record/watched', packages: files, acts: true },
  { path: 'record/watching.ts', packages: files, acts: true },
  { path: 'record/record.ts', packages: files, acts: true },
  { path: 'record/index.ts', acts: true },
  { path: 'policy' },
  { path: 'check', packages: ['ajv/dist/runtime/ucs2length.js'] },
  { path: 'explain' },
  { path: 'harden' },
  { path: 'print', packages: ['jsonc-parser', 'yaml'] },
  { path: 'git', packages: ['execa'], acts: true },
  {
    path: 'registry',
    packages: [
      ...files,
      'execa',
      'node:crypto',
      'node:http',
      'node:https',
      'node:net',
      'node:stream',
      'node:tls',
    ],
    acts: true,
  },
  {
    path: 'verify',
    packages: [...files, 'execa', 'jsonc-parser', 'node:crypto', 'node:tty', 'yaml'],
    acts: true,
  },
  { path: 'watch', packages: [...files, 'execa'], acts: true },
  { path: 'report' },
  // The library's exports: the pure part, and the part that starts processes.
  { path: 'index.ts' },
  { path: 'run.ts', acts: true },
  {
    path: 'commands',
    packages: [...files, 'commander', 'node:buffer', 'node:child_process', 'node:crypto'],
    acts: true,
  },
  { path: 'main.ts', packages: ['commander', 'node:fs/promises'], acts: true },
  { path: 'cli.ts', packages: [...files, 'node:tty', 'node:util'], acts: true },
  { path: 'start.ts', packages: ['node:vm'], acts: true },
  { path: 'executable.ts', acts: true },
]
