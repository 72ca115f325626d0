// Other tools accept pushed artifacts: oras and skopeo return the profile, and cosign verifies its signature of the
// digest that `push` prints. SECCOMP_GEN_ARTIFACT_TOOLS=DIRECTORY: cosign and oras, if not in PATH.
import { execa } from 'execa'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import t from 'tap'
import { printPolicyAs } from '../../src/print/index.ts'
import { seccompGen } from '../live/command.ts'
import { small } from '../print/policies.ts'
import { startRegistry, whyNoRegistry } from './service.ts'

const folders = [process.env['SECCOMP_GEN_ARTIFACT_TOOLS'], ...(process.env['PATH'] ?? '').split(delimiter)]
const found = (tool: string): string | undefined =>
  folders.flatMap((each) => (each === undefined ? [] : [join(each, tool)])).find((each) => existsSync(each))
const missing = (tool: string): string | false => found(tool) === undefined && `${tool} is not installed`

const work = mkdtempSync(join(tmpdir(), 'seccomp-gen-signed-'))
const whyNot = await whyNoRegistry()
const registry = whyNot === false ? await startRegistry(join(work, 'registry')) : undefined
t.teardown(async () => {
  await registry?.end()
  rmSync(work, { recursive: true, force: true })
})
t.setTimeout(240_000)

const env = { HOME: work, COSIGN_PASSWORD: '', DOCKER_CONFIG: work }
const run = async (tool: string, ...words: readonly string[]) =>
  execa(found(tool) ?? tool, words, { env, cwd: work, reject: false, timeout: 60_000, stdin: 'ignore' })
const profile = printPolicyAs(small, 'oci')
const repository = `${registry?.address}/profiles/app`

async function pushed(): Promise<string> {
  writeFileSync(join(work, 'app.json'), profile)
  const [program, ...loading] = seccompGen
  const { stdout, stderr, exitCode } = await execa(
    program,
    [...loading, 'push', join(work, 'app.json'), `${repository}:1`],
    { env, reject: false },
  )
  if (exitCode !== 0) throw new Error(stderr)
  return stdout
}

t.test('oras gives the same bytes', { skip: whyNot || missing('oras') }, async (t) => {
  const pinned = await pushed()
  const { exitCode, stderr } = await run('oras', 'pull', '--plain-http', '-o', join(work, 'oras'), pinned)
  t.equal(exitCode, 0, stderr)
  t.equal(readFileSync(join(work, 'oras', 'profile.json'), 'utf8'), profile)
})

t.test(
  'cosign signs the digest, and no other key holds',
  { skip: whyNot || missing('cosign') },
  async (t) => {
    const pinned = await pushed()
    t.match(pinned, /@sha256:[0-9a-f]{64}$/)
    for (const key of ['own', 'other']) {
      const { exitCode, stderr } = await run('cosign', 'generate-key-pair', '--output-key-prefix', key)
      t.equal(exitCode, 0, stderr)
    }
    const offline = ['--allow-http-registry', '--key']
    const signed = await run(
      'cosign',
      'sign',
      '--yes',
      '--use-signing-config=false',
      '--tlog-upload=false',
      ...offline,
      'own.key',
      pinned,
    )
    t.equal(signed.exitCode, 0, signed.stderr)
    const verify = async (key: string) =>
      run('cosign', 'verify', '--insecure-ignore-tlog=true', ...offline, key, pinned)
    const { exitCode, stdout, stderr } = await verify('own.pub')
    t.equal(exitCode, 0, stderr)
    t.match(stdout, pinned.slice(pinned.indexOf('sha256:')))
    t.not((await verify('other.pub')).exitCode, 0)
  },
)

t.test('cosign attests what the profile rests on', { skip: whyNot || missing('cosign') }, async (t) => {
  const pinned = await pushed()
  const digest = pinned.slice(pinned.indexOf('sha256:'))
  const observations = {
    version: 1 as const,
    runs: 2,
    architectures: {},
    unknown: {},
    sources: [
      { name: 'shop/web-*/web', count: 2, format: 'ebpf', lines: 0, calls: 9, ignored: 0, unparsed: 0 },
    ],
    diagnostics: [],
  }
  const text = printPolicyAs(small, 'in-toto', { observations, images: [`${repository}@${digest}`] })
  const { predicate, predicateType } = JSON.parse(text) as { predicate: object; predicateType: string }
  // cosign makes the statement itself and takes its subject from the registry.
  writeFileSync(join(work, 'predicate.json'), JSON.stringify(predicate))
  await run('cosign', 'generate-key-pair', '--output-key-prefix', 'attest')
  const attested = await run(
    'cosign',
    'attest',
    '--yes',
    '--use-signing-config=false',
    '--tlog-upload=false',
    '--allow-http-registry',
    '--key',
    'attest.key',
    '--predicate',
    'predicate.json',
    '--type',
    predicateType,
    pinned,
  )
  t.equal(attested.exitCode, 0, attested.stderr)
  const verified = await run(
    'cosign',
    'verify-attestation',
    '--insecure-ignore-tlog=true',
    '--allow-http-registry',
    '--type',
    predicateType,
    '--key',
    'attest.pub',
    pinned,
  )
  t.equal(verified.exitCode, 0, verified.stderr)
  const { payload } = JSON.parse(verified.stdout) as { payload: string }
  t.match(JSON.parse(Buffer.from(payload, 'base64').toString()), {
    predicate: { evidence: { runs: 2, calls: 9 } },
  })
})
