// Reads the text of a quadlet as lines with sections and settings, and which files belong to it. Authority:
// podman-systemd.unit(5), systemd.syntax(7); GetUnitDropinPaths and LookupAllRaw of Podman's
// pkg/systemd/parser/unitfile.go, loadUnitDropins of its cmd/quadlet.

/** A setting with its lines (more than one if continued), or any other line. */
export interface QuadletLine {
  readonly lines: readonly string[]
  readonly section: string
  readonly key?: string
  readonly value?: string
}

export const section = 'Container'

/** The file of the pod that the quadlet's container belongs to: the last value of Pod= in the quadlet and its drop-ins. */
export function podOfQuadlet(...texts: readonly string[]): string | undefined {
  return valuesIn(texts.flatMap(parse), section, 'Pod').at(-1)
}

/** The parts of a quadlet's file name. Only a template has an `@`, and only an instance of it a name behind the `@`. */
export interface QuadletName {
  readonly unit: string
  readonly instance: string
  readonly isTemplate: boolean
  /** `.container`, `.pod`; empty if the file has another name. */
  readonly extension: string
}

export function quadletName(file: string): QuadletName {
  const base = file.slice(file.lastIndexOf('/') + 1)
  const [, stem = base, extension = ''] = /^(.*)(\.container|\.pod)$/.exec(base) ?? []
  const at = stem.indexOf('@')
  const isTemplate = at >= 0
  return {
    unit: isTemplate ? stem.slice(0, at) : stem,
    instance: isTemplate ? stem.slice(at + 1) : '',
    isTemplate,
    extension,
  }
}

/**
 * The directories beside a quadlet that may have drop-ins, the most specific first. Of two drop-ins with the same name
 * the first holds. Podman reads the drop-ins in the order of their names.
 */
export function dropInDirectories(file: string): readonly string[] {
  const { unit, instance, isTemplate, extension } = quadletName(file)
  if (extension === '') return []
  const parts = unit.split('-')
  const shorter = parts.slice(1).map((_, index) => `${parts.slice(0, index + 1).join('-')}-`)
  const names = [
    ...shorter.flatMap((each) => (isTemplate ? [each, `${each}@`] : [each])),
    ...(instance === '' ? [] : [`${unit}@`]),
    isTemplate ? `${unit}@${instance}` : unit,
  ]
  return [extension.slice(1), ...names.map((each) => `${each}${extension}`)]
    .map((each) => `${each}.d`)
    .toReversed()
}

/** The values of a key. An empty value takes away those before it. */
export function valuesIn(entries: readonly QuadletLine[], its: string, key: string): readonly string[] {
  const values = entries.flatMap((each) =>
    each.section === its && each.key === key ? [each.value ?? ''] : [],
  )
  return values.slice(values.lastIndexOf('') + 1)
}

export function parse(text: string): readonly QuadletLine[] {
  const lines = text.replaceAll('\r\n', '\n').split('\n')
  const entries: QuadletLine[] = []
  let here = ''
  for (let at = 0; at < lines.length; at++) {
    const line = lines[at] as string
    const [, title] = /^\[(.*)\]\s*$/.exec(line) ?? []
    if (title !== undefined) here = title
    const taken = [line]
    if (/^\s*[A-Za-z][\w-]*\s*=/.test(line))
      while (isContinued(taken) && at + 1 < lines.length) taken.push(lines[++at] as string)
    // A backslash with its line end stands for a blank.
    const joined = taken
      .filter((each, index) => index === 0 || !isComment(each))
      .map((each) => each.trimEnd().replace(/\\$/, ' '))
      .join('')
    const [, key, value] = /^\s*([A-Za-z][\w-]*)\s*=\s*(.*?)\s*$/.exec(joined) ?? []
    entries.push({ lines: taken, section: here, ...(key === undefined ? {} : { key, value: value ?? '' }) })
  }
  return entries
}

/** Skips comments between the lines of a value, and blanks after a backslash. */
function isContinued(taken: readonly string[]): boolean {
  const last = taken.findLast((each, index) => index === 0 || !isComment(each)) as string
  return last.trimEnd().endsWith('\\')
}

function isComment(line: string): boolean {
  return /^\s*[#;]/.test(line)
}

export function print(entries: readonly QuadletLine[]): string {
  return entries.flatMap(({ lines }) => lines).join('\n')
}

/** A word of a value, perhaps with parts in quotes. */
export const quadletWord = /(?:"[^"]*"|'[^']*'|[^\s"'])+/g

export function wordsIn(value: string): readonly string[] {
  return value.match(quadletWord) ?? []
}

export function unquoted(word: string): string {
  return word.replaceAll(/["']/g, '')
}
