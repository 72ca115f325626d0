// Writes profiles/ENGINE.txt, the default profiles of every release of an engine in our compact form:
//   npx tsx scripts/collect-builtins.ts FOLDER
// FOLDER holds clones, with their tags, of moby/moby (as moby), containerd/containerd, containers/podman and
// cri-o/cri-o. A release's profile is in its own tree or its vendored library; Go code is transcribed (go-profile.ts).
// scripts/make-builtins.ts turns the files into the program's data.
import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { compareVersions } from '../src/meaning/versions.ts'
import { compactProfile, type JsonProfile, type JsonRule } from './builtins/compact.ts'
import { containerdProfile, firstDockerProfile } from './builtins/go-profile.ts'
import { printHistory, type Release } from './builtins/history.ts'

const profiles = fileURLToPath(new URL('../profiles/', import.meta.url))

/** The places of an engine's profile, newest first, and how its tags name versions. */
interface Engine {
  readonly name: string
  readonly project: string
  /** The first group is the version. */
  readonly tag: RegExp
  readonly since: string
  /** Whether the branch of the next release counts as the engine's newest. */
  readonly main: boolean
  readonly read: (at: string, show: (path: string) => string | undefined) => string | undefined
}

const library = 'pkg/seccomp/seccomp.json'

const engines: readonly Engine[] = [
  {
    name: 'docker',
    project: 'moby/moby',
    tag: /^(?:docker-)?v(\d+\.\d+\.\d+)(?:-ce)?$/,
    since: '1.10',
    main: false,
    read: (_at, show) =>
      json(
        show('profiles/seccomp/default.json') ?? show('vendor/github.com/moby/profiles/seccomp/default.json'),
      ) ?? go(show('daemon/execdriver/native/seccomp_default.go'), firstDockerProfile),
  },
  {
    name: 'containerd',
    project: 'containerd/containerd',
    tag: /^v(\d+\.\d+\.\d+)$/,
    since: '1.3',
    main: true,
    read: (_at, show) => go(show('contrib/seccomp/seccomp_default.go'), containerdProfile),
  },
  {
    // The profile of Podman's own library. A distribution may ship another as /usr/share/containers/seccomp.json.
    name: 'podman',
    project: 'containers/podman',
    tag: /^v(\d+\.\d+\.\d+)$/,
    since: '1.4.3',
    main: true,
    read: (_at, show) =>
      json(
        show(`vendor/go.podman.io/common/${library}`) ??
          show(`vendor/github.com/containers/common/${library}`) ??
          show('vendor/github.com/seccomp/containers-golang/seccomp.json'),
      ),
  },
  {
    name: 'cri-o',
    project: 'cri-o/cri-o',
    tag: /^v(1\.\d+\.\d+)$/,
    since: '1.18',
    main: true,
    read: (_at, show) => {
      const text =
        show(`vendor/go.podman.io/common/${library}`) ??
        show(`vendor/github.com/containers/common/${library}`) ??
        show('vendor/github.com/seccomp/containers-golang/seccomp.json')
      const rewriting = show('internal/config/seccomp/seccomp.go') ?? ''
      return text === undefined ? undefined : compactProfile(crio(JSON.parse(text) as JsonProfile, rewriting))
    },
  },
]

function json(text: string | undefined): string | undefined {
  return text === undefined ? undefined : compactProfile(JSON.parse(text) as JsonProfile)
}

function go(text: string | undefined, transcribe: (source: string) => JsonProfile): string | undefined {
  return text === undefined ? undefined : compactProfile(transcribe(text))
}

/** The library's profile after CRI-O's changes: unshare (since 1.24), later clone and clone3 need CAP_SYS_ADMIN. */
function crio(profile: JsonProfile, source: string): JsonProfile {
  if (!source.includes('func DefaultProfile')) return profile
  const admin = { caps: ['CAP_SYS_ADMIN'] }
  const taken = /Name: +"clone3"/.test(source) ? ['clone', 'clone3', 'unshare'] : ['unshare']
  const flags = [0x20000, 0x4000000, 0x8000000, 0x10000000, 0x20000000, 0x40000000, 0x2000000]
  const added: JsonRule[] = [{ names: taken, action: 'SCMP_ACT_ALLOW', includes: admin }]
  if (taken.includes('clone')) {
    added.push(
      {
        names: ['clone'],
        action: 'SCMP_ACT_ALLOW',
        args: [{ index: 0, value: 0x7e020000, valueTwo: 0, op: 'SCMP_CMP_MASKED_EQ' }],
      },
      {
        names: ['clone'],
        action: 'SCMP_ACT_ERRNO',
        errno: 'EPERM',
        args: flags.map((value) => ({ index: 0, value, valueTwo: value, op: 'SCMP_CMP_MASKED_EQ' })),
        excludes: admin,
      },
      { names: ['clone3'], action: 'SCMP_ACT_ERRNO', errno: 'ENOSYS', excludes: admin },
    )
  }
  const rest = profile.syscalls.map((rule, index) =>
    index === 1 ? { ...rule, names: (rule.names ?? []).filter((name) => !taken.includes(name)) } : rule,
  )
  return { ...profile, syscalls: [...rest, ...added] }
}

const [folder] = process.argv.slice(2)
if (folder === undefined) throw new Error('which folder holds the clones?')
for (const { name, project, tag, since, main, read } of engines) {
  const git = (...words: string[]): string =>
    execFileSync('git', ['-C', join(folder, name === 'docker' ? 'moby' : name), ...words], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
      maxBuffer: 1 << 26,
    })
  const release = (at: string, version: string): Release | undefined => {
    const text = read(at, (path) => {
      try {
        return git('show', `${at}:${path}`)
      } catch {
        return undefined
      }
    })
    // The date of a version is its tag's, if the tag has one: moby's tags of 2017 point to commits rewritten in 2020.
    const day = git('for-each-ref', `refs/tags/${at}`, '--format=%(taggerdate:short)').trim()
    return text === undefined
      ? undefined
      : { version, date: day || git('log', '-1', '--format=%cs', at).trim(), text }
  }
  const tags = git('tag')
    .split('\n')
    .flatMap((each) => {
      const version = tag.exec(each)?.[1]
      return version === undefined || compareVersions(version, since) < 0 ? [] : [{ each, version }]
    })
    .sort((a, b) => compareVersions(a.version, b.version))
  const releases = tags.flatMap(({ each, version }) => release(each, version) ?? [])
  const newest = main ? release('HEAD', 'main') : undefined
  writeFileSync(
    join(profiles, `${name}.txt`),
    printHistory(project, newest === undefined ? releases : [...releases, newest]),
  )
}
