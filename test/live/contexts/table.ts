// Workloads whose whole security context is recorded, derived and proved in containers of a Debian root file system
// (root.ts). Each is one script that prints `end` at its end, with status 0 only if all of it worked.

export interface ContextWorkload {
  /** Options of `run`, in every run. */
  readonly options?: readonly string[]
  /** The user that starts it; default root. A context names the user itself. */
  readonly user?: string
  /** The script for a shell with -e. */
  readonly script: string
  /** Also records and proves its seccomp profile, under all other layers. */
  readonly profile?: true
}

const page = 'curl -sS -m 3'
/** Waits until a command succeeds. It waits at least once, so that every run waits like the recorded one. */
const until = (command: string): string =>
  `sleep 0.3; for try in 1 2 3 4 5 6 7 8 9 10 11 12; do ${command} && break; sleep 0.5; done >/dev/null 2>&1`
const as = (user: string): string => `setpriv --reuid=${user} --regid=${user} --init-groups`
const postgres = '/usr/lib/postgresql/15/bin'
const data = '/var/lib/postgresql/15/main'
const ssh =
  'ssh -o BatchMode=yes -o ConnectTimeout=5 -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR -i /etc/login/key'
/** Makes a port below 1024 need CAP_NET_BIND_SERVICE, as on a host. */
const ports = ['--sysctl', 'net.ipv4.ip_unprivileged_port_start=1024']

export const contextWorkloads: Readonly<Record<string, ContextWorkload>> = {
  nginx: {
    profile: true,
    script: `nginx -g 'daemon off;' & server=$!
${until(`timeout 1 ${page} http://127.0.0.1/`)}
for each in 1 2 3; do ${page} http://127.0.0.1/ | grep -q 'Welcome to nginx'; done
head -c 300000 /dev/zero | ${page} -o /dev/null --data-binary @- http://127.0.0.1/
kill -HUP $server; sleep 1; ${page} http://127.0.0.1/ | grep -q Welcome
kill -USR1 $server; sleep 1; ${page} http://127.0.0.1/ | grep -q Welcome
kill -QUIT $server; wait $server; echo end`,
  },
  'nginx as 33:33': {
    user: '33:33',
    script: `nginx -c /etc/nginx/unprivileged.conf -g 'daemon off;' & server=$!
${until(`timeout 1 ${page} http://127.0.0.1:8080/`)}
for each in 1 2 3; do ${page} http://127.0.0.1:8080/ | grep -q 'Welcome to nginx'; done
kill -QUIT $server; wait $server; echo end`,
  },
  redis: {
    profile: true,
    script: `find /var/lib/redis ! -user redis -exec chown redis {} +
${as('redis')} redis-server --dir /var/lib/redis & server=$!
${until('redis-cli ping')}
test "$(redis-cli set a 1)" = OK; test "$(redis-cli get a)" = 1; test "$(redis-cli save)" = OK
redis-cli bgsave; sleep 1; redis-cli info persistence | grep -q rdb_last_bgsave_status:ok
redis-cli shutdown nosave; wait $server; echo end`,
  },
  postgres: {
    profile: true,
    script: `mkdir -p /run/postgresql; chown postgres:postgres /run/postgresql; chmod 2775 /run/postgresql
${as('postgres')} ${postgres}/postgres -D ${data} -c config_file=/etc/postgresql/15/main/postgresql.conf -c hba_file=/etc/login/hba.conf -c logging_collector=off & server=$!
${until('pg_isready -h 127.0.0.1 -q')}
psql -h 127.0.0.1 -U postgres -tAc 'create table if not exists t(i int); insert into t values(1); select count(*) from t; checkpoint;' | grep -q 1
${as('postgres')} ${postgres}/pg_ctl -D ${data} -m fast stop >/dev/null; wait $server; echo end`,
  },
  sshd: {
    script: `mkdir -p /run/sshd; useradd -m bob
/usr/sbin/sshd -D -e -o AuthorizedKeysFile=/etc/login/key.pub & server=$!
${until(`${ssh} root@127.0.0.1 true`)}
test "$(${ssh} root@127.0.0.1 id -u)" = 0
test "$(${ssh} bob@127.0.0.1 id -un)" = bob
${ssh} -tt bob@127.0.0.1 tty | grep -q pts
kill $server; wait $server || true; echo end`,
  },
  'account tools': {
    script: `useradd -m -s /bin/sh bob; id bob; su bob -c id; sudo -n -u bob id
mkdir -p /srv/data; touch /srv/data/f; chown -R bob:bob /srv/data; chmod 700 /srv/data; ls /srv/data
su bob -c 'sleep 30 & echo $! >/tmp/pid'; kill $(cat /tmp/pid); echo end`,
  },
  'mknod, chroot, setcap, nc': {
    options: ports,
    script: `mknod /tmp/null c 1 3; ls /tmp/null; chroot / true
cp /bin/true /tmp/true; setcap cap_net_raw+ep /tmp/true
timeout 1 nc -l 127.0.0.1 80 || test $? = 124; echo end`,
  },
  'ping as root': { script: 'ping -c 1 127.0.0.1 >/dev/null; echo end' },
  'ping as 65534': { user: '65534:65534', script: 'ping -c 1 127.0.0.1 >/dev/null; echo end' },
  dpkg: {
    script: `dpkg --force-depends -i /debs/*.deb; dpkg -s cron | grep -q 'ok installed'
test "$(stat -c '%G %a' /usr/bin/crontab)" = 'crontab 2755'; echo end`,
  },
}
