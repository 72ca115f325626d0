// Whether a program that was to be started is not there. Authority: execvp(3): a directory of PATH that may not be searched,
// or a file in it that may not be executed, is passed over, and gives EACCES where nothing else is found.

export function isNotFound({ code }: { readonly code?: string | undefined }): boolean {
  return code === 'ENOENT' || code === 'EACCES'
}
