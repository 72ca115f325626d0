// Reads the words of Sysctl= in a quadlet: NAME=VALUE, perhaps in quotes. Authority: podman-systemd.unit(5).
import type { ContainerContext } from '../../harden/context.ts'
import { quadletWord, unquoted, wordsIn } from './quadlet.ts'

/** The words NAME=VALUE that the context needs. A word with a blank needs quotes. */
export function sysctlWords({ sysctls = {} }: ContainerContext): readonly string[] {
  return Object.entries(sysctls).map(([name, value]) =>
    value.includes(' ') ? `"${name}=${value}"` : `${name}=${value}`,
  )
}

/** The value with the context's words in place of other values for the same names. */
export function withSysctls(value: string, container: ContainerContext): string {
  const wanted = new Map(sysctlWords(container).map((word) => [nameOf(word), word]))
  return value.replaceAll(quadletWord, (each) => {
    const its = wanted.get(nameOf(each))
    return its === undefined || unquoted(its) === unquoted(each) ? each : its
  })
}

/** The words that the values do not have yet. */
export function missingSysctls(values: readonly string[], container: ContainerContext): readonly string[] {
  const there = values.flatMap(wordsIn).map(nameOf)
  return sysctlWords(container).filter((each) => !there.includes(nameOf(each)))
}

function nameOf(text: string): string {
  return unquoted(text).split('=', 1)[0] as string
}
