// Loads the package koffi, which calls functions of shared libraries: an optional dependency, loaded on first use. The
// single executable carries koffi's native module, whose functions have the same names as those used here.
import { isSingleFile, loadCarried } from '../own.ts'

type Koffi = typeof import('koffi').default
let carried: Koffi | undefined

/** @throws Error if koffi is not installed, or has no binary for this machine. */
export async function loadKoffi(): Promise<Koffi> {
  if (!isSingleFile) return (await import('koffi')).default
  carried ??= loadCarried('koffi.node') as Koffi
  return carried
}
