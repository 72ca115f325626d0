// Escapes text from input for markup and for a CI's workflow commands. ../escape.ts escapes for terminals and shells.
import { escapeTerminal } from '../escape.ts'

export { escapeTerminal, shellWord } from '../escape.ts'

/** `escapeTerminal`, then escapes Markdown and HTML (CommonMark with GitHub's tables, mentions and references). */
export function escapeMarkdown(text: string): string {
  return escapeTerminal(text)
    .replaceAll(/[\\`*_{}[\]()#+!|~-]/g, String.raw`\$&`)
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('@', '&#64;')
    .replaceAll('://', '&#58;//')
    .replaceAll(/www\./gi, (word) => `${word.slice(0, 3)}&#46;`)
}

/** `escapeTerminal`, then escapes markup in text and quoted attributes (HTML, 13.1.2.3 and 13.1.4). */
export function escapeHtml(text: string): string {
  return escapeMarkup(escapeTerminal(text))
}

/** Escapes markup in text whose control characters are already escaped. */
export function escapeMarkup(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;')
}

/** The message of a workflow command `::error …::message` (actions/toolkit command.ts: %, CR and LF). */
export function escapeWorkflowData(text: string): string {
  return escapeTerminal(text).replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A')
}

/** A property of a workflow command, `file=…`. It also escapes `:` and `,`, which end a property. */
export function escapeWorkflowProperty(text: string): string {
  return escapeWorkflowData(text).replaceAll(':', '%3A').replaceAll(',', '%2C')
}
