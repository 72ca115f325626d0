// From code to the calls that it can make: programs and libraries are read, never run. Finds which functions are
// reached and with which numbers they enter the kernel, and reports what it cannot see. Authority: the System V ABI and
// its processor supplements for files, the processors' manuals for code. Pure: bytes come through a tree of files.
export { loadImage, type ArchiveFiles, type LoadedImage, type StartedAs } from './load/archive.ts'
export { inMemory } from './load/layers.ts'
export { readTar } from './load/tar.ts'
export { programsStartedBy } from './load/started.ts'
export { locate, mountedTree, readFile, type FileEntry, type Located, type Tree } from './load/tree.ts'
export {
  mergeReachable,
  parseReachable,
  printReachable,
  type NotFollowed,
  type Reachable,
  type ReachableCall,
  type ScannedModule,
  type Unresolved,
} from './reachable.ts'
export { isElf, machines, type ElfMachine } from './elf/image.ts'
export { recordKind, type Records } from './records.ts'
export { scanPrograms, type RecordCache, type ScanOptions } from './scan.ts'
