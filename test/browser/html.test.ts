// `--report html` in a real browser: hostile names stay text, nothing is loaded, rows can be searched and filtered, axe
// finds no serious fault, and a phone shows the report without scrolling sideways.
import axe from 'axe-core'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Browser, Page } from 'playwright-core'
import t from 'tap'
import { observe, printObservations } from '../../src/observe/index.ts'
import { printReport } from '../../src/report/formats.ts'
import type { Verified } from '../../src/report/verification.ts'
import { transcript } from '../commands/world.ts'
import { launch, noBrowser, watchedPage } from './chromium.ts'

const nasty = `a"><img src=x onerror=alert(1)><script>alert(2)<x>' & \u202e\u001b[31m<style><title><xmp>.json`
const rule = (names: readonly string[]): object => ({ names, action: 'SCMP_ACT_ALLOW' })
const profile = (names: readonly string[]): string =>
  JSON.stringify({
    defaultAction: 'SCMP_ACT_ERRNO',
    architectures: ['SCMP_ARCH_X86_64', 'SCMP_ARCH_X86'],
    syscalls: [rule(names)],
  })
const folder = t.testdir({
  'one.json': profile(['read', 'write', 'openat']),
  [nasty]: profile(['read', 'bpf', 'ptrace', 'getpid']),
  'a.strace':
    'read(0, "", 1) = 0\nptrace(PTRACE_TRACEME) = 0\nnot a line <b>\nclone3({flags=0}, 88) = -1 ENOSYS\n',
})

const verified: Verified = {
  profile: nasty,
  written: nasty,
  within: 'docker',
  target: `a <script>alert(3)</script>`,
  seenBy: 'ebpf',
  ending: { kind: 'exited', status: 1 },
  started: true,
  exercised: true,
  runs: 1,
  rounds: 1,
  refusals: [
    {
      architecture: 'x86_64',
      syscall: 'ptrace',
      number: 101,
      args: [1n, 2n, 3n, 4n, 5n, 6n],
      answer: { action: 'SCMP_ACT_ERRNO', errno: 1 },
      count: 2,
      processes: [{ pid: 7, comm: '<b onclick=x>\n' }],
      default: undefined,
    },
  ],
  withheld: [],
  decidedByOwn: [],
  lost: 0,
  interrupted: false,
  repair: { before: 'a\n', text: `\t${nasty}\n`, added: [], bounded: false },
} as unknown as Verified

/** One report of each kind, by name. */
async function reports(): Promise<Readonly<Record<string, string>>> {
  const text = async (...argv: readonly string[]): Promise<string> =>
    (await transcript([...argv, '--report', 'html'], folder)).stdout
  const observations = await observe([{ name: nasty, bytes: [readFileSync(join(folder, 'a.strace'))] }])
  writeFileSync(join(folder, 'o.json'), printObservations(observations))
  return {
    diff: await text('diff', 'one.json', nasty),
    explain: await text('explain', nasty, '--trace', 'a.strace'),
    verify: printReport('verification', verified, 'html'),
    observe: await text('observe', 'o.json'),
    review: printReport(
      'review',
      { outcome: 'fails', profiles: [{ file: nasty, title: nasty, event: nasty, problem: nasty }] },
      'html',
    ),
  }
}

const opened = async (browser: Browser, name: string, text: string, options = {}) => {
  const file = join(folder, `${name}.html`)
  writeFileSync(file, text)
  const watched = await watchedPage(browser, options)
  await watched.page.goto(pathToFileURL(file).href)
  return { ...watched, file: pathToFileURL(file).href }
}

/** The serious faults found by axe-core. */
async function faults(page: Page): Promise<readonly string[]> {
  // The page's policy refuses other scripts; evaluate() adds this one through the debugger.
  await page.evaluate(axe.source)
  const found = (await page.evaluate('axe.run()')) as {
    violations: { id: string; impact: string; nodes: { html: string }[] }[]
  }
  return found.violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, nodes }) => `${id}: ${nodes[0]?.html}`)
}

t.test('pages of every kind', { skip: noBrowser, timeout: 120_000 }, async (t) => {
  const browser = await launch()
  t.teardown(() => browser.close())
  for (const [name, text] of Object.entries(await reports())) {
    const { page, requests, complaints, file } = await opened(browser, name, text)
    t.strictSame(requests, [file], `${name}: nothing is loaded`)
    t.strictSame(complaints, [], `${name}: nothing is complained of, and nothing of input ran`)
    t.equal(
      await page.locator('img, script:not(:last-of-type), iframe, [onclick]').count(),
      0,
      `${name}: no markup of input`,
    )
    t.match(text, /\\u202e/, `${name}: what is invisible is spelled out`)
    t.notMatch(text, /[\u0000-\u0008\u000b-\u001f\u202e]/, `${name}: no control character`) // eslint-disable-line no-control-regex
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme })
      t.strictSame(await faults(page), [], `${name}: axe-core, ${colorScheme}`)
    }
    const phone = await opened(browser, name, text, { viewport: { width: 360, height: 740 } })
    const width = await phone.page.evaluate('document.documentElement.scrollWidth')
    t.ok((width as number) <= 360, `${name}: fits a phone: ${String(width)}`)
    const shown = await phone.page.locator('tbody td:visible').allTextContents()
    t.notOk(shown.includes(''), `${name}: no label without a value on a phone`)
    const heads = await phone.page.locator('tbody th:visible').allTextContents()
    t.notOk(heads.includes('-'), `${name}: each card has a head`)
    const paper = await page.pdf()
    // Somebody whose system is dark prints dark words on white paper.
    await page.emulateMedia({ colorScheme: 'dark', media: 'print' })
    const ink = await page.evaluate('getComputedStyle(document.body).color')
    t.equal(ink, 'rgb(27, 31, 36)', `${name} is printed dark on light`)
    await page.emulateMedia({ media: null })
    t.ok(paper.length > 1000, `${name}: prints`)
  }
})

t.test('search and filters', { skip: noBrowser, timeout: 60_000 }, async (t) => {
  const browser = await launch()
  t.teardown(() => browser.close())
  const { diff = '' } = await reports()
  const { page } = await opened(browser, 'diff', diff)
  t.match(await page.locator('h1').textContent(), /^FAILS: mixed\. 3 calls opened; 1 high risk \(bpf\)/)
  const visible = async (): Promise<readonly string[]> => page.locator('tbody tr:visible').allTextContents()
  const all = await visible()
  t.match(all[0], /^highbpf/)
  await page.fill('#words', 'PTRACE')
  t.match(await visible(), [/ptrace/])
  t.match(await page.locator('#shown').textContent(), `1 of ${all.length} rows`)
  await page.fill('#words', '')
  await page.uncheck('input[value=high]')
  t.equal((await visible()).length, all.length - 1)
})

t.test('without the script all rows are there', { skip: noBrowser, timeout: 60_000 }, async (t) => {
  const browser = await launch()
  t.teardown(() => browser.close())
  const { explain = '' } = await reports()
  const { page, complaints } = await opened(browser, 'explain', explain, { javaScriptEnabled: false })
  t.strictSame(complaints, [])
  t.equal(await page.locator('#controls:visible').count(), 0)
  t.ok((await page.locator('tbody tr:visible').count()) > 3)
  for (const title of ['Allowed, and nothing here says why', 'What was read', 'What may be missing'])
    t.equal(await page.getByRole('heading', { name: title }).count(), 1, title)
})
