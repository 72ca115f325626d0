// snappy-debug prints a block of lines for each of the kernel's records. The line `Log:` has the record, with the
// call's name after its number. A service's output stands in the journal with the name of the snap.
// Authority: snapd, snappy-debug.
import { withoutPrefix } from '../log-prefixes.ts'

const record = /^Log: (auid=\d+ .* arch=[0-9a-f]{8}) (\d+)\([a-z_]\w*\)( compat=.*)$/s
const other =
  /^(?:= \w+ =|(?:Time|Log|Syscall|File|Capability|DBus access|Profile): .*|Suggestions?:|\* .*|INFO: .*|)$/

const writer = /^(?:snap\.)?snappy-debug(?:\.|$)/

/** The line without the journal's prefix, if snappy-debug wrote it. */
export function ofSnappy(line: string): string {
  if (!line.includes(' snap')) return line
  const found = withoutPrefix('journal', line)
  return found !== undefined && writer.test(found.stream) ? found.text.replace(/\r?\n$/, '') : line
}

/** The record as the kernel wrote it; undefined for other lines. */
export function snappyRecord(given: string): string | undefined {
  const line = ofSnappy(given)
  if (!line.startsWith('Log: ')) return undefined
  const found = record.exec(line)
  return found === null
    ? undefined
    : `type=SECCOMP msg=audit(0.000:0): ${found[1]} syscall=${found[2]}${found[3]}`
}

/** Whether a line is one of snappy-debug's without a call. */
export function isSnappyLine(line: string): boolean {
  return other.test(ofSnappy(line))
}
