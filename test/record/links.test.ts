// Paths as programs write them, resolved through the links that opened files reveal.
import t from 'tap'
import { followLinks, linksFrom } from '../../src/record/ebpf/context/links.ts'

const directories = new Set(['/var', '/var/lib', '/dev', '/dev/pts', '/run', '/tmp', '/etc'])

for (const [opened, written, path] of [
  // The link is /var/run, not /var.
  [['/var/run/x.pid', '/run/x.pid'], '/var/lib/postgresql/15/main/postmaster.pid', undefined],
  [['/var/run/x.pid', '/run/x.pid'], '/var/run/y.pid', '/run/y.pid'],
  // The file itself is the link.
  [['/dev/ptmx', '/dev/pts/ptmx'], '/dev/pts/0', undefined],
  [['/tmp/l/f', '/tmp/d/f'], '/tmp/l/g', '/tmp/d/g'],
  [['/tmp/l/deep/f', '/tmp/d/deep/f'], '/tmp/l/other/g', '/tmp/d/other/g'],
  // A program with its own root.
  [['/etc/passwd', '/jail/etc/passwd'], '/etc/shadow', undefined],
  [['/srv/passwd', '/jail/srv/passwd'], '/srv/shadow', undefined],
  [['/proc/self/x', '/proc/1/x'], '/proc/self/y', undefined],
  // A merged /usr, which is no root of the program.
  [['/lib/systemd/system/cron.service', '/usr/lib/systemd/system/cron.service'], '/lib/a/b', '/usr/lib/a/b'],
  [['/bin/sh', '/usr/bin/sh'], '/bin/crontab', '/usr/bin/crontab'],
  [['/sbin/x', '/usr/sbin/x'], '/lib/x', undefined],
  [['/lib64/x', '/usr/lib64/x'], '/lib/x', undefined],
  [['/lib/x', '/jail/usr/lib/x'], '/lib/y', undefined],
  [['/library/x', '/usr/library/x'], '/library/y', undefined],
] as const)
  t.equal(followLinks(written, linksFrom([opened], directories)), path ?? written, `${opened[0]}: ${written}`)

t.same(
  linksFrom([['/var/run/x.pid', '/run/x.pid']], new Set()),
  [{ from: '/var/run', to: '/run' }],
  'none leads to the root',
)
