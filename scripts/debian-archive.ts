// Packages of Debian's archive and everything they depend on, unpacked into a folder of their own, without touching what
// is installed. Needs apt and dpkg-deb. For the project's scripts and opt-in tests only.
import { execFileSync } from 'node:child_process'
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

export interface Wanted {
  /** Of Debian; a suite that builds on another is named after it. */
  readonly suites: readonly string[]
  /** As Debian names it. */
  readonly architecture: 'amd64' | 'arm64'
  readonly packages: readonly string[]
}

/** Gives the root into which all are unpacked, below `directory`. */
export function unpackPackages(directory: string, { suites, architecture, packages }: Wanted): string {
  const root = join(directory, 'root')
  const archives = join(directory, 'cache/archives')
  for (const each of [root, join(directory, 'lists/partial'), join(archives, 'partial')]) {
    mkdirSync(each, { recursive: true })
  }
  // An apt that knows only these suites and thinks that nothing is installed, so that libc comes along too.
  const signed = `[signed-by=/usr/share/keyrings/debian-archive-keyring.gpg arch=${architecture}]`
  const sources = suites.map((suite) => `deb ${signed} http://deb.debian.org/debian ${suite} main\n`)
  writeFileSync(join(directory, 'sources'), sources.join(''))
  writeFileSync(join(directory, 'status'), '')
  const configuration = join(directory, 'apt.conf')
  writeFileSync(
    configuration,
    [
      ['Dir::Etc::sourcelist', 'sources'],
      ['Dir::State::lists', 'lists'],
      ['Dir::State::status', 'status'],
      ['Dir::Cache', 'cache'],
    ]
      .map(([key, path = '']) => `${key} "${join(directory, path)}";\n`)
      .concat(
        `APT::Architecture "${architecture}";\nAPT::Architectures { "${architecture}"; };\n`,
        'Dir::Etc::sourceparts "/dev/null";\n',
        'APT::Install-Recommends "false";\n',
      )
      .join(''),
  )
  const apt = (...words: readonly string[]): void => {
    const env = { ...process.env, APT_CONFIG: configuration }
    execFileSync('apt-get', ['-qq', ...words], { env, cwd: archives, stdio: ['ignore', 2, 2] })
  }
  apt('update')
  apt('install', '-y', '--download-only', ...packages)
  // Dependencies are those of the release below, which are close enough to be taken from there.
  if (suites.length > 1) apt('download', ...packages.map((each) => `${each}/${suites.at(-1)}`))
  const files = readdirSync(archives).filter((file) => file.endsWith('.deb'))
  const isNamed = (file: string): number => Number(packages.some((each) => file.startsWith(`${each}_`)))
  for (const each of files.sort((a, b) => isNamed(a) - isNamed(b) || (a < b ? -1 : 1))) {
    execFileSync('dpkg-deb', ['-x', join(archives, each), root])
  }
  return root
}
