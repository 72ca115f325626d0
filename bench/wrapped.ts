// Wraps strace's lines as loggers and exporters do, for the measurements; the plain lines come first.

/** The same lines in each form, with the form's name. */
export function* wrapped(plain: Buffer): Generator<readonly [name: string, once: Buffer]> {
  const lines = plain.toString('latin1').split('\n').slice(0, -1)
  const each = (wrap: (line: string) => string): Buffer =>
    Buffer.from(lines.map((line) => `${wrap(line)}\n`).join(''), 'latin1')
  const json = (entry: (line: string) => unknown): Buffer => each((line) => JSON.stringify(entry(line)))
  const time = '2026-11-28T12:00:00.123456789Z'
  yield ['as they are', plain]
  yield ['Docker’s json-file', json((line) => ({ log: `${line}\n`, stream: 'stderr', time }))]
  yield ['CRI', each((line) => `${time} stderr F ${line}`)]
  yield ['kubectl logs --timestamps', each((line) => `${time} ${line}`)]
  yield ['compose', each((line) => `web-1  | ${line}`)]
  yield ['journal, short', each((line) => `Nov 28 12:00:00 host strace[7]: ${line}`)]
  yield [
    'journal, JSON',
    json((line) => ({ __CURSOR: 'a', __REALTIME_TIMESTAMP: '1495049802123456', _TRANSPORT: 'stdout', SYSLOG_IDENTIFIER: 'strace', MESSAGE: line })),
  ] // prettier-ignore
  yield ['gh run view --log', each((line) => `job\tstep\t${time} ${line}`)]
  yield ['an indent', each((line) => `    ${line}`)]
  yield ['Fluent Bit', json((line) => ({ date: 1.5, log: line, kubernetes: { pod_name: 'web' } }))]
  yield ['Loki (logcli)', json((line) => ({ labels: { app: 'web' }, line, timestamp: time }))]
  yield ['CloudWatch', json((message) => ({ events: [{ timestamp: 1, message }] }))]
}
