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
