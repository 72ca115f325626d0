// A web server as recorded under Docker: root binds port 80, chowns a directory and becomes uid 33.
import type { ObservedContext } from '../../src/observe/index.ts'
import { bound, change, check, container, directory, execution, identity, opened, start } from './rows.ts'

const program = 'nginx'

export function web(given: Partial<ObservedContext> = {}): ObservedContext {
  return container({
    name: 'web',
    starts: [
      start({
        path: '/usr/sbin/nginx',
        arguments: ['nginx', '-g', 'daemon off;'],
        rootMode: '0755',
        rootUid: 0,
        rootGid: 0,
      }),
    ],
    checks: [
      check({ capability: 'CAP_CHOWN', call: 'chown', program, count: 5 }),
      check({ capability: 'CAP_DAC_OVERRIDE', call: 'openat', program }),
      check({ capability: 'CAP_SETGID', call: 'setgid', argument: '33', program, count: 2 }),
      check({ capability: 'CAP_SETGID', call: 'setgroups', argument: '1', program, count: 2 }),
      check({ capability: 'CAP_SETUID', call: 'setuid', argument: '33', program, count: 2 }),
      check({
        capability: 'CAP_SYS_ADMIN',
        call: 'openat',
        program,
        own: false,
        withinBounding: false,
        count: 40,
      }),
      check({ capability: 'CAP_SYS_RESOURCE', call: 'prlimit64', program, granted: false, effective: false }),
    ],
    changes: [
      change({
        kind: 'open',
        path: '/run/nginx.pid',
        program,
        creates: true,
        fileMode: '0644',
        fileUid: 0,
        fileGid: 0,
      }),
      change({ kind: 'unlink', path: '/run/nginx.pid', program }),
      change({
        kind: 'open',
        path: '/var/log/nginx/error.log',
        program,
        creates: true,
        fileMode: '0640',
        fileUid: 33,
        fileGid: 4,
        granted: ['CAP_DAC_OVERRIDE'],
      }),
      change({ kind: 'mkdir', path: '/var/lib/nginx/body', program, mode: '0700' }),
      change({
        kind: 'chown',
        path: '/var/lib/nginx/body',
        program,
        toUid: 33,
        granted: ['CAP_CHOWN'],
        fileType: 'directory',
      }),
      change({
        kind: 'open',
        path: '/var/lib/nginx/body/0001',
        program,
        creates: true,
        uid: 33,
        fileUid: 33,
        fileGid: 33,
        fileMode: '0600',
      }),
      change({ kind: 'open', path: '/dev/null', program, mount: '/dev', fileType: 'character' }),
    ],
    reads: [
      opened('/etc/nginx/nginx.conf', { program }),
      opened('/var/www/html/index.html', { program, uid: 33 }),
      opened('/usr/lib/x86_64-linux-gnu/libc.so.6', { program }),
      opened('/usr/lib/x86_64-linux-gnu/libc.so.6', { program, kind: 'map-exec', call: 'mmap' }),
    ],
    directories: [
      directory('/'),
      directory('/etc'),
      directory('/etc/nginx'),
      directory('/run'),
      directory('/var'),
      directory('/var/log'),
      directory('/var/log/nginx', '0755', 0, 4),
      directory('/var/lib'),
      directory('/var/lib/nginx'),
      directory('/usr'),
      directory('/usr/lib'),
      directory('/usr/lib/x86_64-linux-gnu'),
    ],
    mounts: [
      { path: '/dev', filesystem: 'tmpfs', readOnly: false, count: 1, first: 'ebpf:nginx' },
      { path: '/proc', filesystem: 'proc', readOnly: false, count: 1, first: 'ebpf:nginx' },
    ],
    executions: [execution({ path: '/usr/sbin/nginx', program: 'runc:[2:INIT]' })],
    identities: [identity(33, 33, { program, groups: [33] })],
    binds: [bound(80, { program })],
    ...given,
  })
}
