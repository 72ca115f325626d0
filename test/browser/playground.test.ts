// The pure library and the playground in a real browser: the page prints what Node prints, and sends nothing.
import axe from 'axe-core'
import { build } from 'esbuild'
import { execa } from 'execa'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { basename, extname, join } from 'node:path'
import { gzipSync } from 'node:zlib'
import t, { type Test } from 'tap'
import { browserOptions } from '../../scripts/browser-options.mjs'
import { observe, printObservations } from '../../src/observe/index.ts'
import { derivePolicy } from '../../src/policy/index.ts'
import { printPolicyAs } from '../../src/print/index.ts'
import { chunksOf } from '../../src/read/source.ts'
import { cases, sourcesOfCase } from '../goldens.ts'
import { launch, noBrowser, watchedPage } from './chromium.ts'

const root = join(import.meta.dirname, '../..')
const types: Readonly<Record<string, string>> = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.css': 'text/css',
}

/** Serves a folder to this machine only. */
async function served(t: Test, folder: string): Promise<string> {
  const server = createServer((request, response) => {
    const name = basename(request.url ?? '') || 'index.html'
    try {
      response
        .setHeader('content-type', types[extname(name)] ?? 'text/plain')
        .end(readFileSync(join(folder, name)))
    } catch {
      response.writeHead(404).end()
    }
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  t.teardown(() => server.close())
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
}

t.test(
  'the library reads every recording of traces/ as in Node, gzip too',
  { skip: noBrowser, timeout: 180_000 },
  async (t) => {
    const folder = t.testdir({ 'index.html': '<!doctype html><title>t</title>' })
    const { metafile } = await build({
      ...browserOptions,
      absWorkingDir: root,
      entryPoints: ['src/index.ts'],
      outfile: join(folder, 'library.js'),
      metafile: true,
    })
    const outside = Object.values(metafile.outputs).flatMap(({ imports }) => imports.map(({ path }) => path))
    t.strictSame(outside, [], 'nothing of Node is left')
    const url = await served(t, folder)
    const browser = await launch()
    t.teardown(() => browser.close())
    const { page, complaints } = await watchedPage(browser)
    await page.goto(url)
    for (const path of cases()) {
      const sources = sourcesOfCase(path)
      const expected = printObservations(await observe(sources))
      const given: object[] = []
      for (const { bytes, ...source } of sourcesOfCase(path)) {
        const pieces: Uint8Array[] = []
        for await (const piece of chunksOf({ name: '', bytes })) pieces.push(Uint8Array.from(piece))
        given.push({ ...source, base64: gzipSync(Buffer.concat(pieces)).toString('base64') })
      }
      const script = `(async () => {
      const { observe, printObservations } = await import('/library.js')
      const given = ${JSON.stringify(given)}
      return printObservations(await observe(given.map(({ base64, ...source }) => ({
        ...source, bytes: [Uint8Array.from(atob(base64), each => each.charCodeAt(0))] }))))
    })()`
      t.equal(await page.evaluate(script), expected, basename(path))
    }
    t.equal(await page.evaluate('typeof Buffer'), 'undefined', 'without a Buffer')
    t.strictSame(
      complaints.filter((each) => !/favicon|404/.test(each)),
      [],
    )
  },
)

t.test('the playground', { skip: noBrowser, timeout: 120_000 }, async (t) => {
  const folder = t.testdir({})
  await execa(process.execPath, [join(root, 'scripts/make-site.mjs'), folder])
  const url = await served(t, folder)
  const browser = await launch()
  t.teardown(() => browser.close())
  const { page, requests, complaints } = await watchedPage(browser)
  await page.goto(url)
  await page.click('[data-example=trace]')
  await page.waitForSelector('#profile:visible')
  const trace = join(root, 'traces/curl-x86_64/curl.strace')
  const observations = await observe([{ name: 'curl.strace', bytes: [readFileSync(trace)] }])
  const policy = derivePolicy(observations, {})
  t.equal(await page.textContent('#text'), printPolicyAs(policy, 'oci'), 'the profile that Node makes')
  await page.selectOption('#dialect', 'spo')
  t.equal(await page.textContent('#text'), printPolicyAs(policy, 'spo'))
  await page.fill('#call', 'clone')
  await page.fill('#args', 'CLONE_NEWUSER')
  await page.click('#query button')
  t.equal(await page.textContent('#answer'), 'SCMP_ACT_ERRNO(1)')
  t.match(
    await page.textContent('#reasons'),
    /openat +x86_64 +ALLOW .*seen \d+ times, first curl\.strace:\d+/,
  )

  await page.click('[data-example=profiles]')
  await page.waitForSelector('#diff:visible')
  t.match(await page.textContent('#changes'), /^FAILS: mixed\. \d+ calls opened/)
  t.equal(await page.locator('#profile:visible').count(), 0)

  const hostile = '<img src=x onerror=alert(1)>.json'
  const profile =
    '{"defaultAction":"SCMP_ACT_ERRNO","syscalls":[{"names":["<b>","bpf"],"action":"SCMP_ACT_ALLOW"}]}'
  await page.setInputFiles('#files', {
    name: hostile,
    mimeType: 'application/json',
    buffer: Buffer.from(profile),
  })
  // Not waitForFunction, which evaluates text in the page whenever it must look twice: the policy forbids that.
  await page.locator('#what', { hasText: 'onerror' }).waitFor()
  t.match(await page.textContent('#what'), `docker → ${hostile}`)
  t.equal(await page.locator('img, main b').count(), 0)
  await page.setInputFiles('#files', {
    name: 'x.json',
    mimeType: 'application/json',
    buffer: Buffer.from('{"defaultAction": '),
  })
  await page.locator('#error:not(:empty)').waitFor()
  t.match(await page.textContent('#error'), /^x\.json:1:\d+: /)

  t.strictSame([...new Set(requests.map((each) => new URL(each).pathname))].sort(), [
    '/',
    '/main.js',
    '/style.css',
  ])
  t.strictSame(
    complaints.filter((each) => !each.includes('favicon') && !each.includes('404')),
    [],
  )
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme })
    await page.evaluate(axe.source)
    const { violations } = (await page.evaluate('axe.run()')) as {
      violations: { id: string; impact: string }[]
    }
    t.strictSame(
      violations.filter(({ impact }) => /serious|critical/.test(impact)).map(({ id }) => id),
      [],
    )
  }
  await page.setViewportSize({ width: 360, height: 740 })
  t.ok(((await page.evaluate('document.documentElement.scrollWidth')) as number) <= 360, 'fits a phone')
  await t.rejects(page.evaluate(`fetch('${url}main.js')`), 'the page may not open a connection')
})
