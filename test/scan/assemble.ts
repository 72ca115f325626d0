// Makes small ELF files for tests: the system's gcc assembles and links them without a C library, so a test knows every
// call of the program. Binutils for aarch64 make those of aarch64.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Tree } from '../../src/index.ts'

export const noCompiler: string | undefined =
  process.arch === 'x64' && spawnSync('gcc', ['--version']).status === 0
    ? undefined
    : 'no gcc for x86_64 here'

const arm64 = 'aarch64-linux-gnu-'

/** Binutils for aarch64: Debian's binutils-aarch64-linux-gnu. */
export const noArm64Tools: string | undefined = ['as', 'ld'].every(
  (tool) => spawnSync(`${arm64}${tool}`, ['--version']).status === 0,
)
  ? undefined
  : 'no binutils for aarch64 here'

/** A program from an assembly text (GNU syntax, aarch64). */
export function assembledArm64(text: string, flags: readonly string[] = []): Uint8Array {
  const directory = mkdtempSync(join(tmpdir(), 'seccomp-gen-scan-'))
  try {
    const [source, object, out] = ['program.s', 'program.o', 'out'].map((name) => join(directory, name)) as [
      string,
      string,
      string,
    ]
    writeFileSync(source, text)
    for (const [tool, words] of [
      ['as', [source, '-o', object]],
      ['ld', [object, '-o', out, ...flags]],
    ] as const) {
      const made = spawnSync(`${arm64}${tool}`, words, { encoding: 'utf8' })
      if (made.status !== 0) throw new Error(made.stderr)
    }
    return new Uint8Array(readFileSync(out))
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

/** A program from an assembly text (GNU syntax, x86-64). */
export function assembled(text: string, flags: readonly string[] = ['-static']): Uint8Array {
  return built('program.s', text, ['-nostdlib', ...flags])
}

export function compiled(text: string, flags: readonly string[], name = 'program.c'): Uint8Array {
  return built(name, text, flags)
}

/** A tree with a program and the C library it needs, both assembled. */
export function withLibc(program: string, library: string, flags: readonly string[] = []): Tree {
  const directory = mkdtempSync(join(tmpdir(), 'seccomp-gen-scan-'))
  try {
    const libc = assembled(library, ['-shared', '-Wl,-soname,libc.so.6'])
    writeFileSync(join(directory, 'libc.so.6'), libc)
    return memoryTree({
      '/bin/program': assembled(program, [join(directory, 'libc.so.6'), ...flags]),
      '/lib/libc.so.6': libc,
    })
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

/** A function with the size and type that compilers give it. `isExported`: other files may call it. */
export const func = (name: string, body: string, isExported = true): string =>
  `.type ${name}, @function\n${isExported ? `.globl ${name}\n` : ''}${name}:\n.cfi_startproc\n${body}\n.cfi_endproc\n.size ${name}, .-${name}\n`

function built(name: string, text: string, flags: readonly string[]): Uint8Array {
  const directory = mkdtempSync(join(tmpdir(), 'seccomp-gen-scan-'))
  try {
    writeFileSync(join(directory, name), text)
    const made = spawnSync('gcc', ['-o', join(directory, 'out'), join(directory, name), ...flags], {
      encoding: 'utf8',
    })
    if (made.status !== 0) throw new Error(made.stderr)
    return new Uint8Array(readFileSync(join(directory, 'out')))
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

/** A tree of files in memory; a string is a symbolic link's target. */
export function memoryTree(files: Readonly<Record<string, Uint8Array | string>>): Tree {
  return {
    entry: async (path) => {
      const found = files[path]
      if (typeof found === 'string') return { kind: 'link', target: found }
      if (found !== undefined) return { kind: 'file', mode: 0o755, read: async () => found }
      return path === '/' || Object.keys(files).some((each) => each.startsWith(`${path}/`))
        ? { kind: 'directory', names: async () => [] }
        : undefined
    },
  }
}
