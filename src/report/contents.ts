// The content of a profile in one line: how many calls it allows, and why. A call counts once, for its weightiest
// reason.
import type { Policy, Reason } from '../policy/index.ts'

type Kind = 'seen' | 'floor' | 'kernel' | 'part' | 'margin' | 'reachable' | 'libc'

const kinds: Readonly<Partial<Record<Reason['kind'], Kind>>> = {
  seen: 'seen',
  equivalent: 'seen',
  floor: 'floor',
  kernel: 'kernel',
  part: 'part',
  margin: 'margin',
  reachable: 'reachable',
  fallback: 'libc',
}
const order: readonly Kind[] = ['seen', 'floor', 'kernel', 'part', 'margin', 'reachable', 'libc']

/** Such as `71 calls allowed: 23 seen, 44 for runc and crun, 4 the kernel's; 5 logged; wrote app.json`. */
export function contentsLine({ rules }: Policy, file: string | undefined): string {
  const found = new Map<string, Set<Kind>>()
  const runtimes = new Set<string>()
  const parts = new Set<string>()
  for (const { syscall, action, because } of rules) {
    if (action.type !== 'allow') continue
    const its = found.get(syscall) ?? new Set<Kind>()
    found.set(syscall, its)
    for (const reason of because) {
      const kind = kinds[reason.kind]
      if (kind !== undefined) its.add(kind)
      if (reason.kind === 'floor') runtimes.add(reason.runtime)
      if (reason.kind === 'part') parts.add(reason.part)
    }
  }
  const counts = new Map<Kind, number>()
  for (const its of found.values()) {
    const first = order.find((each) => its.has(each)) ?? 'seen'
    counts.set(first, (counts.get(first) ?? 0) + 1)
  }
  const words: Readonly<Record<Kind, string>> = {
    seen: 'seen',
    floor: `for ${[...runtimes].sort().toReversed().join(' and ')}`,
    kernel: 'the kernel’s',
    part: `for ${[...parts].sort().join(' and ')}`,
    margin: 'in the margin',
    reachable: 'reachable and not seen',
    libc: 'libc’s next',
  }
  const counted = order.flatMap((each) => (counts.has(each) ? [`${counts.get(each)} ${words[each]}`] : []))
  const logged = new Set(rules.flatMap(({ syscall, action }) => (action.type === 'log' ? [syscall] : [])))
  const alsoLogged = logged.size === 0 ? '' : `; ${logged.size} logged`
  const wrote = `${alsoLogged}${file === undefined ? '' : `; wrote ${file}`}`
  return `${found.size} ${found.size === 1 ? 'call' : 'calls'} allowed: ${counted.join(', ')}${wrote}`
}
