// Turns the compact lines of a built-in profile into its JSON document. scripts/builtins/compact.ts defines the lines.

/** Each rule keeps its line: a line of the data is a line of the JSON text. */
export function documentOf(lines: readonly string[]): string {
  const defaults = answerKeys((lines[0] as string).slice('default '.length), 'defaultAction', 'defaultErrno')
  const arches = lines.filter((line) => line.startsWith('arches ')).map((line) => line.split(' ').slice(1))
  const plain = lines.filter((line) => line.startsWith('arch ')).map((line) => line.slice('arch '.length))
  const rules = lines.slice(1 + arches.length + plain.length).map((line) => JSON.stringify(ruleOf(line)))
  const head = {
    ...defaults,
    ...(plain.length === 0 ? {} : { architectures: plain.map(scmp) }),
    ...(arches.length === 0
      ? {}
      : {
          archMap: arches.map(([architecture = '', ...subs]) => ({
            architecture: scmp(architecture),
            subArchitectures: subs.map(scmp),
          })),
        }),
  }
  return `${JSON.stringify(head).slice(0, -1)},"syscalls":[\n${rules.join(',\n')}\n]}`
}

function ruleOf(line: string): object {
  const [before = '', names = ''] = line.split(' : ')
  const [answer = '', ...clauses] = before.split(/ (?=if |with |without )/)
  const args: object[] = []
  const includes: Record<string, unknown> = {}
  const excludes: Record<string, unknown> = {}
  for (const clause of clauses) {
    const [word, ...rest] = clause.split(' ')
    if (word === 'if') {
      const [index, op, value, valueTwo] = rest
      args.push({
        index: Number(index),
        op: `SCMP_CMP_${op}`,
        value: Number(value),
        ...(valueTwo === undefined ? {} : { valueTwo: Number(valueTwo) }),
      })
      continue
    }
    const [key = '', value = ''] = (rest[0] ?? '').split('=')
    const filter = word === 'with' ? includes : excludes
    if (key === 'kernel') filter['minKernel'] = value
    else filter[key] = value.split(',').map((each) => (key === 'caps' ? `CAP_${each}` : each))
  }
  return {
    names: names.split(' '),
    ...answerKeys(answer, 'action', 'errno'),
    ...(args.length === 0 ? {} : { args }),
    ...(Object.keys(includes).length === 0 ? {} : { includes }),
    ...(Object.keys(excludes).length === 0 ? {} : { excludes }),
  }
}

function answerKeys(answer: string, action: string, errno: string): object {
  const [, word, value] = /^(\w+)(?:\((\w+)\))?$/.exec(answer) ?? []
  return {
    [action]: `SCMP_ACT_${word}`,
    ...(value === undefined
      ? {}
      : /^\d/.test(value)
        ? { [`${errno}Ret`]: Number(value) }
        : { [errno]: value }),
  }
}

function scmp(name: string): string {
  return `SCMP_ARCH_${name}`
}
