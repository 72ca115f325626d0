// The examples of a page: every ```console block is run, command by command, and shows what really comes out.
import { execa } from 'execa'
import { chmodSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { bundled } from './bundled.ts'
import { plainEnvironment } from './live/command.ts'

const root = resolve(import.meta.dirname, '..')
const block = /^```console\n(.*?)^```$/gms

/** The page with the output of every `$ command` replaced by what it prints now, both streams, in one folder. */
export async function withOutputs(page: string): Promise<string> {
  const program = await bundled()
  const folder = mkdtempSync(join(tmpdir(), 'seccomp-gen-page-'))
  try {
    const command = join(folder, 'seccomp-gen')
    writeFileSync(command, `#!/bin/sh\nexec ${program.map((word) => `'${word}'`).join(' ')} "$@"\n`)
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
