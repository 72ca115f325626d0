// The modules that short commands load before they know more than their name: every run pays for an unnecessary static
// import. Reads the bundle's files, made as in scripts/bundle-command.mjs.
import { build } from 'esbuild'
import t from 'tap'
import { bundleOptions } from '../scripts/bundle-options.mjs'

const { metafile } = await build({
  ...bundleOptions,
  absWorkingDir: new URL('..', import.meta.url).pathname,
  entryPoints: ['src/main.ts'],
  outdir: 'dist/command',
  minify: true,
  logLevel: 'error',
  write: false,
  metafile: true,
})
const { outputs } = metafile

/** The sources in the files that a command loads; without a command, those of `--version`. */
function loadedWith(command?: string): readonly string[] {
  const entries = ['src/main.ts', ...(command === undefined ? [] : [`src/commands/${command}.ts`])]
  const files = new Set(
    Object.keys(outputs).filter((file) => entries.includes(outputs[file]?.entryPoint ?? '')),
  )
  t.equal(files.size, entries.length, `${command ?? '--version'} has a file`)
  for (const file of files)
    for (const { path, kind, external } of outputs[file]?.imports ?? [])
      if (kind === 'import-statement' && external !== true) files.add(path)
  return [...files].flatMap((file) =>
    Object.entries(outputs[file]?.inputs ?? {}).flatMap(([source, { bytesInOutput }]) =>
      bytesInOutput > 0 ? source : [],
    ),
  )
}

/** Modules that read traces, record, scan, harden or query others. */
const others =
  /^(?:src\/(?:git|harden|read|record|registry|scan|verify)\/|node_modules\/(?:execa|fzstd|koffi)\/)/
/** Small parts of those modules that reports, checks and `eval --batch` need. */
const shared = [
  'src/read/byte-text.ts',
  'src/read/failures.ts',
  'src/read/lines.ts',
  'src/read/observations/document.ts',
  'src/read/own-results.ts',
  'src/read/sum.ts',
  'src/read/text.ts',
  'src/scan/reachable.ts',
]

for (const command of [undefined, 'validate', 'eval', 'diff', 'syscalls']) {
  const loaded = loadedWith(command)
  t.strictSame(
    loaded.filter((source) => others.test(source) && !shared.includes(source)),
    [],
    `${command ?? '--version'} loads nothing of what it does not need`,
  )
  t.ok(loaded.includes('src/main.ts'), 'and what it needs')
}

for (const command of [undefined, 'eval', 'syscalls'])
  t.notOk(
    loadedWith(command).some((source) => source.startsWith('src/report/html/')),
    `${command ?? '--version'} loads no page`,
  )

t.ok(
  loadedWith('generate').some((source) => source.startsWith('src/read/strace/')),
  'what a trace needs is seen where it is loaded',
)
