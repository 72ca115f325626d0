// Makes a Debian 12 root file system with the table's programs, with debootstrap(8), as root. Needs the network.
import { execa } from 'execa'
import { chmodSync, existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Engine } from '../engines.ts'

const packages = [
  'curl',
  'iputils-ping',
  'libcap2-bin',
  'netcat-openbsd',
  'nginx',
  'openssh-client',
  'openssh-server',
  'perl',
  'postgresql-15',
  'redis-server',
  'sudo',
]

const unprivileged = `pid /tmp/nginx.pid;
error_log /dev/stderr;
events {}
http {
  access_log off;
  client_body_temp_path /tmp/body; proxy_temp_path /tmp/proxy; fastcgi_temp_path /tmp/fastcgi;
  uwsgi_temp_path /tmp/uwsgi; scgi_temp_path /tmp/scgi;
  server { listen 8080; root /var/www/html; index index.nginx-debian.html; }
}
`

/** Makes the root file system in `root`, unless it exists. Returns the reason if it cannot be made. */
export async function debianRoot(root: string): Promise<string | undefined> {
  if (!existsSync(join(root, 'usr/sbin/sshd'))) {
    const made = await execa(
      'debootstrap',
      ['--variant=minbase', `--include=${packages.join(',')}`, 'bookworm', root],
      { reject: false },
    )
    if (made.failed) return `debootstrap: ${made.stderr || made.shortMessage}`
  }
  const login = join(root, 'etc/login')
  if (existsSync(login)) return undefined
  mkdirSync(login)
  writeFileSync(join(root, 'etc/nginx/unprivileged.conf'), unprivileged)
  writeFileSync(join(login, 'hba.conf'), 'local all all trust\nhost all all 127.0.0.1/32 trust\n')
  await execa('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', join(login, 'key')])
  mkdirSync(join(root, 'debs'))
  chmodSync(join(root, 'debs'), 0o777)
  const fetched = await execa('apt-get', ['download', 'cron', 'cron-daemon-common'], {
    cwd: join(root, 'debs'),
    reject: false,
  })
  return fetched.failed ? `apt-get download: ${fetched.stderr}` : undefined
}

/** Imports a root file system into an engine, with the files' capabilities. */
export async function importWithCapabilities(engine: Engine, image: string, root: string): Promise<void> {
  for (const [first, ...rest] of engine.stores) {
    const archive = ['-C', root, '--xattrs', '--xattrs-include=*', '-c', '.']
    const tar = execa('tar', archive, { encoding: 'buffer', buffer: false })
    const imported = execa(first, [...rest, 'import', '-', `${image}:latest`], { stdin: 'pipe' })
    tar.stdout.pipe(imported.stdin)
    await imported
  }
}
