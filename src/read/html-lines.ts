// Decodes lines that were copied from the source of a page of HTML, such as an archive of mails or bugs. Only strace's
// own marks and quotes decide that a text is HTML: a program may write any entity. Authority: HTML, "Named character
// references" (the five that escape text and attributes).
import type { Unwrap } from './journal-entries.ts'

const entities: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'", '#39': "'", '#x27': "'", '#34': '"' } // prettier-ignore

/** A line that is a second half, or that ends unfinished, as HTML. strace escapes line ends in the program's text. */
const mark = /^(?:\[pid +\d+\] |\d+ +)?(?:[\d:.]+ )?&lt;\.\.\. \w+ resumed|&lt;unfinished \.\.\.&gt;\r?$/m

/** Whether the text is lines of strace as HTML. */
export function isHtml(head: string): boolean {
  if (!head.includes('&lt;') && !head.includes('&quot;')) return false
  if (mark.test(head)) return !/<(?:unfinished|\.\.\.) /.test(head)
  return /^\S* ?\w+\([^"]*&quot;/m.test(head) && !head.includes('"')
}

export const ofHtml: Unwrap = (line) => {
  const bare = line.replace(/<br ?\/?>$/, '').replace(/^(?:<[a-z]+[^>]*>)*<(?:pre|code)\b[^>]*>/, '')
  const text = bare.replaceAll(/&([a-z]+|#x?\w{1,4});/g, (all, name: string) => entities[name] ?? all)
  return { stream: '', text: `${text}\n` }
}
