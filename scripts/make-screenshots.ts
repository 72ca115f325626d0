// The pictures of the pages: the step summary at the widths of GitHub's, the HTML report and the playground, in Chromium.
// Run: npx tsx scripts/make-screenshots.ts
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
await shoot('report-phone', report, 360, 640)
await browser.close()
for (const name of ['report', 'report-phone'])
  console.log(name, readFileSync(join(images, `${name}.jpg`)).length)
rmSync(folder, { recursive: true })
