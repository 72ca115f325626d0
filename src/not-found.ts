// Decides whether a start failed because the program was not found. Authority: execvp(3) skips directories of PATH that
// may not be searched and files that may not be executed; if nothing else is found, it fails with EACCES.

export function isNotFound({ code }: { readonly code?: string | undefined }): boolean {
  return code === 'ENOENT' || code === 'EACCES'
}
