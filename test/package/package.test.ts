// The packed package: its content, that a strict TypeScript consumer compiles against it, and that it runs.
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { execa } from 'execa'
import t from 'tap'

const root = fileURLToPath(new URL('../..', import.meta.url))

t.test('a consumer compiles against the packed package and runs', async (t) => {
  // Inside the project, so that it finds the dependencies where npm would install them.
  mkdirSync(join(root, '.tap'), { recursive: true })
  const folder = mkdtempSync(join(root, '.tap/consumer-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  const packed = await execa('npm', ['pack', '--ignore-scripts', '--json', '--pack-destination', folder], {
    cwd: root,
  })
  const [{ filename, files }] = JSON.parse(packed.stdout) as [{ filename: string; files: { path: string }[] }]
  const paths = files.map(({ path }) => path)

  for (const needed of [
    'dist/index.js',
    'dist/index.d.ts',
    'dist/run.js',
    'dist/cli.js',
    'dist/LICENSES.txt',
    'LICENSE',
    'README.md',
  ]) {
    t.ok(paths.includes(needed), `${needed} is in it`)
  }
  t.ok(
    paths.some((path) => /^schemas\/.+\.json$/.test(path)),
    'the schemas are in it',
  )
  t.ok(
    paths.some((path) => path.startsWith('traces/web-server/')),
    'a trace to try it with is in it',
  )
  t.same(
    paths.filter((path) => /^(?:src|test|scripts|bench|docs)\//.test(path)),
    [],
    'sources and tests are not',
  )

  const installed = join(folder, 'node_modules/seccomp-gen')
  mkdirSync(installed, { recursive: true })
  await execa('tar', ['-xzf', join(folder, filename), '--strip-components=1', '-C', installed])
  cpSync(join(root, 'test/package/consumer.ts.txt'), join(folder, 'consumer.mts'))
  writeFileSync(
    join(folder, 'tsconfig.json'),
    JSON.stringify({
      compilerOptions: {
        strict: true,
        exactOptionalPropertyTypes: true,
        noUncheckedIndexedAccess: true,
        module: 'NodeNext',
        target: 'ES2023',
        types: ['node'],
        skipLibCheck: false,
        outDir: 'out',
        rootDir: '.',
      },
      files: ['consumer.mts'],
    }),
  )
  const compiled = await execa(join(root, 'node_modules/.bin/tsc'), ['-p', folder], { reject: false })
  t.equal(compiled.stdout, '', 'no type error, with the library’s own types checked')
  const { stdout } = await execa(process.execPath, [join(folder, 'out/consumer.mjs')])
  t.match(JSON.parse(stdout), {
    names: ['app.strace:1 socket 2', 'app.strace:2 close', 'app.strace:3 exit_group'],
    sockets: 2,
    errors: 0,
    same: true,
    dialect: 'oci',
    number: 56,
    record: 'function',
    refused: /^empty: is empty/,
    code: 'empty-trace',
    empty: 'empty',
    answer: 'SCMP_ACT_ERRNO(1)',
    verdict: 'mixed',
    explained: [['socket', 'seen']],
  })
})

t.test('the library loads without a warning', async (t) => {
  const script = `const library = await import('${join(root, 'dist/index.js')}'); console.log(typeof library.observe)`
  const { stdout, stderr } = await execa(process.execPath, ['--input-type=module', '-e', script])
  t.equal(stdout, 'function')
  t.equal(stderr, '', 'no warning of Node either')
})
