// Compiles a profile into a BPF program with the system's libseccomp, for programs that take no profile. It makes the
// same calls to the library as runc. koffi calls the library: its C interface is stable, and every machine with a
// runtime has it.
// Authority: seccomp_init(3), seccomp_rule_add(3), seccomp_export_bpf(3); libseccomp 2.5's seccomp.h.
import { closeSync, openSync } from 'node:fs'
import { architectures, type Architecture } from '../abi/architectures.ts'
import { UserError } from '../errors.ts'
import { alternativesOf } from '../meaning/conditions.ts'
import { isSameAnswer, type Answer } from '../meaning/answer.ts'
import type { Resolved } from '../meaning/index.ts'
import { operators } from '../profile/words.ts'
import { loadKoffi } from '../record/koffi.ts'

const actions: Readonly<Record<Answer['action'], number>> = {
  SCMP_ACT_KILL_PROCESS: 0x80000000,
  SCMP_ACT_KILL_THREAD: 0,
  SCMP_ACT_TRAP: 0x30000,
  SCMP_ACT_ERRNO: 0x50000,
  SCMP_ACT_NOTIFY: 0x7fc00000,
  SCMP_ACT_TRACE: 0x7ff00000,
  SCMP_ACT_LOG: 0x7ffc0000,
  SCMP_ACT_ALLOW: 0x7fff0000,
}
/** libseccomp's token of x32 is that of x86_64 without __AUDIT_ARCH_64BIT (seccomp.h). */
const token = (architecture: Architecture): number => {
  const { audit, numberBit } = architectures[architecture]
  return numberBit === 0 ? audit : (audit & ~0x80000000) >>> 0
}
const noSuchCall = -1
/** The result of adding an architecture that the filter already has. */
const EEXIST = 17

/** The functions of libseccomp that are used. */
export interface Libseccomp {
  readonly init: (action: number) => unknown
  readonly addArchitecture: (filter: unknown, token: number) => number
  readonly numberOf: (name: string) => number
  readonly addRule: (
    filter: unknown,
    action: number,
    call: number,
    count: number,
    conditions: readonly object[],
  ) => number
  readonly export: (filter: unknown, descriptor: number) => number
  readonly release: (filter: unknown) => void
}

/** Throws an Error if koffi or the library is missing. */
export async function loadLibseccomp(): Promise<Libseccomp> {
  const koffi = await loadKoffi()
  const library = koffi.load('libseccomp.so.2')
  // The type has no name, because koffi takes a name only once in a process.
  const condition = koffi.struct({ arg: 'uint', op: 'int', a: 'uint64', b: 'uint64' })
  return {
    init: library.func('seccomp_init', 'void *', ['uint32']),
    addArchitecture: library.func('seccomp_arch_add', 'int', ['void *', 'uint32']),
    numberOf: library.func('seccomp_syscall_resolve_name', 'int', ['str']),
    addRule: library.func('seccomp_rule_add_array', 'int', [
      'void *',
      'uint32',
      'int',
      'uint',
      koffi.pointer(condition),
    ]),
    export: library.func('seccomp_export_bpf', 'int', ['void *', 'int']),
    release: library.func('seccomp_release', 'void', ['void *']),
  }
}

/**
 * Writes the program to a new file and returns it open for reading. Throws UserError (125) if libseccomp refuses the
 * rules.
 */
export function compileTo(library: Libseccomp, resolved: Resolved, file: string): number {
  const { defaultAnswer, rules, name } = resolved
  const told = (what: string, answer: number): void => {
    if (answer !== 0) throw new UserError('libseccomp-refuses', { file: name, part: what, errno: -answer })
  }
  const filter = library.init(actionOf(defaultAnswer))
  if (filter === null) throw new UserError('libseccomp-makes-none', { file: name })
  try {
    for (const each of resolved.architectures) {
      const answer = library.addArchitecture(filter, token(each))
      if (answer !== -EEXIST) told(each, answer)
    }
    for (const rule of rules) {
      if (isSameAnswer(rule.answer, defaultAnswer)) continue
      for (const each of rule.names) {
        const number = library.numberOf(each)
        if (number === noSuchCall) continue
        for (const conditions of alternativesOf(rule.args)) {
          const values = conditions.map(({ index, operator, mask, value }) => {
            const masked = operator === 'SCMP_CMP_MASKED_EQ'
            return {
              arg: index,
              // enum scmp_compare has the specification's order and starts at 1.
              op: operators.indexOf(operator) + 1,
              a: masked ? mask : value,
              b: masked ? value : 0n,
            }
          })
          told(each, library.addRule(filter, actionOf(rule.answer), number, values.length, values))
        }
      }
    }
    const descriptor = openSync(file, 'wx', 0o600)
    try {
      told('to write it', library.export(filter, descriptor))
    } finally {
      closeSync(descriptor)
    }
    return openSync(file, 'r')
  } finally {
    library.release(filter)
  }
}

/** SCMP_ACT_ERRNO(n) and SCMP_ACT_TRACE(n) have a number in their lower half. */
function actionOf({ action, errno }: Answer): number {
  return (actions[action] | ((errno ?? 0) & 0xffff)) >>> 0
}
