// Loads the yaml package when the first YAML is read or written: most runs need none, and the package has seventy
// files. Texts that the package cannot bear are refused first: it is recursive, its regular expressions for deep
// indentation exhaust V8's memory (seen: abort at 20000 nested `- `), and its tree takes a hundred times the memory of
// the text.
import type { Tags } from 'yaml'
import type { DocumentFault } from '../errors/documents.ts'
import { depthLimit, nodeLimit } from './tree.ts'
import { loadYaml } from './yaml-package.ts'

type Package = typeof import('yaml')
let loaded: Package | undefined

export function yaml(): Package {
  loaded ??= loadYaml()
  return loaded
}

/**
 * Options of a reader that understands values as Kubernetes and the engines do (gopkg.in/yaml, through
 * sigs.k8s.io/yaml): YAML 1.1's words, octal numbers and merge keys, `0o` beside `0`; base 60 and dates stay text.
 */
export const goYaml = {
  version: '1.1',
  intAsBigInt: true,
  uniqueKeys: false,
  prettyErrors: false,
  customTags: (tags: Tags): Tags => [...tags.filter((tag) => !isUnknownToGo(tag)), 'intOct'],
} as const

function isUnknownToGo(tag: Tags[number]): boolean {
  return (
    typeof tag === 'object' &&
    (tag.tag === 'tag:yaml.org,2002:timestamp' || ('format' in tag && tag.format === 'TIME'))
  )
}

/** etcd's limit for a request (--max-request-bytes): no Kubernetes object is larger. */
const mebibytes = 1.5

/** Why and where a text is refused before parsing; undefined for a harmless text. */
export function whyNotYaml(
  text: string,
): { readonly offset: number; readonly why: DocumentFault } | undefined {
  if (text.length > mebibytes * 1024 * 1024) return { offset: 0, why: { fault: 'large', limit: mebibytes } }
  const indented = /^(?:[ \t]|[-?:](?=[ \t])){200}[ \t\-?:]/m.exec(text)
  return indented === null ? whyNotFlow(text) : { offset: indented.index, why: tooDeep }
}

export const tooDeep: DocumentFault = { fault: 'nested', limit: depthLimit }

/** Counts open brackets and separators of values. Those in strings count too, which only refuses more. */
function whyNotFlow(text: string): ReturnType<typeof whyNotYaml> {
  let open = 0
  let signs = 0
  for (let offset = 0; offset < text.length; offset++) {
    const code = text.charCodeAt(offset)
    if (code === 0x5b || code === 0x7b) {
      if (++open > depthLimit) return { offset, why: tooDeep }
    } else if ((code === 0x5d || code === 0x7d) && open > 0) open--
    else if ((code === 0x2c || code === 0x3a) && ++signs > nodeLimit)
      return { offset, why: { fault: 'too-many-values' } }
  }
  return undefined
}
