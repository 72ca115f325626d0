// The built command and the library on every supported version of Node, from the registry's packages of Node. Tests
// without network are elsewhere, on the version that runs them.
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { execa } from 'execa'
import t from 'tap'

const root = fileURLToPath(new URL('../..', import.meta.url))
const architecture = { x64: 'x64', arm64: 'arm64' }[process.arch as string]
const skipped =
  process.platform === 'linux' && architecture !== undefined
    ? false
    : `no package of Node for ${process.platform} on ${process.arch}`

const library = `import { parseProfile, builtinProfile, compareProfiles } from 'seccomp-gen'
import { record, verify } from 'seccomp-gen/run'
const { verdict } = compareProfiles(builtinProfile('docker').profile, parseProfile('{"defaultAction":"SCMP_ACT_ERRNO"}'))
console.log(verdict, typeof record, typeof verify)`
const evaluated = ['--input-type=module', '-e', library]

for (const version of ['20.19', '22', '24', '26']) {
  t.test(`Node ${version}`, { skip: skipped, timeout: 120_000 }, async (t) => {
    mkdirSync(join(root, '.tap'), { recursive: true })
    const folder = mkdtempSync(join(root, '.tap/node-'))
    t.teardown(() => rmSync(folder, { recursive: true, force: true }))
    const name = `node-linux-${architecture ?? ''}`
    const words = ['--prefix', folder, '--no-save', '--no-audit', '--no-fund', '--ignore-scripts']
    const got = await execa('npm', ['install', ...words, `${name}@${version}`], {
      reject: false,
      cwd: folder,
      timeout: 60_000,
    })
    if (got.failed) {
      t.comment(`skipped: the registry does not give ${name}@${version} within a minute`)
      return
    }
    const node = join(folder, 'node_modules', name, 'bin/node')
    const run = (...args: string[]) => execa(node, args, { cwd: root, reject: false })
    t.match((await run('--version')).stdout, new RegExp(`^v${version}\\.`))

    const cli = join(root, 'dist/cli.js')
    const here = await execa(process.execPath, [cli, 'generate', 'traces/web-server'], { cwd: root })
    const there = await run(cli, 'generate', 'traces/web-server')
    t.equal(there.stdout, here.stdout, 'the same profile')
    t.equal((await run(cli, 'diff', 'docker', 'docker@29')).exitCode, 0)
    t.match((await run(cli, 'eval', 'docker', 'ptrace', '--kernel', '4.4')).stdout, /^SCMP_ACT_ERRNO/)
    const permission = version.startsWith('20') ? '--experimental-permission' : '--permission'
    // tap would load code into it that the restriction stops.
    const alone = ['-u', 'NODE_OPTIONS', node, permission, '--allow-fs-read=*']
    const restricted = await execa('env', [...alone, cli, 'syscalls', 'openat'], { cwd: root, reject: false })
    t.equal(restricted.exitCode, 0, `under ${permission}: ${restricted.stderr}`)
    const expected = await execa(process.execPath, evaluated, { cwd: root })
    t.equal((await run(...evaluated)).stdout, expected.stdout, 'the library')
  })
}
