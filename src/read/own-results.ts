// What `scan --report json` and `harden --as json` print, told by how it starts: its keys stand in one order. It is no
// trace and no profile, and whoever is given one in their place says so. Authority: schemas/reachable.schema.json,
// schemas/context.schema.json.

export function isScan(start: string): boolean {
  return /^\s*\{\s*"version"\s*:\s*1\s*,\s*"bound"\s*:\s*(?:true|false)\b/.test(start)
}

export function isContextStart(start: string): boolean {
  return /^\s*\{\s*"version"\s*:\s*1\s*,\s*"containers"\s*:\s*\[/.test(start)
}
