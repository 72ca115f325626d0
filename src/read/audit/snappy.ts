// snappy-debug prints a block of lines for each of the kernel's records. The line `Log:` has the record, with the
// call's name after its number. Authority: snapd, snappy-debug.

const record = /^Log: (auid=\d+ .* arch=[0-9a-f]{8}) (\d+)\([a-z_]\w*\)( compat=.*)$/s
const other =
  /^(?:= \w+ =|(?:Time|Log|Syscall|File|Capability|DBus access|Profile): .*|Suggestions?:|\* .*|INFO: .*|)$/

/** The record as the kernel wrote it; undefined for other lines. */
export function snappyRecord(line: string): string | undefined {
  if (!line.startsWith('Log: ')) return undefined
  const found = record.exec(line)
  return found === null
    ? undefined
    : `type=SECCOMP msg=audit(0.000:0): ${found[1]} syscall=${found[2]}${found[3]}`
}

/** Whether a line is one of snappy-debug's without a call. */
export function isSnappyLine(line: string): boolean {
  return other.test(line)
}
