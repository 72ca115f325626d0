// Turns a finished or refused call on a path into a row of changes, reads or executions.
// Authority: open(2), openat2(2); path-calls.ts for where each call has its path.
import { scalarValue } from '../arguments.ts'
import { firstPaths, secondPaths, type PathCall, type PathKind } from '../../observations/path-calls.ts'
import { flagRequests } from '../../observations/flag-requests.ts'
import { openFlags, openUse } from '../../observations/open-use.ts'
import type { FileUse } from '../../observations/context.ts'
import { idIn } from './identity.ts'
import type { ProcessState } from './process-state.ts'
import { addressIn, descriptorIn, flagsIn, stringIn, type PathText } from './texts.ts'

export const pathCalls: ReadonlyMap<string, readonly PathCall[]> = new Map(
  firstPaths.map((each) => [each.call, [each, ...secondPaths.filter(({ call }) => call === each.call)]]),
)

/** The part of a file use that its call shows. */
export interface PathDeed extends Pick<
  FileUse,
  'path' | 'resolved' | 'cut' | 'ours' | 'reads' | 'writes' | 'creates' | 'mode' | 'toUid' | 'toGid'
> {
  readonly kind: PathKind
}

/** What a finished call did with one path. `opened`: the path that -y prints for the descriptor of an open. */
export function pathDeed(
  call: PathCall,
  texts: readonly string[],
  state: ProcessState,
  opened: string | undefined,
): PathDeed | undefined {
  const told = placeIn(call, texts, state)
  if (told === undefined) return undefined
  const { kind, how } = call
  if (how === 'open' || how === 'openHow') return openDeed(call, texts, told, opened)
  if (how === 'map') return isCode(texts) ? { kind, ...told } : undefined
  if (how === 'request') return isFlagRequest(texts[call.request ?? 0]) ? { kind, ...told } : undefined
  const [mode, uid, gid] = [
    modeIn(texts, call.mode),
    argumentId(texts, call.uid),
    argumentId(texts, call.gid),
  ]
  return {
    kind,
    ...told,
    ...(mode !== undefined && { mode }),
    ...(uid !== undefined && { toUid: uid }),
    ...(gid !== undefined && { toGid: gid }),
  }
}

type PathPlace = Pick<PathDeed, 'path' | 'resolved' | 'cut'>

function placeIn(
  { how, path, base }: PathCall,
  texts: readonly string[],
  state: ProcessState,
): PathPlace | undefined {
  const from = base === undefined ? undefined : descriptorIn(texts[base])
  const named =
    how === 'socket' ? socketPath(texts[1]) : path === undefined ? undefined : stringIn(texts[path])
  // Without a name, or with an empty one, the call uses the descriptor itself (AT_EMPTY_PATH, futimens).
  if (named === undefined || named.text === '') {
    if (typeof from?.number !== 'number') return undefined
    const known = from.path ?? state.descriptor(from.number)
    return known === undefined ? undefined : { path: known, resolved: from.path !== undefined }
  }
  const directory =
    typeof from?.number === 'number'
      ? (from.path ?? state.descriptor(from.number))
      : (from?.path ?? state.directory)
  return {
    path: state.whole(named, directory),
    resolved: false,
    ...(named.isCut && { cut: true as const }),
  }
}

function socketPath(argument: string | undefined): PathText | undefined {
  const address = addressIn(argument)
  return address?.family === 'unix' ? address.path : undefined
}

function openDeed(
  { constant, flags: place, mode: modePlace, how }: PathCall,
  texts: readonly string[],
  told: PathPlace,
  opened: string | undefined,
): PathDeed | undefined {
  const argument = place === undefined ? undefined : texts[place]
  const inStructure = how === 'openHow' ? /flags=([^,}]+)/.exec(argument ?? '')?.[1] : argument
  const bits = constant ?? bitsIn(inStructure)
  if ((bits & openFlags.path) !== 0) return undefined
  const { creates, ...access } = openUse(bits)
  const isNew = openFlags.create | openFlags.exclusive
  const mode = how === 'openHow' ? octal(/mode=(0\d+)/.exec(argument ?? '')?.[1]) : modeIn(texts, modePlace)
  return {
    kind: 'open',
    ...told,
    ...(opened !== undefined && { path: opened, resolved: true }),
    ...access,
    ...(creates && { creates }),
    ...(creates && mode !== undefined && { mode }),
    ...((bits & isNew) === isNew && { ours: true as const }),
  }
}

const openFlagsByName: Readonly<Record<string, number>> = {
  O_WRONLY: 1,
  O_RDWR: 2,
  O_ACCMODE: openFlags.access,
  O_CREAT: openFlags.create,
  O_EXCL: openFlags.exclusive,
  O_TRUNC: openFlags.truncate,
  O_PATH: openFlags.path,
  O_TMPFILE: openFlags.temporary,
}

/** The flags by name, or as a number (-X raw). A text that is neither counts as an open to read and write. */
function bitsIn(text: string | undefined): number {
  const names = flagsIn(text)
  if (names.size === 0 && text !== undefined) return Number(scalarValue(text) ?? 2n)
  return [...names].reduce((bits, name) => bits | (openFlagsByName[name] ?? 0), 0)
}

/** Whether mmap maps a file as code: with PROT_EXEC, without MAP_ANONYMOUS. */
function isCode([, , protection, flags]: readonly string[]): boolean {
  return flagsIn(protection).has('PROT_EXEC') && !flagsIn(flags).has('MAP_ANONYMOUS')
}

/** Whether ioctl changes the flags of an inode. strace prints the request by name, as a number, or both (-X). */
function isFlagRequest(text = ''): boolean {
  const words = text.split(/[^\w]+/)
  return flagRequests.some(({ name, number, powerpc }) =>
    words.some((word) => word === name || Number(word) === number || Number(word) === powerpc),
  )
}

function argumentId(texts: readonly string[], place: number | undefined): number | undefined {
  return place === undefined ? undefined : idIn(texts[place])
}

function modeIn(texts: readonly string[], place: number | undefined): string | undefined {
  if (place === undefined || texts[place] === undefined) return undefined
  const value = scalarValue(texts[place])
  return value === undefined
    ? undefined
    : Number(value & 0o177777n)
        .toString(8)
        .padStart(4, '0')
}

function octal(text: string | undefined): string | undefined {
  return text === undefined ? undefined : parseInt(text, 8).toString(8).padStart(4, '0')
}
