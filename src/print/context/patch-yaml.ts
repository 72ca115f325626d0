// Puts a context into YAML documents: Kubernetes workloads and compose files. The yaml package changes a document's
// whole layout, so only the lines that the patch changes are taken from its output.
import type { Document, LineCounter, Node, YAMLMap } from 'yaml'
import { UserError } from '../../errors.ts'
import type { SecurityContext } from '../../harden/context.ts'
import { whyNotYaml, yaml } from '../../profile/bounded-yaml.ts'
import type { PrintContextOptions } from './forms.ts'
import { withJsonChanges } from './json-changes.ts'
import { patchCompose } from './patch-compose.ts'
import { namesIn, patchPod, podSpecPath, podSpecShape } from './patch-pod.ts'
import { Patching, type NamedContainers, type PatchResult } from './patching.ts'
import { listOfMappings, mapping } from './shapes.ts'
import { withChanges } from './with-changes.ts'
import { YamlMap, type YamlSource } from './yaml-map.ts'

/** Begins an action of a template (pkg.go.dev/text/template). */
const action = '{{'

interface PatchTarget extends NamedContainers {
  readonly document: Document.Parsed
  readonly patch: (patching: Patching) => void
}

export function patchYaml(
  text: string,
  file: string,
  context: SecurityContext,
  options: PrintContextOptions,
): PatchResult {
  const { documents, lines } = parse(text, file)
  const found = documents.flatMap((document) => manifestsIn(document, { file, lines }, options))
  if (found.length === 0) throw new UserError('not-a-manifest', { file })
  const unique = (names: readonly string[]): readonly string[] => [...new Set(names)]
  const named = {
    names: unique(found.flatMap(({ names }) => names)),
    inits: unique(found.flatMap(({ inits = [] }) => inits)),
  }
  const patching = new Patching(context, named, file)
  const layouts = documents.map(({ range }) => layoutOf(text.slice(range[0], range[2])))
  // JSON is YAML too, and stays JSON.
  if (isJson(text)) {
    const [document] = documents as readonly [Document.Parsed]
    const before: unknown = document.toJS()
    for (const { patch } of found) patch(patching)
    return patching.result(withJsonChanges(text, before, document.toJS()))
  }
  const print = (): readonly string[] => documents.map((each, index) => each.toString(layouts[index]))
  const before = print()
  for (const { patch } of found) patch(patching)
  const after = print()
  const result = withChanges(text, before, after)
  if (isSame(result, documents)) return patching.result(result)
  // Meaning goes before layout: if lines of the text do not fit the change, the printed documents are the result.
  const apart = documents.map(({ range }, index) => {
    const start = documents[index - 1]?.range[2] ?? 0
    return before[index] === after[index]
      ? text.slice(start, index === documents.length - 1 ? text.length : range[2])
      : (after[index] as string)
  })
  return patching.result(
    [apart, after].map((each) => each.join('')).find((each) => isSame(each, documents)) ?? after.join(''),
  )
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

function isSame(text: string, documents: readonly Document.Parsed[]): boolean {
  const parsed = Array.from(yaml().parseAllDocuments(text) as Iterable<Document.Parsed>)
  const valueOf = (document: Document.Parsed): string => JSON.stringify(document.toJS())
  return (
    parsed.length === documents.length &&
    parsed.every(({ errors }) => errors.length === 0) &&
    parsed.every((each, index) => valueOf(each) === valueOf(documents[index] as Document.Parsed))
  )
}

function parse(
  text: string,
  file: string,
): { readonly documents: readonly Document.Parsed[]; readonly lines: LineCounter } {
  const hostile = whyNotYaml(text)
  if (hostile !== undefined) throw new UserError('not-a-manifest', { file })
  const { LineCounter, parseAllDocuments } = yaml()
  const lines = new LineCounter()
  const parsed: unknown = parseAllDocuments(text, { prettyErrors: false, lineCounter: lines })
  const documents = Array.from(parsed as Iterable<Document.Parsed>)
  for (const { errors } of documents) {
    const [error] = errors
    if (error === undefined) continue
    const { line } = lines.linePos(error.pos[0])
    if (text.includes(action)) throw new UserError('manifest-template', { file, line })
    throw new UserError('manifest-not-yaml', { file, line, words: error.message.split('\n', 1)[0] ?? '' })
  }
  const line = text.includes(action) ? actionInComments(documents, text) : 0
  if (line > 0) throw new UserError('manifest-template', { file, line })
  return { documents, lines }
}

/**
 * The line of an action in a comment; 0 for none. Helm runs actions in comments too (helm.sh, "YAML Comments vs.
 * Template Comments"), so the lines between two of them may be left out. In a value an action only gives text.
 */
function actionInComments(documents: readonly Document.Parsed[], text: string): number {
  let isTemplate = false
  const note = ({
    comment,
    commentBefore,
  }: {
    comment?: string | null
    commentBefore?: string | null
  }): void => {
    isTemplate ||= `${comment ?? ''} ${commentBefore ?? ''}`.includes(action)
  }
  for (const document of documents) {
    note(document)
    yaml().visit(document, { Node: (_, node) => note(node as Node) })
  }
  return isTemplate ? text.split('\n').findIndex((line) => /(?:^|\s)#.*\{\{/.test(line)) + 1 : 0
}

function manifestsIn(
  document: Document.Parsed,
  source: YamlSource,
  options: PrintContextOptions,
): readonly PatchTarget[] {
  const { contents } = document
  if (!yaml().isMap(contents)) return []
  const whole = new YamlMap(document, contents as YAMLMap, source)
  const kind = whole.text('kind')
  if (kind === undefined) {
    whole.check(mapping({ services: mapping({}) }))
    const services = whole.map('services')
    if (services === undefined) return []
    return [
      { document, names: services.keys(), patch: (patching) => patchCompose(services, patching, options) },
    ]
  }
  if (kind === 'List') whole.check(mapping({ items: listOfMappings({}) }))
  const objects = kind === 'List' ? whole.maps('items') : [whole]
  return objects.flatMap((each): readonly PatchTarget[] => {
    const path = podSpecPath(each.text('kind'))
    if (path === undefined) return []
    each.check(path.reduceRight((shape, key) => mapping({ [key]: shape }), podSpecShape))
    const spec = each.mapAt(path)
    if (spec === undefined) return []
    const claims = each
      .mapAt(['spec'])
      ?.maps('volumeClaimTemplates')
      .flatMap((claim) => claim.map('metadata')?.text('name') ?? [])
    return [
      { document, ...namesIn(spec), patch: (patching) => patchPod(spec, claims ?? [], patching, options) },
    ]
  })
}

/** The layout of the text: whether lists are indented below their key, and how far members are indented. */
function layoutOf(text: string): { lineWidth: 0; indentSeq: boolean; indent: number } {
  const [, indent = '  '] = /^[\w"'-][^\n]*:[ \t]*(?:#.*)?\n( +)[\w"']/m.exec(text) ?? []
  const isFlat = /^( *)(?:- )?[\w"'-]+:[ \t]*(?:#.*)?\n\1- /m.test(text)
  return { lineWidth: 0, indentSeq: !isFlat, indent: indent.length }
}
