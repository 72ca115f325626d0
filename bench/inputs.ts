// Makes large inputs for the measurements by repeating a recording. Committed recordings come first. If a form has
// none, it is made from another recording by adding what the form adds.
import { closeSync, existsSync, openSync, readFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { traces } from '../test/recordings.ts'

const root = new URL('..', import.meta.url)
const shared = pathToFileURL(join(traces, 'recorded/'))

export interface Input {
  /** The options of strace, or the log, that write this form. */
  readonly form: string
  readonly once: Buffer
  /** awk's field with the call's name, and a pattern of grep that ends with the name. */
  readonly field: string
  readonly pattern: string
}

export function inputs(): Record<string, Input> {
  const plain = read('traces/web-server/web-server.strace')
  return {
    f: {
      form: '`strace -f -o FILE`',
      once: plain,
      field: '$2',
      pattern: String.raw`^[0-9]+ +\K[a-z0-9_]+(?=\()`,
    },
    yy: {
      form: '`strace -f -tt -T -yy -o FILE`',
      once: decorated() ?? timed(plain),
      field: '$3',
      pattern: String.raw`^[0-9]+ +[0-9:.]+ \K[a-z0-9_]+(?=\()`,
    },
    stderr: {
      form: '`strace -f`, standard error',
      once: bracketed(plain),
      field: '$3',
      pattern: String.raw`^(?:\[pid +[0-9]+\] )?\K[a-z0-9_]+(?=\()`,
    },
    audit: {
      form: 'audit log',
      once: read('traces/audit-log/true.audit.log'),
      field: '$12',
      pattern: String.raw`^type=SECCOMP .* syscall=\K[0-9]+`,
    },
  }
}

/** Writes the recording until the file has this many megabytes (10^6 bytes); returns the megabytes written. */
export function writeLarge(file: string, { once }: Input, megabytes: number): number {
  const times = Math.ceil((megabytes * 1e6) / once.length)
  const descriptor = openSync(file, 'w')
  for (let time = 0; time < times; time++) writeSync(descriptor, once)
  closeSync(descriptor)
  return (times * once.length) / 1e6
}

function read(path: string): Buffer {
  return readFileSync(new URL(path, root))
}

/** A recording with -tt -T -yy, kept beside the project. It was made with -Y too; the comms of -Y are removed. */
function decorated(): Buffer | undefined {
  const file = new URL('x86_64/v-bash-Y-yy-tt-T.strace', shared)
  if (!existsSync(fileURLToPath(file))) return undefined
  const text = readFileSync(file, 'latin1')
  return Buffer.from(
    text.replaceAll(/^(\d+)<[^>]*>/gm, (_, pid: string) => pid.padEnd(5)),
    'latin1',
  )
}

function timed(plain: Buffer): Buffer {
  let microseconds = 0
  const lines = plain.toString('latin1').replaceAll(/^(\d+ +)(.*)$/gm, (_, pid: string, rest: string) => {
    microseconds = (microseconds + 37) % 1_000_000
    const time = `12:00:00.${String(microseconds).padStart(6, '0')}`
    const took = / = (?:-?\d|0x)/.test(rest) ? ' <0.000012>' : ''
    return `${pid}${time} ${rest.replaceAll(/\((\d+),/g, '($1</srv/data/file>,')}${took}`
  })
  return Buffer.from(lines, 'latin1')
}

/** The same lines as strace writes them to a terminal: `[pid N]` for all but the first process. */
function bracketed(plain: Buffer): Buffer {
  const text = plain.toString('latin1')
  const first = /^\d+/.exec(text)?.[0]
  return Buffer.from(
    text.replaceAll(/^(\d+) +/gm, (_, pid: string) => (pid === first ? '' : `[pid ${pid.padStart(5)}] `)),
    'latin1',
  )
}
