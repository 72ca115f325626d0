// Makes the pictures of the pages in Chromium: the step summary at GitHub's widths, the HTML report, the playground.
// Needs chromium and cmark-gfm of Debian. Run: npx tsx scripts/make-screenshots.ts
import { execa } from 'execa'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { launch } from '../test/browser/chromium.ts'
import { transcript } from '../test/commands/world.ts'

const root = join(import.meta.dirname, '..')
const images = join(root, 'docs/images')
mkdirSync(images, { recursive: true })
const folder = mkdtempSync(join(tmpdir(), 'seccomp-gen-images-'))
const profile = (...names: readonly string[]): string =>
  JSON.stringify({
    defaultAction: 'SCMP_ACT_ERRNO',
    architectures: ['SCMP_ARCH_X86_64', 'SCMP_ARCH_X86', 'SCMP_ARCH_X32'],
    syscalls: [{ names: ['read', 'write', 'openat', ...names], action: 'SCMP_ACT_ALLOW' }],
  })
writeFileSync(join(folder, 'before.json'), profile('mmap', 'close'))
writeFileSync(join(folder, 'after.json'), profile('bpf', 'ptrace', 'getpid', 'mmap'))

const browser = await launch()
const shoot = async (name: string, html: string, width: number, height: number): Promise<void> => {
  const file = join(folder, `${name}.html`)
  writeFileSync(file, html)
  const page = await browser.newPage({ viewport: { width, height } })
  await page.goto(pathToFileURL(file).href)
  await page.screenshot({ path: join(images, `${name}.jpg`), type: 'jpeg', quality: 60, scale: 'css' })
  await page.close()
}

const { stdout: report } = await transcript(
  ['diff', '--report', 'html', '--fail-on', 'wider', 'before.json', 'after.json'],
  folder,
)
await shoot('report', report, 1000, 620)

// Renders with GitHub's own Markdown renderer (cmark-gfm), at the width of GitHub's page.
const git = (...args: readonly string[]) =>
  execa('git', ['-c', 'user.name=a', '-c', 'user.email=a@example.org', ...args], { cwd: folder })
const names: readonly (readonly string[])[] = [['ptrace'], ['mount'], ['bpf'], ['getpid'], ['futex'], []]
await git('init', '-q', '-b', 'main')
for (const [index] of names.entries()) writeFileSync(join(folder, `app${index}.json`), profile('close'))
await git('add', '-A')
await git('commit', '-q', '-m', 'one')
for (const [index, calls] of names.entries())
  writeFileSync(join(folder, `app${index}.json`), profile('close', ...calls))
await git('commit', '-q', '-a', '-m', 'two')
const { stdout: summary } = await transcript(['review', '--base', 'HEAD~1', '--report', 'markdown'], folder)
const { stdout: rendered } = await execa('cmark-gfm', ['--unsafe', '-e', 'table', '-e', 'tagfilter'], {
  input: summary,
})
const styled = `<!doctype html><meta charset=utf-8><style>body{margin:16px;font:14px/1.5 sans-serif}table{display:block;overflow:auto;border-collapse:collapse}th,td{border:1px solid #d1d9e0;padding:6px 13px;text-align:left}h3,h4{margin:16px 0 8px}</style>${rendered}`
await shoot('summary-640', styled, 640, 620)
await shoot('summary-1280', styled, 1280, 620)

await execa(process.execPath, [join(root, 'scripts/make-site.mjs'), join(folder, 'site')])
const page = await browser.newPage({ viewport: { width: 1000, height: 700 } })
// A module from a file has no origin, so the page is served from memory.
await page.route('http://playground/*', (route) =>
  route.fulfill({
    path: join(folder, 'site', new URL(route.request().url()).pathname.slice(1) || 'index.html'),
  }),
)
await page.goto('http://playground/')
await page.click('[data-example=profiles]')
await page.waitForSelector('#diff:visible')
await page.screenshot({ path: join(images, 'playground.jpg'), type: 'jpeg', quality: 60, scale: 'css' })
await browser.close()
for (const name of ['report', 'summary-640', 'summary-1280', 'playground'])
  console.log(name, readFileSync(join(images, `${name}.jpg`)).length)
rmSync(folder, { recursive: true })
