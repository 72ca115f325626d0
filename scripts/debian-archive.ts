// Unpacks packages of Debian's archive and all their dependencies into a folder, without touching installed packages.
// Needs apt and dpkg-deb. Used by the project's scripts and opt-in tests only.
import { execFileSync } from 'node:child_process'
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

export interface Wanted {
  /** Suites of Debian; a suite that builds on another follows it. */
  readonly suites: readonly string[]
  /** Debian's name of the architecture. */
  readonly architecture: 'amd64' | 'arm64'
  readonly packages: readonly string[]
}

/** Returns the root below `directory` into which all packages are unpacked. */
export function unpackPackages(directory: string, { suites, architecture, packages }: Wanted): string {
  const root = join(directory, 'root')
  const archives = join(directory, 'cache/archives')
  for (const each of [root, join(directory, 'lists/partial'), join(archives, 'partial')]) {
    mkdirSync(each, { recursive: true })
  }
  // This apt knows only these suites and takes nothing as installed, so libc is fetched too.
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
  // The dependencies come from the lower suite, which is close enough.
  if (suites.length > 1) apt('download', ...packages.map((each) => `${each}/${suites.at(-1)}`))
  const files = readdirSync(archives).filter((file) => file.endsWith('.deb'))
  const isNamed = (file: string): number => Number(packages.some((each) => file.startsWith(`${each}_`)))
  for (const each of files.sort((a, b) => isNamed(a) - isNamed(b) || (a < b ? -1 : 1))) {
    execFileSync('dpkg-deb', ['-x', join(archives, each), root])
  }
  return root
}
