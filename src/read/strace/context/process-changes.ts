// Notes what a successful call changes or shows of its process: root and current directory, descriptors and ids.
// Authority: chdir(2), chroot(2), pivot_root(2), open(2), dup(2), fcntl(2), getuid(2).
import { pathCalls, pathDeed } from './path-deeds.ts'
import type { ProcessState } from './process-state.ts'
import { descriptorIn, flagsIn, resultPath, stringIn } from './texts.ts'

const askedIds: ReadonlyMap<string, 'uid' | 'euid' | 'gid' | 'egid'> = new Map([
  ['getuid', 'uid'],
  ['geteuid', 'euid'],
  ['getgid', 'gid'],
  ['getegid', 'egid'],
])
const opens: ReadonlySet<string> = new Set(['open', 'openat', 'openat2', 'creat'])
const copies: ReadonlySet<string> = new Set(['dup', 'dup2', 'dup3'])
/** The calls that only this file reads. */
export const changing: ReadonlySet<string> = new Set([
  ...askedIds.keys(),
  ...copies,
  ...'getcwd chdir fchdir chroot pivot_root setns close close_range fcntl fcntl64 recvmsg pidfd_getfd'.split(
    ' ',
  ),
])

/** Updates the state after a successful call. `value`: its result; `line`: the line that shows the result. */
export function noteDone(
  { name, texts }: { readonly name: string; readonly texts: readonly string[] },
  state: ProcessState,
  value: number,
  line: string,
): void {
  const asked = askedIds.get(name)
  if (asked !== undefined) state.ids[asked] ??= value
  else if (opens.has(name)) state.opened(value, resultPath(line) ?? openedPath(name, texts, state))
  else if (copies.has(name)) state.opened(value, descriptorPath(texts[0], state))
  else changeProcess(name, texts, state, value, line)
}

function openedPath(name: string, texts: readonly string[], state: ProcessState): string | undefined {
  const [call] = pathCalls.get(name) ?? []
  const path = call === undefined ? undefined : pathDeed(call, texts, state, undefined)?.path
  return path?.startsWith('/') === true ? path : undefined
}

function descriptorPath(argument: string | undefined, state: ProcessState): string | undefined {
  const from = descriptorIn(argument)
  return from?.path ?? (typeof from?.number === 'number' ? state.descriptor(from.number) : undefined)
}

/** Updates the root, the current directory and the descriptors. */
function changeProcess(
  name: string,
  texts: readonly string[],
  state: ProcessState,
  value: number,
  line: string,
): void {
  const path = stringIn(texts[0])
  const whole = path === undefined || path.isCut ? undefined : state.whole(path, state.directory)
  const absolute = whole?.startsWith('/') === true ? whole : undefined
  const from = descriptorIn(texts[0])
  const known = descriptorPath(texts[0], state)
  switch (name) {
    case 'chdir':
      return state.changedTo(absolute)
    case 'fchdir':
      return state.changedTo(known)
    case 'getcwd': {
      const shown = stringIn(/"(?:[^"\\]|\\.)*"(?=, \d+\) )/.exec(line)?.[0])
      if (shown?.text.startsWith('/') === true && !shown.isCut && state.directory === undefined)
        state.changedTo(state.whole(shown, undefined))
      return
    }
    case 'chroot':
      return state.changedRoot(absolute)
    case 'pivot_root':
    case 'setns':
      return state.pivoted()
    case 'unshare':
      if (flagsIn(texts[0]).has('CLONE_NEWUSER')) state.ids = {}
      return
    case 'close':
      return typeof from?.number === 'number' ? state.closed(from.number) : undefined
    // These calls make or close descriptors that are not read here.
    case 'close_range':
    case 'recvmsg':
    case 'pidfd_getfd':
      return state.closedMany()
    case 'fcntl':
    case 'fcntl64':
      if (texts[1]?.startsWith('F_DUPFD') === true) state.opened(value, known)
      return
    default:
  }
}
