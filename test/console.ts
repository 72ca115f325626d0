// The examples of a page: every ```console block is run, command by command, and shows what really comes out. The
// command is bundled from its sources once, as for the package: the pages have dozens of examples. A block of
// ```console live runs programs in a sandbox: where that cannot be, it stays as it stands.
import { build } from 'esbuild'
import { execa } from 'execa'
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { whyNotRun } from '../scripts/bundle.ts'
import { noEbpf, plainEnvironment } from './live/command.ts'

const root = resolve(import.meta.dirname, '..')
const block = /^```console( live)?\n(.*?)^```$/gms

/** Why live blocks cannot be run here; undefined where they can. */
export async function whyNotLive(): Promise<string | undefined> {
  if (process.arch !== 'x64') return 'the pages show the calls of x86_64'
  return (await noEbpf()) ?? whyNotRun('runc')
}

/** What differs from run to run and from machine to machine: processes, addresses, the version of runc; columns with it. */
function settled(output: string): string {
  return output
    .replaceAll(/ \(\d+\)/g, ' (4321)')
    .replaceAll(/ 0x[0-9a-f]{8,}/g, ' 0x7ffd00000000')
    .replaceAll(/runc \d\S* on the host/g, 'runc 1.3.6 on the host')
    .replaceAll(/^call {2,}(?:.+\n)+/gm, (table) => {
      const rows = table.split('\n').map((row) => row.split(/ {2,}/))
      const width = (column: number): number => Math.max(...rows.map((row) => (row[column] ?? '').length))
      const lines = rows.map((row) => row.map((cell, column) => cell.padEnd(width(column))).join('  '))
      return lines.map((line) => line.trimEnd()).join('\n')
    })
}

let bundled: Promise<string> | undefined
let liveness: Promise<string | undefined> | undefined

/** The path of the bundled command: below the project, where its dependencies are found. */
async function bundle(): Promise<string> {
  mkdirSync(join(root, '.tap'), { recursive: true })
  const folder = mkdtempSync(join(root, '.tap/pages-'))
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }))
  await build({
    absWorkingDir: root,
    entryPoints: { cli: 'src/cli.ts', guardian: 'src/record/containers/guardian.ts' },
    outdir: folder,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    splitting: true,
    platform: 'node',
    format: 'esm',
    mainFields: ['module', 'main'],
    target: 'node20',
    external: ['koffi'],
    banner: {
      js: "import{createRequire as requireFrom}from'node:module';const require=requireFrom(import.meta.url);",
    },
  })
  return join(folder, 'cli.mjs')
}

/** The page with the output of every `$ command` replaced by what it prints now, both streams, in one folder. */
export async function withOutputs(page: string): Promise<string> {
  const program = await (bundled ??= bundle())
  const notLive = await (liveness ??= whyNotLive())
  const folder = mkdtempSync(join(tmpdir(), 'seccomp-gen-page-'))
  try {
    const command = join(folder, 'seccomp-gen')
    writeFileSync(command, `#!/bin/sh\nexec '${process.execPath}' '${program}' "$@"\n`)
    chmodSync(command, 0o755)
    for (const each of ['traces', 'examples']) symlinkSync(join(root, each), join(folder, each))
    let result = ''
    let end = 0
    for (const found of page.matchAll(block)) {
      const [whole, live = '', body = ''] = found
      result += page.slice(end, found.index)
      end = found.index + whole.length
      if (live !== '' && notLive !== undefined) {
        result += whole
        continue
      }
      result += `\`\`\`console${live}\n`
      for (const line of body.split('\n').filter((line) => line.startsWith('$ '))) {
        const { all } = await execa('sh', ['-c', line.slice(2)], {
          cwd: folder,
          all: true,
          reject: false,
          env: { ...plainEnvironment, PATH: `${folder}:${process.env['PATH']}`, LC_ALL: 'C' },
        })
        const output = live === '' ? all : settled(all)
        result += `${line}\n${output === '' ? '' : `${output}\n`}`
      }
      result += '```'
    }
    return result + page.slice(end)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
