// The progress line of long work, at its bounds: sizes that grow, rates of zero, times that are over.
import t from 'tap'
import { shown } from '../../src/commands/progress.ts'
import { readingLine, recordingLine, roundLine } from '../../src/report/progress.ts'

t.test('sentences', (t) => {
  for (const [said, wanted] of [
    [readingLine(312e6, 500e6, 1.5), '312 MB of 500 MB read, 208 MB/s, 1 s left'],
    [readingLine(0, 500e6, 1), '0.0 MB of 500 MB read, 0.0 MB/s'],
    [readingLine(1.2e6, undefined, 2), '1.2 MB read, 0.6 MB/s'],
    [readingLine(600e6, 500e6, 2), '600 MB read, 300 MB/s'],
    [readingLine(25e9, 100e9, 100), '25.0 GB of 100.0 GB read, 250 MB/s, 5 min left'],
    [readingLine(1, 2, 0), '0.0 MB of 0.0 MB read, 0.0 MB/s, 1 s left'],
    [recordingLine(1.8, 30, undefined), 'recording, 29 s left'],
    [recordingLine(0, 100, undefined), 'recording, 2 min left'],
    [recordingLine(12, undefined, undefined), 'recording, 12 s'],
    [
      recordingLine(55, undefined, { call: 'fsync', milliseconds: 40_300 }),
      'recording, 55 s; last new call 40 s ago: fsync',
    ],
    [recordingLine(31, 30, undefined), 'recording, ending it'],
    [roundLine(2, 12), 'round 2, 12 s'],
  ] as const)
    t.equal(said, wanted)
  t.end()
})

t.test('what is written meanwhile stands on a clean line', async (t) => {
  const sent: string[] = []
  let drawn = (): void => undefined
  const output = {
    isTerminal: true,
    write: (text: string): boolean => {
      sent.push(text)
      if (text.startsWith('\r')) drawn()
      return true
    },
  }
  const world = {
    stdin: { isTerminal: true, bytes: async function* () {} },
    stdout: output,
    stderr: output,
    env: { TERM: 'xterm' },
    cwd: '/',
    signals: () => () => undefined,
  }
  const answer = await shown(
    world,
    'line',
    () => 'working',
    async (inner) => {
      await new Promise<void>((resolve) => (drawn = resolve))
      inner.stderr.write('a word\n')
      inner.stdout.write('another\n')
      return 7
    },
  )
  t.equal(answer, 7)
  t.strictSame(sent, ['\rworking\x1b[K', '\r\x1b[K', 'a word\n', 'another\n'])
})
