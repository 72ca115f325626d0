// Finds how reached code brings in more code at run time: it loads libraries by name, looks up functions by name or
// makes memory executable. Authority: dlopen(3), dlsym(3), nsswitch.conf(5), mprotect(2); glibc's sources for what its
// own functions load.
import type { Callers } from './callers.ts'
import { constantsPassed, textsPassed } from './passed.ts'
import type { Linked } from './link.ts'
import type { FunctionId, CodeReach } from './reach.ts'

export interface RuntimeUse {
  /** Libraries that are loaded; the name is undefined if it is unknown. */
  readonly libraries: readonly { readonly from: FunctionId; readonly name: string | undefined }[]
  /** Functions that are looked up; the name is undefined if it is unknown. */
  readonly functions: readonly { readonly from: FunctionId; readonly name: string | undefined }[]
  /** Functions that make memory executable. */
  readonly makesCode: readonly FunctionId[]
}

/**
 * Whether the module is the C library or the loader: what these load and map by themselves is known. Until 2.33 glibc's
 * threads, dlopen and clocks were separate files.
 */
export function isLibc(name: string): boolean {
  return /^(?:libc\.so|libc-2|libc\.musl-|ld-linux|ld-musl-|ld-2|lib(?:dl|pthread|rt)(?:\.so|-2))/.test(name)
}

/** Whether the module is glibc's loader. musl's loader is its C library. */
export function isGlibcLoader(name: string): boolean {
  return /^(?:ld-linux|ld-2)/.test(name)
}

/** Libraries that functions of glibc load by themselves. */
const ownLibraries: readonly { readonly when: readonly string[]; readonly loads: string }[] = [
  // The unwinder (sysdeps/gnu/unwind-resume.c, misc/unwind-link.c).
  { when: ['pthread_exit', 'pthread_cancel', 'backtrace'], loads: 'libgcc_s.so.1' },
]

/** Functions that use the name service switch. */
const nameServices = [
  'getpwnam', 'getpwnam_r', 'getpwuid', 'getpwuid_r', 'getpwent', 'getgrnam', 'getgrnam_r', 'getgrgid', 'getgrgid_r',
  'getgrouplist', 'initgroups', 'getspnam', 'getspnam_r', 'getaddrinfo', 'getnameinfo', 'gethostbyname',
  'gethostbyname_r', 'gethostbyname2', 'gethostbyname2_r', 'gethostbyaddr', 'gethostbyaddr_r', 'getservbyname',
  'getservbyname_r', 'getservbyport', 'getprotobyname', 'getnetbyname',
] // prettier-ignore

/** Names that the loaders look up in themselves and in the C library. No code shows these lookups. */
export const lookedUpByLoaders: readonly string[] = [
  '__libc_early_init',
  '__dls2b',
  '__dls3',
  'malloc',
  'calloc',
  'realloc',
  'free',
]

export function usesOf(callers: Callers): RuntimeUse {
  const { linked, reach } = callers
  const libraries: { from: FunctionId; name: string | undefined }[] = []
  const functions: { from: FunctionId; name: string | undefined }[] = []
  const makesCode = new Set<FunctionId>()
  const reached = (name: string): FunctionId | undefined => {
    const [target] = linked.lookUp(name, undefined)
    const id = target === undefined ? -1 : linked.functionAt(target.module, target.address)
    return id >= 0 && reach.isReached(id) ? id : undefined
  }
  const outside = (id: FunctionId): boolean =>
    !isLibc((linked.modules[linked.place(id)[0]] as Linked['modules'][number]).name)
  /** Reports the string arguments that callers outside the C library pass. Each caller is visited once. */
  const texts = (
    name: string,
    index: number,
    found: (from: FunctionId, text: string | undefined) => void,
  ): void => {
    const id = reached(name)
    if (id === undefined) return
    for (const caller of reach.callers(id)) {
      if (!outside(caller)) continue
      const values = textsPassed(callers, caller, id, index)
      if (values === undefined) found(caller, undefined)
      else for (const each of values) found(caller, each)
    }
    for (const taker of [...reach.takers(id), ...reach.holders(id)])
      if (outside(taker) && textsPassed(callers, taker, id, index) === undefined) found(taker, undefined)
  }
  for (const name of ['dlopen', 'dlmopen'])
    texts(name, name === 'dlopen' ? 0 : 1, (from, text) => {
      // Without a name dlopen opens the program itself.
      if (text !== '') libraries.push({ from, name: text })
    })
  for (const name of ['dlsym', 'dlvsym']) texts(name, 1, (from, text) => functions.push({ from, name: text }))
  for (const { when, loads } of ownLibraries)
    for (const name of when) {
      const id = reached(name)
      if (id !== undefined && linked.name(id).startsWith('libc.so.6:')) {
        libraries.push({ from: id, name: loads })
        break
      }
    }
  for (const name of ['mmap', 'mmap64', 'mprotect', 'pkey_mprotect']) {
    const id = reached(name)
    if (id === undefined) continue
    for (const caller of reach.callers(id)) {
      if (!outside(caller)) continue
      const values = constantsPassed(callers, caller, id, 2)
      // PROT_EXEC is 4.
      if (values === undefined || values.some((each) => (each & 4) !== 0)) makesCode.add(caller)
    }
  }
  return { libraries, functions, makesCode: [...makesCode] }
}

/** Whether reached code uses the name service switch. */
export function asksNames(linked: Linked, reach: CodeReach): boolean {
  return reachesLibc(nameServices, linked, reach)
}

/** Whether reached code converts character sets (glibc iconv/gconv_dl.c loads a module for each). */
export function convertsCharacters(linked: Linked, reach: CodeReach): boolean {
  return reachesLibc(['iconv_open'], linked, reach)
}

function reachesLibc(names: readonly string[], linked: Linked, reach: CodeReach): boolean {
  for (const name of names) {
    const [target] = linked.lookUp(name, undefined)
    if (
      target === undefined ||
      (linked.modules[target.module] as Linked['modules'][number]).name !== 'libc.so.6'
    )
      continue
    const id = linked.functionAt(target.module, target.address)
    if (id >= 0 && reach.isReached(id)) return true
  }
  return false
}

/** The services that glibc uses if there is no nsswitch.conf (nss/nss_database.c). */
export const servicesByDefault = 'passwd: files\nhosts: dns files\n'

/** Libraries that the name service switch loads for the configured services (glibc builds in files and dns). */
export function serviceLibraries(configuration: string): readonly string[] {
  const services = new Set<string>()
  for (const line of configuration.split('\n')) {
    const [, list = ''] = /^\s*[a-z]+\s*:([^#]*)/.exec(line) ?? []
    for (const word of list.replaceAll(/\[[^\]]*\]/g, ' ').split(/\s+/))
      if (/^[a-z0-9_]+$/.test(word)) services.add(word)
  }
  return [...services].sort().map((each) => `libnss_${each}.so.2`)
}
