// The scan is sound for the output of compilers: programs in Go, Rust, C++ and C with musl, in the forms in which they
// ship, each doing what servers do (threads, sockets, files, time, signals, another program). Compilers of Debian:
// golang-go, rustc, g++, musl-tools; the row of a missing one is skipped.
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { noStraceHere, sound } from './sound.ts'

t.setTimeout(1_200_000)
const work = mkdtempSync(join(tmpdir(), 'seccomp-gen-built-'))
t.teardown(() => rmSync(work, { recursive: true, force: true }))

const go = `package main

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"syscall"
	"time"
)

func main() {
	listener, _ := net.Listen("tcp", "127.0.0.1:0")
	go http.Serve(listener, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprintln(w, os.Getpid()) }))
	answer, _ := http.Get("http://" + listener.Addr().String())
	io.Copy(os.Stdout, answer.Body)
	file, _ := os.CreateTemp("", "x")
	file.WriteString("x")
	file.Sync()
	os.Rename(file.Name(), file.Name()+"y")
	os.Remove(file.Name() + "y")
	os.ReadDir("/")
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGUSR1)
	syscall.Kill(os.Getpid(), syscall.SIGUSR1)
	<-signals
	net.LookupHost("localhost")
	exec.Command("true").Run()
	time.Sleep(10 * time.Millisecond)
}
`
const rust = `use std::{fs, io::*, net::*, process::Command, thread, time::Duration};
fn main() {
    let server = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = server.local_addr().unwrap();
    let served = thread::spawn(move || server.accept().unwrap().0.write_all(b"hi").unwrap());
    let mut text = String::new();
    TcpStream::connect(address).unwrap().read_to_string(&mut text).unwrap();
    served.join().unwrap();
    fs::write("own", text).unwrap();
    fs::rename("own", "other").unwrap();
    fs::remove_file("other").unwrap();
    println!("{}", fs::read_dir("/").unwrap().count());
    ("localhost", 80).to_socket_addrs().unwrap().count();
    thread::sleep(Duration::from_millis(5));
    Command::new("true").status().unwrap();
}
`
const cpp = `#include <chrono>
#include <condition_variable>
#include <filesystem>
#include <fstream>
#include <future>
#include <iostream>
#include <stdexcept>
#include <thread>
struct Shape { virtual void draw() = 0; virtual ~Shape() {} };
struct Round : Shape { void draw() override { std::cout << "round\\n" << std::flush; } };
int main() {
  std::thread one([] { std::cout << "thread\\n" << std::flush; });
  one.join();
  auto sum = std::async(std::launch::async, [] { return 1; });
  sum.get();
  for (auto &each : std::filesystem::directory_iterator("/")) (void)each;
  std::ofstream("own") << 1;
  std::filesystem::rename("own", "other");
  std::filesystem::remove("other");
  try { throw std::runtime_error("thrown"); } catch (std::exception &error) { std::cerr << error.what(); }
  Shape *shape = new Round; shape->draw(); delete shape;
  std::this_thread::sleep_for(std::chrono::milliseconds(2));
}
`
const c = `#include <netdb.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
static void *run(void *x) { free(malloc(1 << 20)); return x; }
static void caught(int x) { (void)x; }
static int by_size(const void *a, const void *b) { return *(const char *)a - *(const char *)b; }
int main() {
  pthread_t thread; pthread_create(&thread, 0, run, 0); pthread_join(thread, 0);
  setuid(getuid());
  struct addrinfo *found; getaddrinfo("localhost", "80", 0, &found);
  int ends[2]; socketpair(AF_UNIX, SOCK_STREAM, 0, ends); send(ends[0], "x", 1, 0);
  signal(SIGUSR1, caught); raise(SIGUSR1);
  char letters[] = "bca"; qsort(letters, 3, 1, by_size); puts(letters);
  if (fork() == 0) _exit(0);
  wait(0); system("true");
  FILE *file = tmpfile(); fputs("x", file); fclose(file);
  struct timespec moment = {0, 1000}; nanosleep(&moment, 0);
  return 0;
}
`

interface Row {
  readonly compiler: string
  readonly source: readonly [name: string, text: string]
  /** The compiler's arguments, with OUT and SOURCE replaced. */
  readonly words: string
  readonly env?: Readonly<Record<string, string>>
}

/** Debian's musl-dev links static programs at a fixed address only. */
const musl = '/usr/lib/x86_64-linux-musl'

const rows: readonly Row[] = [
  { compiler: 'go', source: ['main.go', go], words: 'build -o OUT SOURCE' },
  { compiler: 'go', source: ['main.go', go], words: 'build -ldflags=-s -o OUT SOURCE' },
  { compiler: 'go', source: ['main.go', go], words: 'build -o OUT SOURCE', env: { CGO_ENABLED: '0' } },
  { compiler: 'go', source: ['main.go', go], words: 'build -buildmode=pie -o OUT SOURCE' },
  { compiler: 'rustc', source: ['main.rs', rust], words: '-o OUT SOURCE' },
  { compiler: 'rustc', source: ['main.rs', rust], words: '-O -C strip=symbols -C panic=abort -o OUT SOURCE' },
  { compiler: 'rustc', source: ['main.rs', rust], words: '-O -C target-feature=+crt-static -o OUT SOURCE' },
  { compiler: 'g++', source: ['main.cc', cpp], words: '-std=c++17 -O2 -o OUT SOURCE' },
  { compiler: 'g++', source: ['main.cc', cpp], words: '-std=c++17 -O0 -s -o OUT SOURCE' },
  { compiler: 'g++', source: ['main.cc', cpp], words: '-std=c++17 -O2 -static -s -o OUT SOURCE' },
  { compiler: 'g++', source: ['main.cc', cpp], words: '-std=c++17 -O2 -static-pie -s -o OUT SOURCE' },
  { compiler: 'gcc', source: ['main.c', c], words: '-O2 -o OUT SOURCE' },
  { compiler: 'gcc', source: ['main.c', c], words: '-O2 -static -s -o OUT SOURCE' },
  { compiler: 'gcc', source: ['main.c', c], words: '-O2 -static-pie -s -o OUT SOURCE' },
  { compiler: 'gcc', source: ['main.c', c], words: '-Os -no-pie -fno-plt -flto -s -o OUT SOURCE' },
  { compiler: 'gcc', source: ['main.c', c], words: '-O3 -fcf-protection=none -fomit-frame-pointer -z now -s -o OUT SOURCE' },
  { compiler: 'musl-gcc', source: ['main.c', c], words: '-O2 -o OUT SOURCE' },
  { compiler: 'musl-gcc', source: ['main.c', c], words: '-O2 -static -o OUT SOURCE' },
  { compiler: 'musl-gcc', source: ['main.c', c], words: '-Os -static -s -o OUT SOURCE' },
  { compiler: 'musl-gcc', source: ['main.c', c], words: `-O2 -fPIE -static -nostartfiles -Wl,-pie,--no-dynamic-linker,-z,text -s -o OUT ${musl}/rcrt1.o ${musl}/crti.o SOURCE ${musl}/crtn.o` },
] // prettier-ignore

const hasCompiler = (name: string): boolean =>
  spawnSync(name, [name === 'go' ? 'version' : '--version']).status === 0

for (const [index, { compiler, source, words, env }] of rows.entries()) {
  const skip = noStraceHere || (hasCompiler(compiler) ? false : `no ${compiler} here`)
  t.test(`${compiler} ${words} ${JSON.stringify(env ?? {})}`, { skip, timeout: 300_000 }, async (t) => {
    const directory = join(work, String(index))
    mkdirSync(directory)
    const [name, text] = source
    writeFileSync(join(directory, name), text)
    const out = join(directory, 'program')
    const made = spawnSync(
      compiler,
      words
        .split(' ')
        .map((each) => (each === 'OUT' ? out : each === 'SOURCE' ? join(directory, name) : each)),
      { encoding: 'utf8', env: { ...process.env, ...env } },
    )
    if (made.status !== 0) {
      const why = `${compiler} does not make it: ${made.stderr.trim().split('\n').at(-1)}`
      t.pass(words, { skip: why })
      return
    }
    await sound(t, [out])
  })
}

t.test('node: code that is made at run time is said', { skip: noStraceHere, timeout: 300_000 }, async (t) => {
  const script =
    'const { Worker } = require("node:worker_threads"); new Worker("0", { eval: true }); require("node:fs").readdirSync("/"); require("node:http").createServer().listen(0).close(); require("node:child_process").execFileSync("true"); setTimeout(() => {}, 5)'
  const { notFollowed, bound } = await sound(t, [process.execPath, '-e', script])
  t.notOk(bound)
  t.ok(
    notFollowed.some(({ what, from }) => what === 'jit' && from.startsWith('node:')),
    'V8 makes code',
  )
})
