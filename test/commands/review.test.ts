// `review` on a real repository: which changed files are profiles, and which of them cannot be compared.
import { execa } from 'execa'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { transcript } from './world.ts'

const folder = mkdtempSync(join(tmpdir(), 'seccomp-gen-review-'))
t.teardown(() => rmSync(folder, { recursive: true, force: true }))
const git = (...words: readonly string[]) =>
  execa('git', ['-c', 'user.name=a', '-c', 'user.email=a@example.org', ...words], { cwd: folder })
const commit = async (files: Readonly<Record<string, string | undefined>>): Promise<void> => {
  for (const [name, text] of Object.entries(files))
    if (text === undefined) rmSync(join(folder, name))
    else writeFileSync(join(folder, name), text)
  await git('add', '-A')
  await git('commit', '-q', '-m', 'a')
}
const profile = (...names: readonly string[]): string =>
  JSON.stringify({ defaultAction: 'SCMP_ACT_ERRNO', syscalls: [{ names, action: 'SCMP_ACT_ALLOW' }] })

/** The schema of a SeccompProfile names actions, but is no profile. */
const schema = `apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
spec: { properties: { defaultAction: { enum: [SCMP_ACT_ERRNO] } } }
`

interface Report {
  readonly profiles: readonly { readonly file: string; readonly problem?: string }[]
}

t.test(
  'profiles are told from what names their words; a broken one is told, whichever side has it',
  async (t) => {
    await git('init', '-q')
    await commit({
      'a.json': profile('read'),
      'ends-broken.json': profile('read'),
      'becomes-other.json': profile('read'),
      'schema.yaml': schema,
    })
    await commit({
      'a.json': profile('read', 'write'),
      'ends-broken.json': '{"defaultAction": ',
      'becomes-other.json': '{"about": "SCMP_ACT_ERRNO"}',
      'new-broken.json': '{"defaultAction": "SCMP',
      'new-schema.yml': schema,
      'schema.yaml': `${schema}# more\n`,
      'settings.json': '{"port": 80}',
    })
    const { status, stdout } = await transcript(['review', '--base', 'HEAD~1', '--json'], folder)
    const { profiles } = JSON.parse(stdout) as Report
    t.same(
      profiles.map(({ file, problem }) => [file, problem !== undefined]),
      [
        ['a.json', false],
        ['becomes-other.json', true],
        ['ends-broken.json', true],
        ['new-broken.json', true],
      ],
    )
    t.equal(status, 2)
    const named = await transcript(['review', '--base', 'HEAD~1', '--json', 'new-schema.yml'], folder)
    t.match(
      JSON.parse(named.stdout) as Report,
      { profiles: [{ file: 'new-schema.yml' }] },
      'one that is named',
    )
  },
)

t.test(
  'a base that cannot be read is named by its revision, and its repair is compared as a new profile',
  async (t) => {
    await commit({ 'mended.json': '{\n "defaultAction": ', 'gone.json': '{"defaultAction": ' })
    await commit({ 'mended.json': profile('read'), 'gone.json': undefined })
    const { status, stdout } = await transcript(
      ['review', '--base', 'HEAD~1', '--json', 'mended.json', 'gone.json'],
      folder,
    )
    t.match((JSON.parse(stdout) as Report).profiles, [
      { file: 'gone.json', event: /^Deleted\. .* HEAD~1:gone\.json:1:\d+: / },
      { file: 'mended.json', event: / HEAD~1:mended\.json:2:\d+: .* as a new profile/, changes: [{}] },
    ])
    t.equal(status, 0, 'a profile of one call opens nothing')
  },
)

t.test('a Kubernetes object without a profile is none, also where a pathspec names it', async (t) => {
  const map = (value: string): string =>
    `kind: ConfigMap\napiVersion: v1\nmetadata: {name: z}\ndata: {a: ${value}}\n`
  await commit({ 'map.yaml': map('b') })
  await commit({ 'map.yaml': map('c') })
  t.match(await transcript(['review', '--base', 'HEAD~1', 'map.yaml'], folder), {
    status: 0,
    stdout: 'no profile changed\n',
  })
})

t.test('every report places a result in a file of the repository, and a fault in its line', async (t) => {
  const places = async (report: string): Promise<readonly string[]> => {
    const { stdout } = await transcript(['review', '--base', 'HEAD~1', '--report', report], folder)
    const found = {
      github: () =>
        [...stdout.matchAll(/file=([^,]+),line=(\d+)/g)].map(([, file, line]) => `${file}:${line}`),
      gitlab: () =>
        (JSON.parse(stdout) as { location: { path: string; lines: { begin: number } } }[]).map(
          ({ location: { path, lines } }) => `${path}:${lines.begin}`,
        ),
      sarif: () =>
        (
          JSON.parse(stdout) as {
            runs: [
              {
                results: {
                  locations: [
                    {
                      physicalLocation: {
                        artifactLocation: { uri: string }
                        region: { startLine: number }
                      }
                    },
                  ]
                }[]
              },
            ]
          }
        ).runs[0].results.map(
          ({ locations: [{ physicalLocation: at }] }) => `${at.artifactLocation.uri}:${at.region.startLine}`,
        ),
    }[report as 'github']()
    return [...new Set(found)].sort()
  }
  await commit({ 'deleted.json': profile('read'), 'broken.json': profile('read') })
  await commit({
    'deleted.json': undefined,
    'broken.json': '{\n  "defaultAction": "SCMP_ACT_ERRNO"\n  "syscalls": []\n}\n',
  })
  for (const report of ['github', 'gitlab', 'sarif'])
    t.same(await places(report), ['broken.json:3', 'deleted.json:1'], report)
})

t.test('what cannot be asked of git is told for the option or the directory that it is of', async (t) => {
  t.match(await transcript(['review', '--base', 'HEAD', '--head', 'nope'], folder), {
    status: 2,
    stderr: /the revision of --head does not exist here: nope/,
  })
  t.match(await transcript(['review', '--base', ''], folder), {
    status: 2,
    stderr: /the revision of --base does not exist here: it is empty/,
  })
  const outside = mkdtempSync(join(tmpdir(), 'seccomp-gen-outside-'))
  t.teardown(() => rmSync(outside, { recursive: true, force: true }))
  t.match(await transcript(['review', '--base', 'main'], outside), {
    status: 2,
    stderr: /not a git repository/,
  })
})
