// Prints the page of the API in Markdown, formatted like the project's other pages.
import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { format, resolveConfig } from 'prettier'
import type { Exported } from './api.ts'

const root = resolve(import.meta.dirname, '..')

export interface Example {
  /** The exports that the example shows. */
  readonly names: readonly string[]
  readonly text: string
  /** The lines that the example prints. */
  readonly prints: readonly string[]
}

/** The examples of a file, each below a line `/// name, name`. */
export function examplesOf(file: string): readonly Example[] {
  const [, ...parts] = readFileSync(join(root, file), 'utf8').split(/^\/\/\/ /m)
  return parts.map((part) => {
    const [head = '', ...lines] = part.trimEnd().split('\n')
    return {
      names: head.split(', '),
      text: lines.join('\n'),
      prints: lines.flatMap((line) => (line.startsWith('//= ') ? [line.slice(4)] : [])),
    }
  })
}

export const exampleFiles = ['examples/library.mjs', 'examples/run.mjs', 'examples/under.mjs'] as const

export async function apiPage(api: readonly Exported[]): Promise<string> {
  const examples = exampleFiles.flatMap(examplesOf)
  const shown = new Set<Example>()
  const entry = (each: Exported): string => {
    const example = each.kind === 'type' ? undefined : examples.find(({ names }) => names.includes(each.name))
    const isFirst = example !== undefined && !shown.has(example)
    if (example !== undefined) shown.add(example)
    const first = example?.names[0] ?? ''
    return [
      `### ${each.name}`,
      `\`\`\`ts\n${each.text}\n\`\`\``,
      each.doc,
      ...(each.throws === undefined ? [] : [`Throws ${each.throws}`]),
      ...(isFirst ? [`\`\`\`js\n${example.text}\n\`\`\``] : []),
      ...(example !== undefined && !isFirst ? [`Example: [${first}](#${first.toLowerCase()}).`] : []),
    ].join('\n\n')
  }
  const part = (title: string, its: readonly Exported[]): string =>
    its.length === 0 ? '' : `## ${title}\n\n${its.map(entry).join('\n\n')}\n\n`
  const of = (module: string, test: (each: Exported) => boolean): readonly Exported[] =>
    api.filter((each) => each.module === module && test(each))
  const known = new Set(of('seccomp-gen', () => true).map(({ name }) => name))
  const isNew = ({ name }: Exported): boolean => !known.has(name)
  const isType = ({ kind }: Exported): boolean => kind === 'type'
  const text = `# The library

Every export of \`seccomp-gen\` and \`seccomp-gen/run\`. \`scripts/make-api.ts\` makes this page from the source; \`test/api.test.ts\`
runs the examples: [\`examples/library.mjs\`](../examples/library.mjs), [\`examples/run.mjs\`](../examples/run.mjs) and
[\`examples/under.mjs\`](../examples/under.mjs). In an example, \`//=\` stands before what the statement above it prints. A part may use what a part above it made.

\`seccomp-gen\` takes bytes and values, returns values, starts no process and runs in a browser. \`seccomp-gen/run\` starts
processes and needs Linux. What cannot be done is thrown as a [UserError](#usererror) with a code of
[messages.md](messages.md#of-what-cannot-be-done); what is wrong with data is returned.

Architectures are named as on the command line: \`x86_64 aarch64 x86 x32 arm riscv64 ppc64le s390x loongarch64\`. Times are
milliseconds. Values of arguments are \`bigint\` in records and profiles, decimal strings in JSON documents.

- [Functions of \`seccomp-gen\`](#functions-of-seccomp-gen)
- [Types of \`seccomp-gen\`](#types-of-seccomp-gen)
- [Functions of \`seccomp-gen/run\`](#functions-of-seccomp-genrun)
- [Types of \`seccomp-gen/run\`](#types-of-seccomp-genrun)

${part(
  'Functions of `seccomp-gen`',
  of('seccomp-gen', (each) => !isType(each)),
)}
${part('Types of `seccomp-gen`', of('seccomp-gen', isType))}
${part(
  'Functions of `seccomp-gen/run`',
  of('seccomp-gen/run', (each) => !isType(each) && isNew(each)),
)}
${part(
  'Types of `seccomp-gen/run`',
  of('seccomp-gen/run', (each) => isType(each) && isNew(each)),
)}`
  const path = join(root, 'docs/api.md')
  return format(text, { ...(await resolveConfig(path)), filepath: path })
}
