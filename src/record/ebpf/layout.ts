// Describes the machine to the programs: where the registers of a call lie, and what marks a 32-bit call.
// Authority: syscall_get_arch and syscall_get_arguments in arch/x86/include/asm/syscall.h and
// arch/arm64/include/asm/syscall.h, which also fill the data of a seccomp filter; UAPI asm/ptrace.h of arm64.
import { familyOf, type Architecture, type Host } from '../../abi/architectures.ts'
import type { Btf } from './btf.ts'

/** The hosts whose registers this recorder knows. On other hosts the strace recorder is used. */
export type RecorderMachine = Extract<Host, 'x86_64' | 'aarch64'>

export function isMachine(host: Host): host is RecorderMachine {
  return Object.hasOwn(architecturesOf, host)
}

export interface Layout {
  readonly machine: RecorderMachine
  /** The verifier knows the type of the pointer to the current task, so loads can read the task (Linux 5.11). */
  readonly isTyped: boolean
  /** Programs at system calls can be preempted (Linux 7.2, where programs at system calls may also sleep). */
  readonly isPreempted: boolean
  /** Offsets in task_struct. */
  readonly task: {
    readonly tgid: number
    readonly pid: number
    readonly seccompMode: number
    readonly signal: number
    readonly exitCode: number
    /** The lower 32 bits of the set of signals that wait for the thread itself. */
    readonly pendingSignals: number
    /** thread_info.status; x86 only. */
    readonly status: number
  }
  /** Offsets that lead to a program's arguments: task_struct.mm, and mm_struct's bounds; undefined if BTF lacks one. */
  readonly words: { readonly mm: number; readonly start: number; readonly end: number } | undefined
  /** Offset of signal_struct.live, the number of threads of the process that have not begun to exit. */
  readonly live: number
  /** Offsets in pt_regs. */
  readonly registers: {
    /** The call's number. It is still there at sys_exit. */
    readonly number: number
    /**
     * Registers that still hold the number when a signal is delivered, of the machine's own calls and of 32-bit ones.
     * arm64 has overwritten its copy by then (do_signal and forget_syscall, arch/arm64/kernel/signal.c).
     */
    readonly numberAtSignal: { readonly own: number; readonly compat: number }
    /** Arguments 0 to 5. */
    readonly arguments: readonly number[]
    /** Arguments 0 to 5 of a 32-bit call. */
    readonly compatArguments: readonly number[]
    /** The processor state; arm64 only. */
    readonly state: number
  }
}

/** The architectures whose programs a machine runs, in the order of the tables in the maps. */
export const architecturesOf: Readonly<Record<RecorderMachine, readonly Architecture[]>> = {
  x86_64: familyOf('x86_64'),
  aarch64: familyOf('aarch64'),
}

const registers = {
  x86_64: {
    number: 'orig_ax',
    numberAtSignal: { own: 'orig_ax', compat: 'orig_ax' },
    arguments: ['di', 'si', 'dx', 'r10', 'r8', 'r9'],
    compatArguments: ['bx', 'cx', 'dx', 'si', 'di', 'bp'],
  },
  // BTF has no offsets of the elements of regs, an array of u64. orig_x0 keeps argument 0 when the result overwrites
  // the register.
  aarch64: {
    number: 'syscallno',
    numberAtSignal: { own: 'regs+64', compat: 'regs+56' },
    arguments: ['orig_x0', 'regs+8', 'regs+16', 'regs+24', 'regs+32', 'regs+40'],
    compatArguments: ['orig_x0', 'regs+8', 'regs+16', 'regs+24', 'regs+32', 'regs+40'],
  },
} as const

/** Throws an Error that names a missing member if this kernel does not describe it. */
export function layoutOf(btf: Btf, machine: RecorderMachine, isTyped = false): Layout {
  const offset = (structure: string, path: string): number => {
    const [name = '', more = '0'] = path.split('+')
    return btf.required(structure, name) + Number(more)
  }
  const names = registers[machine]
  return {
    machine,
    isTyped,
    // Came in the same series (commit 57918341dd19).
    isPreempted: btf.functionId('trace_call_bpf_faultable') !== undefined,
    task: {
      tgid: offset('task_struct', 'tgid'),
      pid: offset('task_struct', 'pid'),
      seccompMode: offset('task_struct', 'seccomp.mode'),
      signal: offset('task_struct', 'signal'),
      exitCode: offset('task_struct', 'exit_code'),
      // struct sigpending (include/linux/signal_types.h): a list head, then the set.
      pendingSignals: offset('task_struct', 'pending') + 16,
      status: machine === 'x86_64' ? offset('task_struct', 'thread_info.status') : 0,
    },
    words: wordsOf(btf),
    live: offset('signal_struct', 'live'),
    registers: {
      number: offset('pt_regs', names.number),
      numberAtSignal: {
        own: offset('pt_regs', names.numberAtSignal.own),
        compat: offset('pt_regs', names.numberAtSignal.compat),
      },
      arguments: names.arguments.map((name) => offset('pt_regs', name)),
      compatArguments: names.compatArguments.map((name) => offset('pt_regs', name)),
      state: machine === 'aarch64' ? offset('pt_regs', 'pstate') : 0,
    },
  }
}

function wordsOf(btf: Btf): Layout['words'] {
  const mm = btf.offset('task_struct', 'mm')
  const [start, end] = [btf.offset('mm_struct', 'arg_start'), btf.offset('mm_struct', 'arg_end')]
  return mm === undefined || start === undefined || end === undefined ? undefined : { mm, start, end }
}
