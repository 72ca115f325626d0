// Recognises the output of `scan --report json` and `harden --as json` by its start: its keys have one order. This
// output is neither a trace nor a profile, and a command that gets it in place of one says so. Authority:
// schemas/reachable.schema.json, schemas/context.schema.json.

export function isScan(start: string): boolean {
  return /^\s*\{\s*"version"\s*:\s*1\s*,\s*"bound"\s*:\s*(?:true|false)\b/.test(start)
}

export function isContextStart(start: string): boolean {
  return /^\s*\{\s*"version"\s*:\s*1\s*,\s*"containers"\s*:\s*\[/.test(start)
}
