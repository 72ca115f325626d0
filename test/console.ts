// The examples of a page: every ```console block is run, command by command, and shows what really comes out. The
// command is bundled from its sources once, as for the package: the pages have dozens of examples.
import { build } from 'esbuild'
import { execa } from 'execa'
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { plainEnvironment } from './live/command.ts'

const root = resolve(import.meta.dirname, '..')
const block = /^```console\n(.*?)^```$/gms

let bundled: Promise<string> | undefined

/** The path of the bundled command: below the project, where its dependencies are found. */
async function bundle(): Promise<string> {
  mkdirSync(join(root, '.tap'), { recursive: true })
  const folder = mkdtempSync(join(root, '.tap/pages-'))
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }))
  await build({
    absWorkingDir: root,
    entryPoints: ['src/cli.ts'],
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
  const folder = mkdtempSync(join(tmpdir(), 'seccomp-gen-page-'))
  try {
    const command = join(folder, 'seccomp-gen')
    writeFileSync(command, `#!/bin/sh\nexec '${process.execPath}' '${program}' "$@"\n`)
    chmodSync(command, 0o755)
    for (const each of ['traces', 'examples']) symlinkSync(join(root, each), join(folder, each))
    let result = ''
    let end = 0
    for (const found of page.matchAll(block)) {
      result += page.slice(end, found.index) + '```console\n'
      for (const line of (found[1] as string).split('\n').filter((line) => line.startsWith('$ '))) {
        const { all } = await execa('sh', ['-c', line.slice(2)], {
          cwd: folder,
          all: true,
          reject: false,
          env: { ...plainEnvironment, PATH: `${folder}:${process.env['PATH']}`, LC_ALL: 'C' },
        })
        result += `${line}\n${all === '' ? '' : `${all}\n`}`
      }
      result += '```'
      end = found.index + found[0].length
    }
    return result + page.slice(end)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
