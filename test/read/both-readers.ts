// Runs the careful and the compiled reader of a format on the same bytes.
import { scalarsReadAlways } from '../../src/abi/scalars.ts'
import { UserError } from '../../src/errors.ts'
import { printObservations, type Observations } from '../../src/observe/index.ts'
import { Fold } from '../../src/observe/fold.ts'
import { formatTable } from '../../src/read/formats.ts'
import { Lines } from '../../src/read/lines.ts'

export interface File {
  readonly bytes: Uint8Array
  /** A file of `strace -ff`: all lines belong to this pid and do not show it. */
  readonly pid?: number
}

export type Mode = 'strace' | 'audit' | 'bpftrace' | 'perf' | 'after filter'

/** Asking for a record makes every line go through the careful reader. */
export function fold(files: readonly File[], quick: boolean, mode: Mode): Observations {
  const format = mode === 'after filter' ? 'strace' : mode
  const reader = formatTable[format].open({
    arguments: scalarsReadAlways,
    afterFilter: mode === 'after filter',
    // A tracer's log of a few numbers does not show the machine.
    ...(mode === 'bpftrace' || mode === 'perf' ? { architecture: 'x86_64' as const } : {}),
    ...(quick ? {} : { record: () => undefined }),
  })
  const sink = new Fold()
  for (const { bytes, pid } of files) {
    const name = pid === undefined ? 't' : `t.${pid}`
    const lines = new Lines((given, start, end) => reader.takeLines(given, start, end))
    reader.startSource(name, pid)
    // The compiled reader never reads a buffer's last line, so the last byte comes in a buffer of its own.
    lines.feed(bytes.subarray(0, -1))
    lines.feed(bytes.subarray(-1))
    sink.account({ name, format, ...reader.endSource(lines.end()) })
  }
  reader.end(sink)
  return sink.observations()
}

export function filesDiffer(files: readonly File[], mode: Mode = 'strace'): boolean {
  return said(files, true, mode) !== said(files, false, mode)
}

/** What is observed, or why the files are refused. */
function said(files: readonly File[], quick: boolean, mode: Mode): string {
  try {
    return printObservations(fold(files, quick, mode))
  } catch (error) {
    if (error instanceof UserError) return error.message
    throw error
  }
}

export function differ(bytes: Uint8Array, mode: Mode = 'strace'): boolean {
  return filesDiffer([{ bytes }], mode)
}
