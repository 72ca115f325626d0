// Debian's servers, each with the work at which its container is recorded and which it must do again under its profile.
// They run on the machine's own /usr, read-only, in an almost empty image. Their clients run outside, in the
// container's network namespace, so that only the server's calls count.
import type { Words } from '../engines.ts'

export interface Workload {
  /** Programs that must be installed. */
  readonly needs: readonly string[]
  /** Other directories of the machine that it reads, besides /usr. */
  readonly mounts?: readonly string[]
  /** Files below /srv. */
  readonly files?: Readonly<Record<string, string>>
  /** A script that makes more files there. */
  readonly build?: string
  /** Options of `run`. */
  readonly options?: readonly string[]
  readonly command: Words
  /** The programs to scan; default: its command only. */
  readonly programs?: readonly string[]
  /** Libraries that these programs load by names found in no code. */
  readonly libraries?: readonly string[]
  /** A script for sh, outside: `in_net` enters the network namespace, `$SECCOMP_GEN_PID` is the first process. */
  readonly load?: string
  /** Like the load, but after it and under the profile only: rare work that no recording has, such as a crash. */
  readonly rare?: string
  /** The rare work makes it crash: the engine starts it again, and it must do its work again. */
  readonly restarts?: true
  /** The statuses of a good end. */
  readonly ends?: readonly number[]
}

const words = (text: string): readonly string[] => text.split(' ')
/** A command of the container, run by sh. */
const sh = (text: string): Words => ['sh', '-c', text]
const writable = (...paths: readonly string[]): readonly string[] =>
  paths.flatMap((path) => ['--tmpfs', `${path}:rw,exec,mode=1777`])
const get = 'in_net curl --fail --silent --show-error --max-time 20 --output /dev/null'

const python = `
import concurrent.futures, http.server, multiprocessing, os, signal, subprocess, sys, tempfile, threading, time
class Page(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        if self.path == '/pool': workers.map(abs, range(-20, 0))
        if self.path == '/busy': busy.append(workers.map_async(time.sleep, [60, 60]))
        if self.path == '/child': subprocess.run([sys.executable, '-c', 'print(1)'], capture_output=True, check=True)
        if self.path == '/threads':
            with concurrent.futures.ThreadPoolExecutor(8) as pool: list(pool.map(lambda n: n * n, range(64)))
        if self.path == '/file':
            with tempfile.NamedTemporaryFile() as file: file.write(b'x' * 100000); file.flush(); os.fsync(file.fileno())
        self.send_response(200); self.end_headers(); self.wfile.write(b'page')
    def log_message(self, *words): pass
# Made before there are threads: a fork beside them may find a lock taken for ever.
workers = multiprocessing.get_context('fork').Pool(2)
busy = []
server = http.server.ThreadingHTTPServer(('127.0.0.1', 8080), Page)
signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=server.shutdown).start())
server.serve_forever()
# Who is at work is killed; who is not, ends by itself.
if busy: workers.terminate()
else: workers.close()
workers.join()
`
const node = `
const { createServer } = require('node:http'), { exec } = require('node:child_process'), fs = require('node:fs')
const { Worker } = require('node:worker_threads'), zlib = require('node:zlib'), crypto = require('node:crypto')
const server = createServer((request, response) => {
  const done = (error) => { response.statusCode = error ? 500 : 200; response.end('page') }
  switch (request.url) {
    case '/child': return exec('true', done)
    case '/worker': return new Worker('1', { eval: true }).once('exit', (status) => done(status !== 0))
    case '/crypto': return crypto.pbkdf2('a', 'b', 1000, 32, 'sha256', done)
    case '/gzip': return zlib.gzip(Buffer.alloc(1000000), done)
    case '/file': return fs.writeFile('/tmp/file', 'x', (error) => error ? done(error) : fs.readFile('/tmp/file', done))
    default: return done()
  }
}).listen(8080, '127.0.0.1')
process.on('SIGTERM', () => server.close(() => process.exit(0)))
`
const go = `package main

import ("context"; "net/http"; "os"; "os/exec"; "os/signal"; "sync"; "syscall"; "time")

func main() {
	http.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) { w.Write([]byte("page")) })
	http.HandleFunc("/child", func(w http.ResponseWriter, r *http.Request) {
		if err := exec.Command("true").Run(); err != nil { w.WriteHeader(500) }
	})
	http.HandleFunc("/threads", func(w http.ResponseWriter, r *http.Request) {
		var all sync.WaitGroup
		for i := 0; i < 50; i++ {
			all.Add(1)
			go func() { defer all.Done(); time.Sleep(time.Millisecond); _ = make([]byte, 1<<20) }()
		}
		all.Wait()
	})
	http.HandleFunc("/file", func(w http.ResponseWriter, r *http.Request) {
		if err := os.WriteFile("/tmp/file", []byte("x"), 0o600); err != nil { w.WriteHeader(500) }
	})
	server := &http.Server{Addr: "127.0.0.1:8080"}
	end := make(chan os.Signal, 1)
	signal.Notify(end, syscall.SIGTERM)
	go func() { <-end; server.Shutdown(context.Background()) }()
	server.ListenAndServe()
}
`
const java = `import com.sun.net.httpserver.HttpServer;
import java.net.InetSocketAddress;
import java.nio.file.*;
import java.util.concurrent.*;
public class Server {
  public static void main(String[] words) throws Exception {
    HttpServer server = HttpServer.create(new InetSocketAddress("127.0.0.1", 8080), 0);
    server.setExecutor(Executors.newFixedThreadPool(8));
    server.createContext("/", exchange -> {
      try {
        switch (exchange.getRequestURI().getPath()) {
          case "/child": new ProcessBuilder("true").start().waitFor(); break;
          case "/file": Files.writeString(Path.of("/tmp/file"), "x"); break;
          case "/memory": { byte[][] all = new byte[64][]; for (int i = 0; i < 64; i++) all[i] = new byte[1 << 20]; System.gc(); } break;
        }
        exchange.sendResponseHeaders(200, 4);
        exchange.getResponseBody().write("page".getBytes());
      } catch (InterruptedException e) { exchange.sendResponseHeaders(500, -1); }
      exchange.close();
    });
    server.start();
  }
}
`
const several = (...paths: readonly string[]): string =>
  `${paths.map((path) => `${get} http://127.0.0.1:8080/${path}`).join('\n')}
for n in 1 2 3 4 5 6 7 8; do ${get} http://127.0.0.1:8080/ & done; wait`

// The version in Debian 12.
const erts = '/usr/lib/erlang/erts-13.1.5/bin'
const javaHome = '/usr/lib/jvm/java-17-openjdk-amd64'

export const workloads: Readonly<Record<string, Workload>> = {
  nginx: {
    needs: ['nginx', 'curl'],
    files: {
      'nginx.conf': `daemon off; worker_processes 2; pid /tmp/nginx.pid; error_log /dev/stderr notice; user www-data;
events {}
http {
  access_log /tmp/access.log; root /srv/site; sendfile on; gzip on; gzip_types *;
  client_body_temp_path /tmp/b; proxy_temp_path /tmp/p; fastcgi_temp_path /tmp/f; uwsgi_temp_path /tmp/u; scgi_temp_path /tmp/s;
  server { listen 127.0.0.1:8080; location /copy { proxy_pass http://127.0.0.1:8080/; } location /post { return 200 ok; } }
}
`,
      'site/index.html': 'Welcome\n'.repeat(4000),
    },
    command: ['nginx', '-c', '/srv/nginx.conf'],
    options: [...writable('/tmp', '/var/log/nginx', '/var/lib/nginx'), '--stop-signal', 'SIGQUIT'],
    load: `${several('', 'copy')}
${get} --range 5-9 http://127.0.0.1:8080/
${get} --compressed http://127.0.0.1:8080/
! ${get} http://127.0.0.1:8080/none 2>/dev/null
kill -HUP $SECCOMP_GEN_PID; sleep 0.5
kill -USR1 $SECCOMP_GEN_PID; sleep 0.2
${several('')}`,
  },
  redis: {
    needs: ['redis-server', 'redis-cli'],
    options: [...writable('/data', '/tmp'), '--workdir', '/data', '--user', '33:33'],
    command: [
      'redis-server',
      ...words('--save 60 1 --appendonly yes --bind 127.0.0.1 --enable-debug-command local'),
    ],
    load: `ask() { in_net redis-cli -e "$@" >/dev/null; }
ask SET name value; ask GET name; ask LPUSH list a b c; ask EXPIRE list 1
ask EVAL 'return redis.call("GET", "name")' 0
ask BGSAVE; sleep 0.5; ask BGREWRITEAOF; sleep 0.5
in_net redis-benchmark -q -n 2000 -c 20 -t set,get >/dev/null
ask CONFIG SET maxmemory 100mb; ask FLUSHALL ASYNC; ask INFO`,
    rare: '! in_net redis-cli -e DEBUG SEGFAULT >/dev/null 2>&1',
    restarts: true,
  },
  haproxy: {
    needs: ['haproxy', 'curl'],
    files: {
      'haproxy.cfg': `global
  log stdout format raw local0
  stats socket /tmp/admin.sock mode 600 level admin
defaults
  mode http
  timeout connect 5s
  timeout client 10s
  timeout server 10s
frontend site
  bind 127.0.0.1:8080
  default_backend pages
backend pages
  server one 127.0.0.1:8081 check inter 200ms
frontend pages_here
  bind 127.0.0.1:8081
  http-request return status 200 content-type text/plain string page
`,
    },
    options: writable('/tmp', '/run', '/var/lib/haproxy'),
    command: ['haproxy', '-W', '-db', '-f', '/srv/haproxy.cfg'],
    load: `sleep 1
${several('', 'x')}
kill -USR2 $SECCOMP_GEN_PID; sleep 1
${several('')}`,
    ends: [0, 143],
  },
  memcached: {
    needs: ['memcached', 'python3'],
    options: ['--user', '33:33', ...writable('/tmp')],
    command: ['memcached', '-l', '127.0.0.1', '-p', '8080', '-t', '4'],
    load: `in_net python3 -c '
import socket
def ask(text, end):
    one = socket.create_connection(("127.0.0.1", 8080)); one.sendall(text); got = b""
    while end not in got: got += one.recv(65536)
    one.close()
for n in range(20): ask(b"set k%d 0 0 5\\r\\nvalue\\r\\n" % n, b"STORED")
ask(b"get k3\\r\\n", b"END"); ask(b"stats\\r\\n", b"END"); ask(b"stats slabs\\r\\n", b"END"); ask(b"flush_all\\r\\n", b"OK")
ask(b"set big 0 0 900000\\r\\n" + b"x" * 900000 + b"\\r\\n", b"STORED")'`,
  },
  python: {
    needs: ['python3', 'curl'],
    files: { 'server.py': python },
    options: writable('/tmp'),
    command: ['python3', '/srv/server.py'],
    load: several('', 'pool', 'child', 'threads', 'file', 'pool'),
    rare: `${get} http://127.0.0.1:8080/busy; sleep 0.2`,
  },
  sshd: {
    needs: ['sshd', 'ssh', 'ssh-keygen', 'sftp'],
    files: {
      sshd_config: `Port 8080
ListenAddress 127.0.0.1
HostKey /srv/host
AuthorizedKeysFile /srv/client.pub
PermitRootLogin yes
StrictModes no
UsePAM no
PidFile none
Subsystem sftp /usr/lib/openssh/sftp-server
`,
    },
    build: `rm -f host* client*; ssh-keygen -q -t ed25519 -N '' -f host; ssh-keygen -q -t ed25519 -N '' -f client; chmod 600 host client`,
    // sshd wants this directory to be root's. A login with a terminal is audited, which Docker's capabilities allow and
    // Podman's do not.
    options: [...writable('/tmp', '/root'), ...words('--tmpfs /run/sshd:rw,mode=0755 --cap-add AUDIT_WRITE')],
    command: ['/usr/sbin/sshd', '-D', '-e', '-f', '/srv/sshd_config'],
    programs: ['sshd', 'bash', 'id', 'tty', '/usr/lib/openssh/sftp-server'],
    load: `options="-F none -i $FILES/client -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR"
in_net ssh $options -p 8080 root@127.0.0.1 'echo hello; id >/dev/null'
in_net ssh $options -tt -p 8080 root@127.0.0.1 'tty >/dev/null' </dev/null
echo 'put /bin/true /tmp/true
ls /tmp' | in_net sftp $options -P 8080 -b - root@127.0.0.1 >/dev/null
! in_net ssh $options -o PreferredAuthentications=password -o BatchMode=yes -p 8080 nobody@127.0.0.1 true 2>/dev/null`,
    ends: [0, 143, 255],
  },
  postgres: {
    needs: ['/usr/lib/postgresql/15/bin/postgres', 'psql'],
    mounts: ['/etc/ssl', '/usr/share/zoneinfo'],
    options: [
      '--user',
      'postgres',
      ...writable('/data', '/tmp', '/run/postgresql'),
      '--stop-signal',
      'SIGINT',
      '--shm-size',
      '128m',
    ],
    command: sh(
      'PATH=/usr/lib/postgresql/15/bin:$PATH; mkdir -m 700 /data/db && initdb -D /data/db --auth trust >/dev/null && exec postgres -D /data/db -k /tmp -c listen_addresses=127.0.0.1 -c port=8080 -c max_wal_size=64MB',
    ),
    programs: ['sh', 'mkdir', ...['initdb', 'postgres'].map((each) => `/usr/lib/postgresql/15/bin/${each}`)],
    load: `ask() { in_net psql -q -h 127.0.0.1 -p 8080 -U postgres -v ON_ERROR_STOP=1 "$@" >/dev/null; }
for n in 1 2 3 4 5 6 7 8 9 10; do ask -c 'select 1' && break; sleep 0.5; done 2>/dev/null
ask -c 'create table t as select n, md5(n::text) m from generate_series(1, 100000) n' -c 'create index on t (m)' -c 'vacuum analyze t'
ask -c 'set max_parallel_workers_per_gather = 2' -c 'set min_parallel_table_scan_size = 0' -c 'set parallel_setup_cost = 0' -c 'select count(*) from t a join t b using (m)'
ask -c 'set work_mem = 64' -c 'select * from t order by m offset 99999' -c 'checkpoint' -c "copy t to '/tmp/t'" -c 'truncate t' -c "copy t from '/tmp/t'"
! ask -c 'select * from none' 2>/dev/null
kill -HUP $SECCOMP_GEN_PID; sleep 0.3
ask -c 'select pg_reload_conf()' -c 'drop table t'`,
  },
  go: {
    needs: ['go', 'curl'],
    files: { 'server.go': go },
    build: 'GO111MODULE=off GOCACHE=$PWD/../go-cache go build -o server server.go',
    options: writable('/tmp'),
    command: ['/srv/server'],
    programs: ['/srv/server', 'true'],
    load: several('', 'child', 'threads', 'file', 'threads'),
  },
  node: {
    needs: ['node', 'curl'],
    files: { 'server.js': node },
    options: writable('/tmp'),
    command: ['node', '/srv/server.js'],
    programs: ['node', 'sh', 'true'],
    load: several('', 'child', 'worker', 'crypto', 'gzip', 'file'),
  },
  'apache+php': {
    needs: ['apache2', 'php', 'curl'],
    mounts: ['/etc/apache2', '/etc/php', '/var/lib/php'],
    files: {
      'site/index.php': `<?php session_save_path('/tmp'); session_start(); file_put_contents('/tmp/x', 'x'); echo strlen(md5('x')), exec('echo child'), gethostbyname('localhost');`,
      'site/page.html': 'Welcome\n'.repeat(4000),
      'apache.conf': `Listen 127.0.0.1:8080
DocumentRoot /srv/site
<Directory /srv/site>
  Require all granted
</Directory>
`,
    },
    options: [...writable('/tmp', '/run', '/var/log/apache2'), '--stop-signal', 'SIGWINCH'],
    command: sh(
      'mkdir -p /run/apache2 /run/lock /var/log/apache2; . /etc/apache2/envvars; sed "s/^Include ports.conf//; s/^IncludeOptional sites-enabled.*//" /etc/apache2/apache2.conf >/tmp/apache2.conf; cat /srv/apache.conf >>/tmp/apache2.conf; exec apache2 -DFOREGROUND -f /tmp/apache2.conf',
    ),
    programs: words('sh mkdir sed cat apache2'),
    libraries: ['libphp8.2', 'mod_mpm_prefork', 'mod_deflate', 'mod_reqtimeout'].map(
      (each) => `/usr/lib/apache2/modules/${each}.so`,
    ),
    load: `${several('index.php', 'page.html')}
${get} --range 5-9 http://127.0.0.1:8080/page.html
! ${get} http://127.0.0.1:8080/none 2>/dev/null
kill -USR1 $SECCOMP_GEN_PID; sleep 1
${several('index.php')}`,
  },
  mariadb: {
    needs: ['mariadbd', 'mariadb-install-db', 'mariadb'],
    mounts: ['/etc/mysql', '/etc/ssl'],
    options: ['--user', 'mysql', ...writable('/data', '/tmp', '/run/mysqld')],
    command: sh(
      'mariadb-install-db --no-defaults --datadir=/data/db --auth-root-authentication-method=normal --skip-test-db >/dev/null && exec mariadbd --no-defaults --datadir=/data/db --socket=/tmp/socket --port=8080 --bind-address=127.0.0.1 --skip-name-resolve',
    ),
    programs: words('sh my_print_defaults mkdir chmod cat sed rm mariadbd'),
    load: `ask() { in_net mariadb --no-defaults -h 127.0.0.1 -P 8080 -u root "$@" >/dev/null; }
for n in 1 2 3 4 5 6 7 8 9 10; do ask -e 'select 1' && break; sleep 0.5; done 2>/dev/null
ask -e 'create database d; use d; create table d.t (n int primary key, m char(32)) engine=InnoDB; insert into d.t select seq, md5(seq) from seq_1_to_20000; create index m on d.t (m)'
ask -e 'select count(*) from d.t a join d.t b using (m); optimize table d.t; flush tables; flush logs; alter table d.t engine=Aria; drop database d'
! ask -e 'select * from none.none' 2>/dev/null`,
  },
  java: {
    needs: ['java', 'javac', 'curl'],
    mounts: ['/etc/java-17-openjdk'],
    files: { 'Server.java': java },
    build: 'javac Server.java',
    options: writable('/tmp'),
    command: ['java', '-Xmx200m', '-cp', '/srv', 'Server'],
    programs: ['java', `${javaHome}/lib/jspawnhelper`, 'true'],
    libraries: ['server/libjvm', 'libjava', 'libjimage', 'libnet', 'libnio', 'libzip', 'libextnet'].map(
      (each) => `${javaHome}/lib/${each}.so`,
    ),
    load: several('', 'child', 'file', 'memory', 'memory'),
    ends: [0, 143],
  },
  dnsmasq: {
    needs: ['dnsmasq', 'dig'],
    files: { hosts: '192.0.2.7 other.test\n' },
    options: writable('/tmp', '/run', '/var/lib/misc'),
    command: [
      'dnsmasq',
      '-k',
      '-C',
      '/dev/null',
      '--no-resolv',
      '--no-hosts',
      '--user=root',
      '--listen-address=127.0.0.1',
      '--bind-interfaces',
      '--address=/here.test/192.0.2.1',
      '--addn-hosts=/srv/hosts',
      '--log-queries',
      '--log-facility=-',
    ],
    load: `ask() { in_net dig +time=2 +tries=2 +short @127.0.0.1 "$@" | grep -q .; }
ask here.test; ask +tcp here.test; ask other.test; ask -x 192.0.2.7
in_net dig +time=2 +tries=1 @127.0.0.1 none.test >/dev/null
kill -HUP $SECCOMP_GEN_PID; sleep 0.3; kill -USR1 $SECCOMP_GEN_PID; sleep 0.3
ask other.test`,
  },
  pipeline: {
    needs: ['find', 'xargs', 'sha256sum', 'sort', 'gzip', 'awk', 'tar'],
    options: writable('/tmp'),
    command: sh(
      'set -e; find /usr/share/zoneinfo/Europe -type f | xargs -P 2 -n 8 sha256sum | sort | tee /tmp/sums | gzip -9 | gunzip | awk "{ n++ } END { print n }"; tar -C /usr/share/zoneinfo -cz -f /tmp/all.tgz Europe; tar -tzf /tmp/all.tgz >/dev/null; grep -c . /tmp/sums; cut -d" " -f1 /tmp/sums | uniq | wc -l; sleep 0.1 & wait; kill -0 $$; test -e /tmp/all.tgz && rm /tmp/all.tgz',
    ),
    programs: words('sh find xargs sha256sum sort tee gzip awk tar grep cut uniq wc sleep rm'),
  },
  rabbitmq: {
    needs: ['rabbitmq-server', 'epmd', 'python3'],
    mounts: ['/etc/rabbitmq'],
    options: [
      '--user',
      'rabbitmq',
      ...writable('/data', '/tmp', '/var/log/rabbitmq'),
      '--env',
      'HOME=/data',
      '--hostname',
      'localhost',
    ],
    command: sh(
      'export RABBITMQ_MNESIA_BASE=/data RABBITMQ_LOG_BASE=/data RABBITMQ_NODENAME=r@localhost RABBITMQ_NODE_IP_ADDRESS=127.0.0.1 RABBITMQ_NODE_PORT=8080 RABBITMQ_PID_FILE=/data/pid RABBITMQ_ENABLED_PLUGINS_FILE=/data/plugins; exec /usr/lib/rabbitmq/bin/rabbitmq-server',
    ),
    programs: [
      ...words('sh dirname readlink cat sed mkdir rm sleep df ps'),
      ...words('erlexec beam.smp erl_child_setup epmd inet_gethost').map((each) => `${erts}/${each}`),
    ],
    // Erlang's port mapper listens long before the broker.
    load: `in_net python3 -c '
import socket, time
for n in range(300):
    try:
        one = socket.create_connection(("127.0.0.1", 8080)); break
    except OSError: time.sleep(0.3)
one.settimeout(20); one.sendall(b"AMQP\\0\\0\\x09\\x01"); got = one.recv(4096)
assert b"RabbitMQ" in got, got
one.sendall(b"nonsense" * 10); one.close()'`,
    ends: [0, 143],
  },
}
