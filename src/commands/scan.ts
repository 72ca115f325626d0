// `scan`: which calls the code of programs, a root filesystem or an image can make, and through which functions.
import { Option } from 'commander'
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { UserError } from '../errors.ts'
import { causeOf } from '../errors/row.ts'
import { reachableReport, type ReachableFormat } from '../report/reachable.ts'
import {
  isElf,
  loadImage,
  machines,
  mergeReachable,
  programsStartedBy,
  scanPrograms,
  type ArchiveFiles,
  type ElfMachine,
  type LoadedImage,
  type Reachable,
  type ScanOptions,
  type StartedAs,
  type Tree,
} from '../scan/index.ts'
import { architectureIn, outputOption } from './document-options.ts'
import { checkOutput, writeOutput } from './output.ts'
import { named } from './file-chunks.ts'
import { belowRoot } from './file-name.ts'
import { shown } from './progress.ts'
import { inliningLess } from './optimizing.ts'
import { archiveFiles, firstBytes, layoutFiles } from './scan-archive.ts'
import { openAside, type Aside } from './scan-aside.ts'
import { openCache, sha256 } from './scan-cache.ts'
import { directoryTree } from './scan-directory.ts'
import type { Declare, World } from './world.ts'

interface ScanFlags {
  readonly program?: readonly string[]
  readonly with?: readonly string[]
  readonly arch?: ElfMachine
  readonly cache: boolean
  readonly report: ReachableFormat
  readonly output?: string
}

export const declare: Declare = (command, world, end) => {
  const repeatable = (word: string, before: readonly string[] = []): readonly string[] => [...before, word]
  command
    .argument('<path...>', 'programs, root filesystems, image archives (docker save, OCI layout); - is stdin')
    .addOption(
      new Option('--program <path>', 'the program in a root filesystem or image; repeatable').argParser(
        repeatable,
      ),
    )
    .addOption(
      new Option('--with <library>', 'a library that the program loads while it runs; repeatable').argParser(
        repeatable,
      ),
    )
    .addOption(
      new Option(
        '--arch <arch>',
        `architecture, if the image has several (${machines.join(', ')})`,
      ).argParser((word: string) => architectureIn(word, machines)),
    )
    .option('--no-cache', 'neither use nor keep cached results')
    .addOption(
      new Option('--report <format>', 'format of the report')
        .choices(['text', 'json', 'markdown'])
        .default('text'),
    )
    .addOption(outputOption('the report'))
    .addHelpText(
      'after',
      '\nExamples:\n  seccomp-gen scan /usr/sbin/nginx\n  docker save app -o app.tar && seccomp-gen scan app.tar --report json\n  seccomp-gen scan rootfs --program /usr/bin/app',
    )
    .action(async (paths: string[], options: ScanFlags) => end(await scan(paths, options, world)))
}

async function scan(paths: readonly string[], options: ScanFlags, world: World): Promise<number> {
  await checkOutput(options.output, world)
  const reachable = await scanPaths(paths, options, world)
  await writeOutput(reachableReport(reachable, options.report), options.output, world)
  return 0
}

export type ScanChoice = Pick<ScanFlags, 'program' | 'with' | 'arch' | 'cache'> & {
  /** For an image: how it is started, and its name in messages. */
  readonly started?: StartedAs
  readonly named?: string
}

/** Throws a UserError if a path cannot be scanned. */
export async function scanPaths(
  paths: readonly string[],
  options: ScanChoice,
  world: World,
): Promise<Reachable> {
  const cache = options.cache ? await openCache(world.env) : undefined
  const aside = openAside()
  let now = ''
  const scanOptions = (isHere: boolean): ScanOptions => {
    const libraries = options.with?.map((each) => (isHere ? belowRoot(resolve(world.cwd, each)).name : each))
    return {
      ...(libraries === undefined ? {} : { with: libraries }),
      ...(cache === undefined ? {} : { cache }),
      sha256,
      progress: ({ files, of, name: file }) => {
        now = `${file} (${files + 1} of ${of})`
      },
    }
  }
  const scanned = async (stdin: string): Promise<Reachable> => {
    const sources = await sourcesOf(paths, stdin, options, aside, world)
    const found: Reachable[] = []
    await inliningLess(async () => {
      for (const { tree, programs, isHere } of sources)
        found.push(await scanPrograms(tree, programs, scanOptions(isHere)))
    })
    return mergeReachable(...found)
  }
  return shown(
    world,
    'line',
    () => `scanning ${now}`,
    () => (paths.includes('-') ? withStdin(world, scanned) : scanned('')),
  ).finally(() => aside.close())
}

/** Stores stdin in a temporary file, because an image is read more than once. */
async function withStdin<Result>(world: World, use: (place: string) => Promise<Result>): Promise<Result> {
  const directory = await mkdtemp(join(tmpdir(), 'seccomp-gen-scan-'))
  try {
    const place = join(directory, 'stdin')
    await writeFile(place, named('-', world.stdin.bytes()), { mode: 0o600, flag: 'wx' })
    return await use(place)
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}

interface ScanSource {
  readonly tree: Tree
  readonly programs: readonly string[]
  /** Whether the files are this machine's own. */
  readonly isHere: boolean
}

/** What each path names. `stdin`: the file that has stdin's bytes. */
async function sourcesOf(
  paths: readonly string[],
  stdin: string,
  options: ScanChoice,
  aside: Aside,
  world: World,
): Promise<readonly ScanSource[]> {
  const sources: ScanSource[] = []
  for (const path of paths) {
    const place = path === '-' ? stdin : resolve(world.cwd, path)
    const name = path === '-' ? path : (options.named ?? path)
    const source = await sourceOf(place, name, options, aside)
    if (options.arch !== undefined) await checkMachine(source, name, options.arch)
    sources.push(source)
  }
  return sources
}

/** Throws a UserError if a program is for another machine. Reads no other file, so it comes before every scan. */
async function checkMachine({ tree, programs }: ScanSource, name: string, asked: ElfMachine): Promise<void> {
  for (const each of programs)
    for (const { machine } of await programsStartedBy(tree, each))
      if (machine !== asked) throw new UserError('not-of-machine', { file: name, machine, asked })
}

/** `path`: the name that the user gave. */
async function sourceOf(place: string, path: string, options: ScanChoice, aside: Aside): Promise<ScanSource> {
  const loaded = (files: ArchiveFiles): Promise<LoadedImage> =>
    loadImage({ ...files, setAside: aside.put }, options.arch, options.started)
  const found = await stat(place).catch((error: NodeJS.ErrnoException) => {
    throw new UserError('cannot-read', { file: path, ...causeOf(error) })
  })
  if (found.isDirectory()) {
    const isLayout = await stat(join(place, 'index.json')).then(
      () => true,
      () => false,
    )
    if (isLayout) return imageOf(path, await loaded(layoutFiles(place, path)), options)
    if (options.program === undefined) throw new UserError('program-not-named', { file: path })
    return { tree: directoryTree(place), programs: options.program, isHere: false }
  }
  if (!found.isFile()) throw new UserError('not-scannable', { file: path })
  const start = await firstBytes(place, path)
  if (isElf(start) || (start[0] === 0x23 && start[1] === 0x21)) {
    if (options.program !== undefined) throw new UserError('program-of-program', { file: path })
    const { root, name } = belowRoot(place)
    return { tree: directoryTree(root), programs: [name], isHere: true }
  }
  return imageOf(path, await loaded(await archiveFiles(place, path)), options)
}

function imageOf(
  path: string,
  { tree, programs }: { tree: Tree; programs: readonly string[] },
  options: ScanChoice,
): ScanSource {
  const chosen = options.program ?? programs
  if (chosen.length === 0) throw new UserError('image-without-program', { file: path })
  return { tree, programs: chosen, isHere: false }
}
