// The package koffi, which calls functions of libraries: an optional dependency, loaded when it is asked for. The single
// executable carries its native module, which has the functions that are used here by the same names.
import { isSingleFile, loadCarried } from '../own.ts'

type Koffi = typeof import('koffi').default
let carried: Koffi | undefined

/** @throws Error where koffi is not installed, or has no binary for this machine. */
export async function loadKoffi(): Promise<Koffi> {
  if (!isSingleFile) return (await import('koffi')).default
  carried ??= loadCarried('koffi.node') as Koffi
  return carried
}
