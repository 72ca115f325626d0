// Errors of scanning the code of programs, root file systems and images.
import type { InFile, ErrorRow } from './row.ts'

const elfTypes: Readonly<Record<number, string>> = { 1: 'an object file', 4: 'a core dump' }

/** Machines whose code is not followed, by the source of the name. */
const otherMachines = {
  '32-bit': () => 'a 32-bit ELF file',
  'big-endian': () => 'a big-endian ELF file',
  elf: (machine: string) => `for another processor (ELF machine ${machine})`,
  image: (machine: string) => `an image for ${machine}`,
} as const

/** How a file contradicts its format. */
const damages = {
  'program-headers': () => 'its program headers are not those of ELF64: it is damaged',
  'not-loaded': () => 'has no loadable segment: it is damaged, or holds debug information only',
  'no-tar': (at: string) => `is not a tar archive from byte ${at} on: it is damaged`,
  'no-size': () => 'an entry has no size: it is damaged',
  'large-header': () => 'an extended header is larger than 1 MiB: it is damaged',
  'ends-early': () => 'the archive ends early: it is cut short; get it again',
  'missing-entry': (entry: string) => `${entry} is not in the archive: it is damaged`,
  'large-entry': (entry: string) => `${entry} is larger than 16 MiB: the archive is damaged`,
  'entry-not-json': (entry: string) => `${entry} is not JSON: the archive is damaged`,
  'no-image': () => 'its index leads to no image: the archive is damaged',
  'no-digest': () => 'a descriptor has no digest: the archive is damaged',
} as const satisfies Readonly<Record<string, (at: string) => string>>

/** What exceeds a limit of the scan. */
const bounds = {
  program: () => 'is larger than a program can be (1 GiB)',
  image: () => 'the programs of the image are larger than 4 GiB',
  layer: () => 'unpacks to more than 32 GiB',
  span: () => 'its segments are more than 4 GiB apart, which is not supported',
  files: (most: number) => `holds more than ${most} files`,
  symbols: () => 'the names of its symbols overlap, and are longer than 256 MiB together',
  libraries: (most: number) => `needs more than ${most} libraries`,
  scripts: () => 'too many scripts in a row are interpreters of each other: name the program',
} as const satisfies Readonly<Record<string, (most: number) => string>>

/** The first fault of a document that a scan printed. */
const scanFaults = {
  'not-json': () => 'is not JSON',
  'no-scan': () => 'is not a scan',
  'no-architecture': (member: string) => `${member} is not a known architecture`,
  'no-path': (member: string) => `${member} has no path`,
  'no-numbers': (member: string) => `the values of ${member} are not numbers`,
  'no-names': (member: string) => `the companions of ${member} are not names`,
  'no-list': (member: string) => `${member} is not a list`,
} as const satisfies Readonly<Record<string, (member: string) => string>>

export const scanErrors = {
  'scan-and-recordings': [
    2,
    ({ option }: { /** Of recordings; absent for a file. */ readonly option?: string }) =>
      `--from-scan replaces recordings${option === undefined ? '' : `, which --${option} is about`}: to use a scan beside recordings, give it with --reachable`,
  ],
  'nothing-from-scan': [
    2,
    ({ architecture, scanned }: { readonly architecture: string; readonly scanned: readonly string[] }) =>
      scanned.includes(architecture)
        ? `the scan gives the profile no call of ${architecture}: the ceiling or --unseen refuses each, or no table knows it`
        : `the scan has no call of ${architecture}${scanned.length === 0 ? '' : ` (it is of ${scanned.join(', ')})`}: scan the program of that machine`,
  ],
  'unseen-without-scan': [
    2,
    () => '--unseen is about the calls that a scan found: give the scan with --reachable',
  ],
  'no-command-to-scan': [
    2,
    () => '--scan reads the program of a command: give the file of a running program to `seccomp-gen scan`',
  ],
  'container-not-scanned': [
    2,
    ({ program }: { readonly program: string }) =>
      `${program} starts containers whose image the command does not name: scan the image, and give the scan to generate --reachable`,
  ],
  'nothing-to-scan': [
    2,
    ({ program }: { readonly program: string }) => `${program}: no such program: --scan has nothing to read`,
  ],
  // --- the files that are named
  'not-scannable': [
    2,
    ({ file }: InFile) => `${file}: cannot be scanned: it is neither a file nor a directory`,
  ],
  'program-not-named': [
    2,
    ({ file }: InFile) =>
      `${file}: is a root filesystem: name the program in it, as in --program /usr/sbin/nginx`,
  ],
  'program-of-program': [
    2,
    ({ file }: InFile) => `${file}: is a program itself: --program names one in a root filesystem or image`,
  ],
  'no-such-program': [
    2,
    ({ file, interpreter }: InFile & { readonly interpreter: string | undefined }) =>
      `${file}: ${interpreter === undefined ? 'no such file' : `its interpreter ${interpreter} is not there`}`,
  ],
  // --- programs
  'not-elf': [
    2,
    ({ file }: InFile) =>
      `${file}: is not an ELF file: name a program, a library, a directory or an image archive`,
  ],
  'not-linked': [
    2,
    ({ file, type }: InFile & { /** e_type. */ readonly type: number }) =>
      `${file}: is neither a program nor a shared library (${elfTypes[type] ?? `ELF type ${type}`}): link it first`,
  ],
  'other-machine': [
    2,
    ({ file, is, machine = '' }: InFile & OtherMachine) =>
      `${file}: is ${otherMachines[is](machine)}; scan follows code of x86_64 and aarch64`,
  ],
  'not-of-machine': [
    2,
    ({ file, machine, asked }: InFile & { readonly machine: string; readonly asked: string }) =>
      `${file}: is for ${machine}, not for ${asked}, which --arch names`,
  ],
  'library-of-other-machine': [
    2,
    ({ file, machine, program }: InFile & { readonly machine: string; readonly program: string }) =>
      `${file}: is for ${machine}, the program for ${program}`,
  ],
  'cut-short': [
    2,
    ({ file, part }: InFile & { readonly part: string }) =>
      `${file}: ${part} lies beyond the end of the file: it is cut short or damaged; get it again`,
  ],
  damaged: [2, ({ file, because, at = '' }: InFile & Damage) => `${file}: ${damages[because](at)}`],
  'beyond-scan': [2, ({ file, of, most = 0 }: InFile & ExceededBound) => `${file}: ${bounds[of](most)}`],
  // --- images
  'not-an-image': [
    2,
    ({ file }: InFile) =>
      `${file}: is neither an ELF file nor an image archive: give what \`docker save\` writes, or an OCI layout`,
  ],
  'not-in-archive': [2, ({ file }: InFile) => `${file}: is not in the archive`],
  'several-images': [
    2,
    ({ file, count, architecture }: InFile & { readonly count: number; readonly architecture: string }) =>
      `${file}: holds ${count} images for ${architecture}: save one`,
  ],
  'no-image-for': [
    2,
    ({ file, architecture }: InFile & { readonly architecture: string | undefined }) =>
      `${file}: holds no image for ${architecture ?? 'x86_64 or aarch64'}`,
  ],
  'image-without-program': [
    2,
    ({ file }: InFile) => `${file}: the image starts no program that is in it: name one with --program`,
  ],
  // --- what a scan printed
  'not-of-scans': [
    2,
    ({ option }: { readonly option: string }) =>
      `${option} is for profiles: two scans are compared with --report text, markdown or json`,
  ],
  'scan-with-other': [
    2,
    ({ file }: InFile) =>
      `${file}: is not a scan, and a scan compares with a scan: give what \`seccomp-gen scan --report json\` printed`,
  ],
  'not-a-scan': [
    2,
    ({ file, fault, member = '' }: InFile & ScanFault) =>
      `${file}: ${scanFaults[fault](member)}: give what \`seccomp-gen scan --report json\` printed`,
  ],
} as const satisfies Readonly<Record<string, ErrorRow>>

export interface OtherMachine {
  readonly is: keyof typeof otherMachines
  /** ELF's machine number, or the image's name for the architecture. */
  readonly machine?: string
}

export interface Damage {
  readonly because: keyof typeof damages
  /** The entry of an archive, or the byte from which on the archive is damaged. */
  readonly at?: string
}

export interface ScanFault {
  readonly fault: keyof typeof scanFaults
  readonly member?: string
}

export interface ExceededBound {
  readonly of: keyof typeof bounds
  readonly most?: number
}
