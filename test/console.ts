// The examples of a page: the commands of every ```console block run one by one, and their output is filled in.
// ```console live blocks run programs in a sandbox; without a sandbox such a block stays as it is.
import { execa } from 'execa'
import { chmodSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { whyNotRun } from '../scripts/bundle.ts'
import { noEbpf, plainEnvironment, seccompGen } from './live/command.ts'

const root = resolve(import.meta.dirname, '..')
const block = /^```console( live)?\n(.*?)^```$/gms

/** Why live blocks cannot run here; undefined if they can. */
export async function whyNotLive(): Promise<string | undefined> {
  if (process.arch !== 'x64') return 'the pages show the calls of x86_64'
  return (await noEbpf()) ?? whyNotRun('runc')
}

/** Fixes what varies between runs and machines: pids, addresses, the version of runc, and so the widths of columns. */
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

let liveness: Promise<string | undefined> | undefined

/** The page with the present output of every `$ command`, stdout and stderr; all commands run in one folder. */
export async function withOutputs(page: string): Promise<string> {
  const notLive = await (liveness ??= whyNotLive())
  const folder = mkdtempSync(join(tmpdir(), 'seccomp-gen-page-'))
  try {
    const command = join(folder, 'seccomp-gen')
    writeFileSync(command, `#!/bin/sh\nexec ${seccompGen.map((word) => `'${word}'`).join(' ')} "$@"\n`)
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
