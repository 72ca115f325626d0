// A security context in every form: the text of each form, that hostile names stay names, and patched manifests.
import t from 'tap'
import { parseAllDocuments, parse } from 'yaml'
import {
  hardenContext,
  patchManifest,
  printContextAs,
  type ContainerContext,
  type ContextForm,
  type SecurityContext,
} from '../../src/index.ts'
import { dropInDirectories, podOfQuadlet } from '../../src/print/context/index.ts'
import { observations } from '../harden/rows.ts'
import { web } from '../harden/workloads.ts'

const evidence = observations(web())
const asRoot = hardenContext(evidence)
const as33 = hardenContext(evidence, { user: { uid: 33 } })

function contextOf(given: Partial<ContainerContext>): SecurityContext {
  const [whole] = asRoot.containers
  if (whole === undefined) throw new Error('no container')
  return { version: 1, containers: [{ ...whole, ...given }] }
}

/** The lines of a command without comments. */
const words = (text: string): readonly string[] =>
  text
    .split('\n')
    .flatMap((line) => (line.startsWith('#') || line === '' ? [] : [line.replace(/ \\$/, '').trim()]))

t.test('docker and podman', async (t) => {
  const head = [
    '--cap-drop ALL',
    '--cap-add CHOWN',
    '--cap-add DAC_OVERRIDE',
    '--cap-add SETGID',
    '--cap-add SETUID',
  ]
  const tail = ['--sysctl net.ipv4.ip_unprivileged_port_start=80', 'IMAGE']
  t.same(words(printContextAs(asRoot, 'docker')), [
    'docker run',
    ...head,
    '--user 0',
    '--security-opt no-new-privileges',
    '--read-only',
    '--tmpfs /run:mode=0755,noexec,uid=0,gid=0',
    '--tmpfs /var/lib/nginx:mode=0755,noexec,uid=0,gid=0',
    '--tmpfs /var/log/nginx:mode=0755,noexec,uid=0,gid=4',
    ...tail,
  ])
  t.same(
    words(printContextAs(asRoot, 'podman')).slice(9),
    [
      '--read-only-tmpfs=false',
      '--tmpfs /run:mode=0755,noexec',
      '--tmpfs /var/lib/nginx:mode=0755,noexec',
      '--volume /var/log/nginx',
      ...tail,
    ],
    'Podman gives a tmpfs to its user only, and its own three are not asked for',
  )
  t.same(words(printContextAs(as33, 'podman', { image: 'web:1', seccomp: 'web.json' })), [
    'podman run',
    '--cap-drop ALL',
    '--user 33:33',
    '--security-opt no-new-privileges',
    '--security-opt seccomp=web.json',
    '--read-only',
    '--read-only-tmpfs=false',
    '--tmpfs /run:mode=0755,noexec,U',
    '--tmpfs /var/lib/nginx:mode=0755,noexec,U',
    '--tmpfs /var/log/nginx:mode=0755,noexec,U',
    '--sysctl net.ipv4.ip_unprivileged_port_start=80',
    'web:1',
  ])
  const groups = contextOf({
    user: { uid: 101, gid: 104, groups: [101, 104] },
    readOnlyRoot: false,
    noNewPrivileges: false,
  })
  t.same(words(printContextAs(groups, 'docker')).slice(6, 8), ['--user 101:104', '--group-add 101'])
  t.notMatch(printContextAs(groups, 'docker'), /--read-only|--tmpfs|no-new-privileges(?!:)$/m)
})

t.test('sysctls of a pod permit what each of its containers needs', async (t) => {
  const [port, group] = ['net.ipv4.ip_unprivileged_port_start', 'net.ipv4.ping_group_range']
  const one = contextOf({ name: 'one', sysctls: { [port]: '443', [group]: '33 33' } })
  const other = contextOf({ name: 'other', sysctls: { [port]: '80', [group]: '7 7' } })
  const both = { ...one, containers: [...one.containers, ...other.containers] }
  const pod = parse(printContextAs(both, 'kubernetes')) as { spec: { securityContext: unknown } }
  t.match(pod.spec.securityContext, {
    sysctls: [
      { name: port, value: '80' },
      { name: group, value: '7 33' },
    ],
  })
})

t.test('kubernetes', async (t) => {
  const pod = parse(printContextAs(as33, 'kubernetes', { image: 'web:1', seccomp: 'web.json' })) as {
    spec: Record<string, unknown> & {
      containers: readonly Record<string, unknown>[]
      initContainers: readonly Record<string, unknown>[]
    }
  }
  t.match(pod.spec['securityContext'], {
    fsGroup: 33,
    sysctls: [{ name: 'net.ipv4.ip_unprivileged_port_start', value: '80' }],
  })
  t.same(pod.spec.containers[0]?.['securityContext'], {
    allowPrivilegeEscalation: false,
    capabilities: { drop: ['ALL'] },
    readOnlyRootFilesystem: true,
    runAsNonRoot: true,
    runAsUser: 33,
    runAsGroup: 33,
    seccompProfile: { type: 'Localhost', localhostProfile: 'web.json' },
  })
  t.same(pod.spec.containers[0]?.['volumeMounts'], [
    { name: 'web-run', mountPath: '/run', subPath: 'content' },
    { name: 'web-var-lib-nginx', mountPath: '/var/lib/nginx', subPath: 'content' },
    { name: 'web-var-log-nginx', mountPath: '/var/log/nginx', subPath: 'content' },
  ])
  t.equal(pod.spec.initContainers.length, 1, 'one for each owner')
  t.match(pod.spec.initContainers[0]?.['securityContext'], {
    runAsNonRoot: true,
    runAsUser: 33,
    allowPrivilegeEscalation: false,
  })
  const filled = contextOf({
    mounts: [
      { path: '/tmp', kind: 'tmpfs', mode: '1777', uid: 0, gid: 0 },
      { path: '/data', kind: 'volume', mode: '0750', uid: 101, gid: 104 },
    ],
  })
  const other = parse(printContextAs(filled, 'kubernetes')) as typeof pod
  t.same(
    other.spec.containers[0]?.['volumeMounts'],
    [
      { name: 'web-tmp', mountPath: '/tmp' },
      { name: 'web-data', mountPath: '/data', subPath: 'content' },
    ],
    'what everybody may write needs no preparing',
  )
  t.match(other.spec.initContainers[0]?.['command'], [
    'sh',
    '-c',
    'mkdir -p /prepare/web-data/content && cp -Rp /data/. /prepare/web-data/content && chmod 0750 /prepare/web-data/content',
  ])
  t.match(other.spec.initContainers[0]?.['securityContext'], { runAsUser: 101, runAsGroup: 104 })
})

t.test('systemd', async (t) => {
  const text = printContextAs(as33, 'systemd')
  t.match(
    text,
    /^CapabilityBoundingSet=CAP_NET_BIND_SERVICE$/m,
    'the host’s network has no sysctl for one service',
  )
  t.match(text, /^AmbientCapabilities=CAP_NET_BIND_SERVICE$/m)
  t.match(text, /^User=33\nGroup=33$/m)
  t.notMatch(text, /SystemCallFilter/, 'a context alone names no calls')
  t.match(printContextAs(as33, 'systemd', {}, evidence), /^SystemCallFilter=.*\bread\b/m)
  const temporary = contextOf({
    mounts: [{ path: '/tmp', kind: 'tmpfs', mode: '1777', uid: 0, gid: 0 }],
    capabilities: { needed: [], tolerated: [] },
  })
  t.match(printContextAs(temporary, 'systemd'), /^PrivateTmp=yes$/m)
  const { containers } = asRoot
  t.throws(() => printContextAs({ version: 1, containers: [...containers, ...containers] }, 'systemd'), {
    code: 'one-container-only',
  })
})

t.test('apparmor', async (t) => {
  const text = printContextAs(asRoot, 'apparmor', {}, evidence)
  t.match(text, /^profile "seccomp-gen\.web" flags=\(attach_disconnected, mediate_deleted\) \{$/m)
  for (const rule of [
    'capability chown,',
    '"/etc/nginx/nginx.conf" r,',
    '"/usr/sbin/nginx" rmix,',
    '"/run/**" rw,',
  ])
    t.ok(text.includes(`  ${rule}`), rule)
  t.notMatch(text, /#include|abstractions/)
  t.throws(() => printContextAs(asRoot, 'apparmor'), { code: 'form-needs-observations' })
})

// --- hostile names

const hostile = `/srv/a b'c"d\`$(touch x);%h{1}*[2]#&|<>\\!~`
const worse = 'x\n  privileged: true # \u202e\u001b[31m'

t.test('hostile paths stay one word of their form', async (t) => {
  const context = contextOf({ mounts: [{ path: hostile, kind: 'tmpfs', mode: '0755', uid: 0, gid: 0 }] })
  const docker = printContextAs(context, 'docker')
  t.ok(docker.includes(`--tmpfs '${hostile.replaceAll("'", `'"'"'`)}:mode=0755,noexec,uid=0,gid=0'`))
  const pod = parse(printContextAs(context, 'kubernetes')) as {
    spec: { containers: readonly { volumeMounts: readonly { mountPath: string }[] }[] }
  }
  t.equal(pod.spec.containers[0]?.volumeMounts[0]?.mountPath, hostile)
  const compose = parse(printContextAs(context, 'compose')) as {
    services: { web: { tmpfs: readonly string[] } }
  }
  t.equal(compose.services.web.tmpfs[0], `${hostile.replaceAll('$', '$$$$')}:mode=0755,noexec,uid=0,gid=0`)
  t.ok(
    printContextAs(context, 'systemd').includes(
      String.raw`ReadWritePaths="/srv/a b'c\"d${'`'}$(touch x);%%h{1}*[2]#&|<>\\!~"`,
    ),
  )
})

const forms: readonly ContextForm[] = ['kubernetes', 'docker', 'podman', 'compose', 'systemd']

t.test('evidence and names are comments of one line, whatever they hold', async (t) => {
  const context = contextOf({
    name: worse,
    because: ['CAP_CHOWN', '/run', 'user', worse].map((what) => ({ what, evidence: worse })),
  })
  for (const form of forms) {
    const text = printContextAs(context, form)
    // eslint-disable-next-line no-control-regex
    t.notMatch(text, /[\u0000-\u0009\u000b-\u001f\u202e]/, form)
    t.notMatch(text, /^\s*privileged/m, form)
  }
  const profile = printContextAs(context, 'apparmor', {}, { ...evidence, context: [web({ name: worse })] })
  t.notMatch(profile, /^\s*privileged/m)
  t.notMatch(profile, /\u202e/)
})

t.test('a path that a form cannot hold is refused, and JSON holds it', async (t) => {
  for (const path of ['/srv/a:b', '/srv/a\nb', '/srv/\u202eb']) {
    const context = contextOf({ mounts: [{ path, kind: 'tmpfs', mode: '0755', uid: 0, gid: 0 }] })
    for (const form of forms)
      if (form !== 'systemd' || !path.includes(':'))
        t.throws(
          () => printContextAs(context, form),
          { code: 'path-not-in-form', facts: { path, form } },
          `${form} ${JSON.stringify(path)}`,
        )
    t.equal(
      (JSON.parse(printContextAs(context, 'json')) as SecurityContext).containers[0]?.mounts[0]?.path,
      path,
    )
  }
})

// --- patching

const deployment = `# our web server
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web   # as in the registry
spec:
  template:
    spec:
      containers:
      # the server
      - name: web
        image: "registry/web:1" # pinned
        securityContext:
          privileged: true
          capabilities:
            add: [NET_ADMIN, CHOWN]
        volumeMounts:
        - name: logs
          mountPath: /var/log
      - name: sidecar
        image: proxy
      volumes:
      - name: logs
        emptyDir: {}
---
# not ours: two blanks  stay
kind: Service
metadata: {name:   web}
`

t.test('a deployment keeps its comments, and what has no evidence', async (t) => {
  const { text, patched, left, unused, unprivileged } = patchManifest(deployment, 'web.yaml', as33)
  t.same([patched, left, unused, unprivileged], [['web'], ['sidecar'], [], ['web']])
  for (const kept of [
    '# our web server',
    'name: web   # as in the registry',
    '# the server',
    '"registry/web:1" # pinned',
    deployment.slice(deployment.indexOf('# not ours')),
  ])
    t.ok(text.includes(kept), kept)
  const [first] = parseAllDocuments(text)
  if (first === undefined) throw new Error('no document')
  const spec = (
    first.toJS() as {
      spec: {
        template: { spec: Record<string, unknown> & { containers: readonly Record<string, unknown>[] } }
      }
    }
  ).spec.template.spec
  t.same(spec.containers[0]?.['securityContext'], {
    allowPrivilegeEscalation: false,
    capabilities: { drop: ['ALL'] },
    readOnlyRootFilesystem: true,
    runAsNonRoot: true,
    runAsUser: 33,
    runAsGroup: 33,
    seccompProfile: { type: 'RuntimeDefault' },
  })
  t.same(
    spec.containers[0]?.['volumeMounts'],
    [
      { name: 'logs', mountPath: '/var/log' },
      { name: 'web-run', mountPath: '/run', subPath: 'content' },
      { name: 'web-var-lib-nginx', mountPath: '/var/lib/nginx', subPath: 'content' },
    ],
    'what is mounted already covers what lies below',
  )
  t.same(spec.containers[1], { name: 'sidecar', image: 'proxy' })
  t.match(spec['initContainers'], [{ image: 'registry/web:1' }])
  t.equal(patchManifest(text, 'web.yaml', as33).text, text, 'a second time changes nothing')
  const windows = (given: string): string => given.replaceAll('\n', '\r\n')
  t.equal(patchManifest(windows(deployment), 'web.yaml', as33).text, windows(text), 'line ends stay')
})

t.test('a capability that a manifest spells otherwise keeps its comment', async (t) => {
  const spellings = ['CAP_CHOWN # files', 'setuid # workers', 'SETGID # theirs', 'CAP_NET_RAW # ping']
  const list = (indent: string): string => spellings.map((each) => `${indent}- ${each}\n`).join('')
  const compose = `services:\n  web:\n    cap_drop:\n      - all # all of them\n    cap_add:\n${list('      ')}`
  const pod = `kind: Pod
spec:
  containers:
    - name: web
      securityContext:
        capabilities:
          drop:
            - all # all of them
          add:
${list('            ')}`
  for (const [file, manifest] of [
    ['compose.yaml', compose],
    ['pod.yaml', pod],
  ] as const) {
    const { text } = patchManifest(manifest, file, asRoot)
    for (const kept of ['- ALL # all of them', '- CHOWN # files', '- SETUID # workers', '- SETGID # theirs'])
      t.ok(text.includes(`${kept}\n`), `${file}: ${kept}`)
    t.ok(/- DAC_OVERRIDE\n/.test(text), 'what the context adds')
    t.notOk(/NET_RAW/.test(text), 'what the context does not need')
    t.equal(patchManifest(text, file, asRoot).text, text, 'a second time changes nothing')
  }
})

t.test('the kinds that start pods', async (t) => {
  const pod = { containers: [{ name: 'web', image: 'x' }] }
  const shapes: readonly object[] = [
    { kind: 'Pod', spec: pod },
    ...['Deployment', 'StatefulSet', 'DaemonSet', 'ReplicaSet', 'ReplicationController', 'Job'].map(
      (kind) => ({ kind, spec: { template: { spec: pod } } }),
    ),
    { kind: 'CronJob', spec: { jobTemplate: { spec: { template: { spec: pod } } } } },
    { kind: 'PodTemplate', template: { spec: pod } },
    { kind: 'List', items: [{ kind: 'Service' }, { kind: 'Pod', spec: pod }] },
  ]
  for (const shape of shapes) {
    const { text } = patchManifest(JSON.stringify(shape), 'x.json', as33)
    t.match(text, /readOnlyRootFilesystem"?: true/, JSON.stringify(shape).slice(0, 30))
  }
})

t.test('a compose file', async (t) => {
  const file = `# stack
x-common: &common
  restart: always
services:
  web: # front
    <<: *common
    image: web:1
    privileged: true
    volumes:
      - data:/var/lib/nginx:rw
    security_opt: [label=disable]
    tmpfs: /var/log/nginx
  db:
    image: db
volumes: {data: }
`
  const { text, patched, left } = patchManifest(file, 'compose.yaml', asRoot)
  t.same([patched, left], [['web'], ['db']])
  for (const kept of ['# stack', 'web: # front', '<<: *common', 'volumes: {data: }'])
    t.ok(text.includes(kept), kept)
  t.match((parse(text, { merge: true }) as { services: object }).services, {
    web: {
      restart: 'always',
      cap_drop: ['ALL'],
      cap_add: ['CHOWN', 'DAC_OVERRIDE', 'SETGID', 'SETUID'],
      security_opt: ['label=disable', 'no-new-privileges:true'],
      read_only: true,
      tmpfs: ['/var/log/nginx', '/run:mode=0755,noexec,uid=0,gid=0'],
      volumes: ['data:/var/lib/nginx:rw'],
      sysctls: { 'net.ipv4.ip_unprivileged_port_start': '80' },
    },
    db: { image: 'db' },
  })
  t.notMatch(text, /privileged: true/)
  t.equal(patchManifest(text, 'compose.yaml', asRoot).text, text, 'a second time changes nothing')
})

t.test('a quadlet', async (t) => {
  const file = `# web
[Unit]
Description=Web

[Container]
# pinned
Image=web:1
AddCapability=CAP_NET_ADMIN CAP_CHOWN
Volume=data:/var/lib/nginx
Exec=nginx \\
  -g 'daemon off;'

[Install]
WantedBy=default.target
`
  const { text, patched } = patchManifest(file, 'units/web.container', as33)
  t.same(patched, ['web'])
  t.equal(
    text,
    `# web
[Unit]
Description=Web

[Container]
# pinned
Image=web:1
Volume=data:/var/lib/nginx
Exec=nginx \\
  -g 'daemon off;'
DropCapability=all
NoNewPrivileges=true
User=33
Group=33
ReadOnly=true
ReadOnlyTmpfs=false
Tmpfs=/run:mode=0755,noexec,U
Tmpfs=/var/log/nginx:mode=0755,noexec,U
Sysctl=net.ipv4.ip_unprivileged_port_start=80

[Install]
WantedBy=default.target
`,
  )
  t.equal(patchManifest(text, 'web.container', as33).text, text, 'a second time changes nothing')
})

t.test('a quadlet in a pod', async (t) => {
  const file = '[Container]\nImage=web:1\nPod=app.pod\n'
  t.equal(podOfQuadlet(file), 'app.pod')
  t.equal(podOfQuadlet(`${file}Pod=\\\n  other.pod\n`), 'other.pod', 'the last one holds')
  t.equal(podOfQuadlet('[Container]\nImage=web:1\n[Service]\nPod=no\n'), undefined)
  const patched = (pod: string): readonly [string, readonly string[]] => {
    const { text, hostSysctls } = patchManifest(file, 'web.container', as33, { pod })
    return [text, hostSysctls]
  }
  const own = '[Pod]\nPodName=app\n'
  t.match(patched(own), [/^Sysctl=net/m, { length: 0 }])
  // A sysctl of the network is the host's on the host's network.
  for (const host of [
    'Network=host',
    'PodmanArgs=--network=host',
    'PodmanArgs=--log-level=info --net host',
  ]) {
    const [text, hostSysctls] = patched(`${own}${host}\n`)
    t.notMatch(text, /^Sysctl=/m, host)
    t.same(hostSysctls, ['net.ipv4.ip_unprivileged_port_start=80'], host)
  }
  for (const other of ['Network=none', '[Container]\nNetwork=host', '# Network=host'])
    t.match(patched(`${own}${other}\n`), [/^Sysctl=net/m, { length: 0 }], other)
  t.match(patched(own)[0], /^Tmpfs=\/run:/m)
  for (const volume of ['Volume=data:/run', 'Volume=/srv/run:/run/:z', 'PodmanArgs=-v /srv:/run'])
    t.notMatch(patched(`${own}${volume}\r\n`)[0], /^Tmpfs=\/run:/m, volume)
})

t.test('the drop-ins of a quadlet', async (t) => {
  const file = '[Container]\nImage=web:1\n'
  const patchedWith = (...texts: readonly string[]) =>
    patchManifest(file, 'web.container', as33, {
      dropIns: texts.map((text, index) => ({ name: `${index}.conf`, text: `[Container]\n${text}\n` })),
    })
  const own = patchedWith()
  t.same(own.overridden, [])
  t.same(podOfQuadlet(file, '[Container]\nPod=app.pod'), 'app.pod')
  // What the drop-ins mount is not mounted again, unless a later one takes it away.
  t.notMatch(patchedWith('Tmpfs=/run').text, /^Tmpfs=\/run:/m)
  t.match(patchedWith('Volume=a:/run', 'Volume=').text, /^Tmpfs=\/run:/m)
  t.notMatch(patchedWith('Network=host').text, /^Sysctl=/m)
  t.match(patchedWith('SeccompProfile=unconfined').unconfined, ['web'])
  // Nothing wins that the context does not decide, or that says the same.
  for (const same of [
    'Environment=A=b',
    'User=33',
    'ReadOnly=yes',
    'NoNewPrivileges=1',
    'DropCapability=CAP_KILL',
    'Volume=a:/b',
    'PodmanArgs=--init',
  ])
    t.same(patchedWith(same).overridden, [], same)
  t.same(patchedWith('ReadOnly=false', 'ReadOnly=true').overridden, [], 'the last one holds')
  for (const other of [
    'ReadOnly=false',
    'Group=0',
    'NoNewPrivileges=no',
    'AddCapability=CAP_KILL',
    'DropCapability=',
    'Tmpfs=',
    'Sysctl=',
    'PodmanArgs=--init --privileged',
    'PodmanArgs=--user=33',
  ])
    t.same(patchedWith(other).overridden, [`0.conf: ${other}`], other)
  t.throws(
    () =>
      patchManifest(file, 'web.container', asRoot, { dropIns: [{ name: 'a', text: '[Container]\nUser=5' }] }),
    { code: 'manifest-other-user' },
  )
  t.equal(patchedWith('User=33').text, own.text, 'only the quadlet itself is written')
})

t.test('where the drop-ins of a quadlet are (podman-systemd.unit(5))', (t) => {
  t.same(dropInDirectories('units/web.container'), ['web.container.d', 'container.d'])
  t.same(dropInDirectories('a-b-c.container'), [
    'a-b-c.container.d',
    'a-b-.container.d',
    'a-.container.d',
    'container.d',
  ])
  t.same(dropInDirectories('web@.container'), ['web@.container.d', 'container.d'])
  t.same(dropInDirectories('a-b@x-y.container'), [
    'a-b@x-y.container.d',
    'a-b@.container.d',
    'a-@.container.d',
    'a-.container.d',
    'container.d',
  ])
  t.same(dropInDirectories('app.pod'), ['app.pod.d', 'pod.d'])
  t.same(dropInDirectories('compose.yaml'), [])
  t.end()
})

t.test('the container of a template', (t) => {
  const [first] = as33.containers
  const context = {
    ...as33,
    containers: ['web-1', 'other'].map((name) => ({ ...first, name })),
  } as typeof as33
  const patched = (file: string, setting: string) =>
    patchManifest(`[Container]\nImage=web\n${setting}`, file, context).patched
  t.same(patched('web@1.container', 'ContainerName=%p-%i\n'), ['web-1'])
  t.same(patched('web@.container', 'ContainerName=web-%i\n'), ['web-1'], 'the one that fits')
  t.same(patched('web@.container', 'ContainerName=%p-%i\n'), ['web-1'])
  t.same(patched('web@.container', 'ContainerName=other\n'), ['other'])
  t.same(patched('other@.container', ''), ['other'])
  t.same(patched('x.container', 'ContainerName=a\nContainerName=other\n'), ['other'], 'the last name holds')
  t.throws(() => patched('web@2.container', 'ContainerName=web-%i\n'), { code: 'no-container-to-patch' })
  t.throws(
    () => patched('web@.container', 'ContainerName=%i\n'),
    { code: 'no-container-to-patch' },
    'two fit',
  )
  t.end()
})

t.test('what a compose service says in other ways', async (t) => {
  const patchedService = (service: string, context = asRoot): Record<string, unknown> => {
    const { text } = patchManifest(`services:\n  web:\n${service}`, 'compose.yaml', context)
    return (parse(text, { merge: true }) as { services: { web: Record<string, unknown> } }).services.web
  }
  for (const privileged of ['"true"', "'true'", '${P:-true}', 'yes']) {
    const file = `services:\n  web:\n    privileged: ${privileged}\n`
    const { text, unprivileged } = patchManifest(file, 'compose.yaml', asRoot)
    t.same(unprivileged, ['web'], privileged)
    t.notMatch(text, /^ *privileged:/m)
  }
  const base = `x-base: &base
  privileged: true
  cap_add: [NET_ADMIN]
  volumes: ['data:/data']
  sysctls: {net.core.somaxconn: '1'}
services:
  web:
    <<: *base
    image: web:1
`
  const { text, unprivileged } = patchManifest(base, 'compose.yaml', as33)
  t.same(unprivileged, ['web'], 'by a merge key')
  t.match((parse(text, { merge: true }) as { services: object }).services, {
    web: {
      privileged: false,
      cap_add: { length: 0 },
      volumes: ['data:/data'],
      sysctls: { 'net.core.somaxconn': '1', 'net.ipv4.ip_unprivileged_port_start': '80' },
    },
  })
  t.ok(text.startsWith(base.slice(0, base.indexOf('services:'))), 'the source of the merge stays')
  const host = patchedService('    network_mode: host\n')
  t.equal(host['sysctls'], undefined, 'a sysctl of the network is the host’s there')
  t.same(host['cap_add'], ['CHOWN', 'DAC_OVERRIDE', 'NET_BIND_SERVICE', 'SETGID', 'SETUID'])
  t.equal(patchedService('    user: "0:0"\n')['user'], '0:0')
  for (const user of ['101', '"101:101"', 'nginx', '${UID}'])
    t.throws(() => patchedService(`    user: ${user}\n`), { code: 'manifest-other-user' }, user)
})

t.test('a pod that starts another user than root is not given what root needed', async (t) => {
  const pod = (security: object, own: object = {}): string =>
    JSON.stringify({
      kind: 'Pod',
      spec: { securityContext: security, containers: [{ name: 'web', image: 'x', securityContext: own }] },
    })
  for (const text of [
    pod({ runAsUser: 101 }),
    pod({ runAsNonRoot: true }),
    pod({ runAsUser: 0 }, { runAsUser: 101 }),
  ]) {
    t.throws(() => patchManifest(text, 'p.json', asRoot), { code: 'manifest-other-user' }, text)
    t.same(patchManifest(text, 'p.json', as33).patched, ['web'])
  }
  t.same(patchManifest(pod({ runAsUser: 101 }, { runAsUser: 0 }), 'p.json', asRoot).patched, ['web'])
  const { hostSysctls } = patchManifest(
    JSON.stringify({ kind: 'Pod', spec: { hostNetwork: true, containers: [{ name: 'web' }] } }),
    'p.json',
    as33,
  )
  t.same(hostSysctls, ['net.ipv4.ip_unprivileged_port_start=80'], 'no capability reaches uid 33')
})

t.test('JSON stays JSON, in its layout', async (t) => {
  const file = `{
    "kind": "Deployment", "apiVersion": "apps/v1",
    "spec": {"template": {"spec": {
        "terminationGracePeriodSeconds": 12345678901234567890,
        "containers": [ {"name": "web", "image": "x", "resources": {}, "securityContext": {"privileged": true}} ]
    }}},
    "status": {}
}
`
  const { text } = patchManifest(file, 'deploy.json', as33)
  const parsed = JSON.parse(text) as { spec: { template: { spec: { containers: readonly object[] } } } }
  t.match(parsed.spec.template.spec.containers[0], {
    name: 'web',
    securityContext: {
      capabilities: { drop: ['ALL'] },
      runAsUser: 33,
      seccompProfile: { type: 'RuntimeDefault' },
    },
  })
  t.notMatch(text, /"privileged"/)
  for (const kept of [
    '    "kind": "Deployment", "apiVersion": "apps/v1",\n',
    '12345678901234567890',
    '\n    "status": {}\n}\n',
  ])
    t.ok(text.includes(kept), kept)
  t.equal(patchManifest(text, 'deploy.json', as33).text, text, 'a second time changes nothing')
})

t.test('options in a quadlet that would win over the context', async (t) => {
  const patched = (lines: string): ReturnType<typeof patchManifest> =>
    patchManifest(`[Container]\nImage=web\n${lines}`, 'web.container', as33)
  const { text, unprivileged, unconfined } = patched(
    'PodmanArgs=--privileged --cap-add ALL --log-driver=none \\\n  --user 0 "--read-only=false" --security-opt seccomp=unconfined\nPodmanArgs=--cap-add=NET_ADMIN\n',
  )
  t.same([unprivileged, unconfined], [['web'], ['web']])
  t.match(text, /^PodmanArgs=--log-driver=none --security-opt seccomp=unconfined$/m)
  t.notMatch(text, /--privileged|cap-add|--user|read-only=/)
  const lines = patched('PodmanArgs=--init \\  \n# why \n ; also\n  --privileged\nExec=web\n')
  t.same(lines.unprivileged, ['web'], 'comments and blanks between the lines of a value')
  t.match(lines.text, /^PodmanArgs=--init\nExec=web$/m)
  const kept = 'PodmanArgs=--log-opt tag="a b"  --init\n'
  t.ok(patched(kept).text.includes(kept), 'a line without such options stays')
  t.notMatch(patched('Network=host\n').text, /^Sysctl=/m)
  t.throws(() => patchManifest('[Container]\nUser=101\n', 'web.container', asRoot), {
    code: 'manifest-other-user',
  })
  for (const words of ['--user 5', '--user=5', '-u 5', '-u5', '-u=5:5'])
    t.throws(
      () => patchManifest(`[Container]\nUser=0\nPodmanArgs=--init ${words}\n`, 'web.container', asRoot),
      { code: 'manifest-other-user' },
      words,
    )
})

t.test('a value of a template, and text that only looks like one, are patched', (t) => {
  for (const image of ['"{{ .Values.image }}"', 'x # one', 'a{{b}}'])
    t.same(
      patchManifest(`kind: Pod\nspec:\n  containers:\n  - name: web\n    image: ${image}\n`, 'p.yaml', as33)
        .patched,
      ['web'],
      image,
    )
  t.end()
})

t.test('a mount is known however its path and its option are written', (t) => {
  const places = ['/run/', '//run', '/var/../run', '/run/.']
  const pod = (place: string): string =>
    `kind: Pod\nspec:\n  containers:\n  - name: web\n    image: x\n    volumeMounts: [{name: d, mountPath: ${place}}]\n`
  const files: readonly (readonly [file: string, text: (place: string) => string])[] = [
    ['p.yaml', pod],
    ['c.yaml', (place) => `services:\n  web:\n    image: x\n    volumes: ["d:${place}"]\n`],
    [
      'c.yaml',
      (place) => `services:\n  web:\n    image: x\n    volumes: [{type: volume, target: "${place}"}]\n`,
    ],
    ['c.yaml', (place) => `services:\n  web:\n    image: x\n    tmpfs: ["${place}:exec"]\n`],
    ...['Volume=d:%', 'Tmpfs=%', 'Mount=type=tmpfs,destination=%'].map(
      (line) =>
        ['w.container', (place: string) => `[Container]\nImage=x\n${line.replace('%', place)}\n`] as const,
    ),
    ...['--tmpfs %:exec', '-v d:%', '-vd:%', '--volume=d:%', '--mount type=tmpfs,destination=%'].map(
      (words) =>
        [
          'w.container',
          (place: string) => `[Container]\nImage=x\nPodmanArgs=${words.replace('%', place)}\n`,
        ] as const,
    ),
  ]
  for (const [file, textOf] of files)
    for (const place of places) {
      const { text } = patchManifest(textOf(place), file, as33)
      t.equal(text.split('\n').filter((line) => /\/run\b/.test(line)).length, 1, textOf(place))
    }
  t.end()
})

t.test('a manifest that was patched for one user is patched for another as a fresh one', (t) => {
  for (const [file, fresh] of [
    ['p.yaml', 'kind: Pod\nspec:\n  containers:\n    - name: web\n      image: x\n'],
    ['c.yaml', 'services:\n  web:\n    image: x\n'],
  ] as const) {
    const wanted: unknown = parse(patchManifest(fresh, file, as33).text)
    const { text } = patchManifest(patchManifest(fresh, file, asRoot).text, file, as33)
    t.same(sortedIn(parse(text)), sortedIn(wanted), file)
    t.equal(patchManifest(text, file, as33).text, text, 'and then stays')
  }
  t.end()
})

/** Lists in one order: a later patch adds behind what an earlier one wrote. */
function sortedIn(value: unknown): unknown {
  if (Array.isArray(value))
    return value.map(sortedIn).sort((one, other) => (JSON.stringify(one) < JSON.stringify(other) ? -1 : 1))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, sortedIn(each)]))
}

t.test('several containers by name, and what fits none', async (t) => {
  const both: SecurityContext = {
    version: 1,
    containers: ['a', 'b'].map((name) => ({ ...(as33.containers[0] as ContainerContext), name })),
  }
  const pod = (...names: readonly string[]): string =>
    JSON.stringify({ kind: 'Pod', spec: { containers: names.map((name) => ({ name, image: 'x' })) } })
  t.match(patchManifest(pod('b', 'c'), 'p.yaml', both), { patched: ['b'], left: ['c'], unused: ['a'] })
  t.throws(() => patchManifest(pod('c', 'd'), 'p.yaml', both), {
    code: 'no-container-to-patch',
    facts: { names: ['a', 'b'], here: ['c', 'd'] },
  })
  t.same(patchManifest(pod('c'), 'p.yaml', as33).patched, ['c'], 'one on each side belong together')
  for (const [text, code] of [
    ['kind: Service\n', 'not-a-manifest'],
    ['just text\n', 'not-a-manifest'],
    ['', 'not-a-manifest'],
    ['a: [\n', 'manifest-not-yaml'],
    ['{{ if .Values.x }}\na: b\n{{ end }}\n', 'manifest-template'],
    [
      'kind: Pod\nspec:\n  containers:\n  - name: web\n    # {{- if .Values.x }}\n    env: []\n    # {{- end }}\n',
      'manifest-template',
    ],
  ] as const)
    t.throws(() => patchManifest(text, 'm.yaml', as33), { code }, JSON.stringify(text))
})

t.test('what an anchor names is not changed where aliases use it', (t) => {
  for (const text of [
    'services:\n  x: &x {image: a}\n  web: *x\n',
    'services:\n  web: &x {image: a}\n  worker: {<<: *x}\n',
    'services:\n  web: &x {image: a}\nx-list: [*x]\n',
    'services:\n  web: {cap_add: &x [A]}\n  worker: {cap_add: *x}\n',
    'services:\n  web: {cap_add: [&x A]}\n  worker: {cap_add: [*x]}\n',
    'services:\n  web: {read_only: &x false}\n  worker: {read_only: *x}\n',
    'services:\n  web: {tmpfs: &x [/a]}\n  worker: {tmpfs: *x}\n',
    'services:\n  web: {privileged: &x true}\n  worker: {privileged: *x}\n',
    'kind: Pod\nspec: {containers: [{name: web, securityContext: &x {}}, {name: b, securityContext: *x}]}\n',
    'kind: Pod\nspec: {containers: [&x {name: web}]}\nx: *x\n',
    'kind: Pod\nspec: &x {containers: [{name: web}]}\nx: *x\n',
  ])
    t.throws(
      () => patchManifest(text, 'm.yaml', as33),
      { code: 'alias-in-manifest', facts: { name: 'x' } },
      text,
    )
  const copied = `kind: Pod
spec:
  containers:
    - name: side
      securityContext: &x {runAsUser: 0}
      volumeMounts: &y [{name: data, mountPath: /run}]
    - name: web
      securityContext: *x
      volumeMounts: *y
`
  const { text, left } = patchManifest(copied, 'm.yaml', as33)
  t.same(left, ['side'])
  t.ok(text.startsWith(copied.slice(0, copied.indexOf('    - name: web'))), 'the other container stays')
  t.match(parse(text), {
    spec: {
      containers: [
        { securityContext: { runAsUser: 0 }, volumeMounts: [{ mountPath: '/run' }] },
        {
          securityContext: { runAsUser: 33 },
          volumeMounts: [{ mountPath: '/run' }, { name: 'web-var-lib-nginx' }],
        },
      ],
    },
  })
  t.end()
})

t.test('a compose service that extends another', (t) => {
  const file = (web: string): string => `services:
  base:
    privileged: true
    cap_add: [CAP_CHOWN, sys_admin]
    security_opt: ['seccomp:unconfined', 'no-new-privileges:false']
    tmpfs: /run
    network_mode: host
  middle: {extends: base}
  web:
    image: x
    extends: ${web}
`
  for (const base of ['base', '{service: middle}', 'middle']) {
    const { text, ...result } = patchManifest(file(base), 'compose.yaml', asRoot)
    t.match(
      result,
      {
        patched: ['web'],
        unprivileged: ['web'],
        unconfined: ['web'],
        inherited: ['web: cap_add sys_admin', 'web: security_opt no-new-privileges:false'],
      },
      base,
    )
    const { web } = (parse(text) as { services: { web: Record<string, unknown> } }).services
    t.match(web, { privileged: false, read_only: true })
    t.same([web['sysctls'], (web['tmpfs'] as readonly string[]).length], [undefined, 2], 'as its base says')
  }
  const elsewhere = patchManifest(file('{file: other.yaml, service: base}'), 'compose.yaml', asRoot)
  t.same([elsewhere.inherited, elsewhere.unprivileged], [['web: other.yaml was not read'], []])
  t.match(elsewhere.text, /^ {4}privileged: false$/m)
  t.throws(() => patchManifest(file('base').replace('network_mode: host', 'user: nginx'), 'c.yaml', asRoot), {
    code: 'manifest-other-user',
  })
  t.same(patchManifest('services:\n  web: {extends: web}\n', 'c.yaml', asRoot).inherited, [])
  t.end()
})

t.test('init containers, and the volumes of a StatefulSet', (t) => {
  const set = (...inits: readonly string[]): string =>
    JSON.stringify({
      kind: 'StatefulSet',
      spec: {
        template: {
          spec: {
            initContainers: inits.map((name) => ({ name, image: 'x', restartPolicy: 'Always' })),
            containers: [{ name: 'app', image: 'x' }],
          },
        },
        volumeClaimTemplates: [{ metadata: { name: 'web-run' } }],
      },
    })
  type Named = readonly { readonly name: string }[]
  const specOf = (text: string): { readonly initContainers: Named; readonly volumes: Named } =>
    (parse(text) as { spec: { template: { spec: ReturnType<typeof specOf> } } }).spec.template.spec
  const { text, ...result } = patchManifest(set('setup', 'web'), 's.json', as33)
  t.match(result, { patched: ['web'], left: ['app', 'setup'] }, 'the name goes before the only container')
  const namesOf = (list: Named): readonly string[] => list.map(({ name }) => name)
  t.same(namesOf(specOf(text).initContainers), ['setup', 'prepare-web', 'web'], 'prepared before it starts')
  t.equal(namesOf(specOf(text).volumes)[0], 'web-run-2', 'a name that no claim has')
  const again = patchManifest(text, 's.json', as33)
  t.same([again.text, again.left], [text, ['app', 'setup']], 'a second time changes nothing')
  t.same(patchManifest(set('setup'), 's.json', as33).patched, ['app'], 'one container on each side')
  t.end()
})

t.test('a long text in a layout of its own: in bounded time', { timeout: 60_000 }, (t) => {
  const others = Array.from({ length: 30_000 }, (_, index) => `- {a: ${index},}\n`).join('')
  const text = `kind: Pod\nspec:\n  containers:\n  - name: c\n    image: i\nx:\n${others}`
  const { text: patched } = patchManifest(text, 'p.yaml', as33)
  t.ok(patched.endsWith(`x:\n${others}`), 'the lines of others stay')
  t.match(patched, /runAsUser: 33/)
  t.end()
})

t.test('lines of others stay byte for byte, whatever the layout of each document', async (t) => {
  const side = [
    '        - name: side   # its   own',
    '          args: [ "a",   "b" ]',
    '',
    '',
    '          env:  # more',
    '              -   name:  A',
    '                  value: |',
    '                     x',
    '                       - y: z',
  ]
  const indented = [
    'kind: Deployment',
    'metadata: {name:   a}',
    'spec:',
    '  template:',
    '    spec:',
    '      containers:  # all of them',
    '        - name: web   # keep',
    '          image: x   # and this',
    '          securityContext:',
    '              runAsUser: 0',
    '',
    '              readOnlyRootFilesystem: false',
    ...side,
    '      volumes: [{name: logs, emptyDir: {  }}]',
  ]
  const flat = [
    'kind: Pod',
    'spec:',
    '  containers:',
    '  - image:   y',
    '    name: web   # keep',
    '    securityContext: {privileged: true}',
    '  - name:    other',
    '    command:',
    '    - a   # b',
  ]
  const gone = /runAsUser: 0|readOnlyRootFilesystem: false|privileged|volumes: \[/
  const documents = [indented, flat, ['kind: Service', 'metadata: {name:   a}']]
  for (const order of [documents, documents.toReversed()]) {
    for (const end of ['\n', '', '\n\n# end\n']) {
      const text = `${order.map((each) => each.join('\n')).join('\n---   # next\n')}${end}`
      const { text: patched } = patchManifest(text, 'web.yaml', as33)
      t.ok(patched.includes(side.join('\n')), 'a container without evidence')
      const lines = patched.split('\n')
      let at = 0
      for (const line of text.split('\n').filter((each) => each !== '' && !gone.test(each))) {
        const found = lines.indexOf(line, at)
        t.not(found, -1, line)
        if (found !== -1) at = found + 1
      }
      t.equal(patched.endsWith('\n'), text.endsWith('\n'), 'the end stays')
      const plain = (given: string): unknown => parseAllDocuments(given).map((each) => each.toJS() as unknown)
      const usual = parseAllDocuments(text).map((each) => JSON.stringify(each.toJS()))
      t.same(
        plain(patched),
        plain(patchManifest(usual.join('\n---\n'), 'web.yaml', as33).text),
        'its meaning',
      )
      t.equal(patchManifest(patched, 'web.yaml', as33).text, patched, 'a second time changes nothing')
    }
  }
})

t.test('a value of another kind than its place has is named with its line', (t) => {
  const pod = (lines: string): string =>
    `kind: Pod\nspec:\n  containers:\n  - name: web\n    image: x\n${lines}`
  const service = (line: string): string => `services:\n  web:\n    image: x\n    ${line}\n`
  const security = 'containers[0].securityContext'
  const files: readonly (readonly [
    text: string,
    line: number,
    member: string,
    is: string,
    expected: string,
  ])[] = [
    [pod('    securityContext: foo\n'), 6, `spec.${security}`, 'a string', 'a mapping'],
    [pod('    securityContext: 5\n'), 6, `spec.${security}`, 'a number', 'a mapping'],
    [
      pod('    securityContext:\n      capabilities: []\n'),
      7,
      `spec.${security}.capabilities`,
      'a list',
      'a mapping',
    ],
    [
      pod('    securityContext: {capabilities: {add: SYS_ADMIN}}\n'),
      6,
      `spec.${security}.capabilities.add`,
      'a string',
      'a list',
    ],
    [pod('    volumeMounts: {a: /b}\n'), 6, 'spec.containers[0].volumeMounts', 'a mapping', 'a list'],
    [pod('  -\n'), 6, 'spec.containers[1]', 'empty', 'a mapping'],
    [pod('  securityContext: true\n'), 6, 'spec.securityContext', 'a boolean', 'a mapping'],
    [pod('  volumes:\n  - a\n  - b\n'), 7, 'spec.volumes[0]', 'a string', 'a mapping'],
    ['kind: Pod\nspec: x\n', 2, 'spec', 'a string', 'a mapping'],
    ['kind: Job\nspec:\n  template: [a]\n', 3, 'spec.template', 'a list', 'a mapping'],
    ['kind: Pod\nspec:\n  containers: web\n', 3, 'spec.containers', 'a string', 'a list'],
    [
      `kind: Service\n---\n${pod('    securityContext: foo\n')}`,
      8,
      `spec.${security}`,
      'a string',
      'a mapping',
    ],
    ['services: []\n', 1, 'services', 'a list', 'a mapping'],
    ['services:\n  web: x\n', 2, 'web', 'a string', 'a mapping'],
    [service('security_opt: x'), 4, 'web.security_opt', 'a string', 'a list'],
    [service('cap_add: x'), 4, 'web.cap_add', 'a string', 'a list'],
    [service('cap_drop: [{a: b}]'), 4, 'web.cap_drop[0]', 'a mapping', 'a scalar'],
    [service('sysctls: 5'), 4, 'web.sysctls', 'a number', 'a mapping or a list'],
    [service('volumes: {a: /b}'), 4, 'web.volumes', 'a mapping', 'a list'],
    [service('extends: base\n  base:\n    cap_add: y'), 6, 'base.cap_add', 'a string', 'a list'],
    // What a merge key gives has no line of its own in the service: the line of the service is named.
    [`x: &x {cap_add: y}\n${service('<<: *x')}`, 4, 'web.cap_add', 'a string', 'a list'],
  ]
  for (const [text, line, member, is, expected] of files)
    t.throws(
      () => patchManifest(text, 'm.yaml', as33),
      {
        code: 'manifest-other-kind',
        status: 2,
        facts: { line, member, is, expected },
        message: `m.yaml:${line}: ${member} is ${is} where ${expected} is expected`,
      },
      text,
    )
  // An empty value is an absent one, and what another service says is no part of the patch.
  for (const text of [
    pod('    securityContext:\n    volumeMounts:\n'),
    service('cap_add:\n    sysctls:\n    extends:\n'),
    service('image2: x\n  other: x'),
  ])
    t.same(patchManifest(text, 'm.yaml', as33).patched, ['web'], text)
  t.end()
})

t.test('an empty compose service is patched as one without members, and its comment stays', (t) => {
  const servicesOf = (text: string): unknown => (parse(text) as { readonly services: unknown }).services
  const wanted = servicesOf(patchManifest('services: {web: {}}\n', 'c.yaml', as33).text)
  t.match(wanted, { web: { read_only: true } })
  for (const empty of ['web: # front\n', 'web: ~ # front\n', 'web: {} # front\n', 'web:\n  # front\n']) {
    const { text, ...result } = patchManifest(`services:\n  ${empty}`, 'c.yaml', as33)
    t.match(result, { patched: ['web'], left: { length: 0 } }, empty)
    t.same(servicesOf(text), wanted, empty)
    t.match(text, /# front$/m, empty)
  }
  t.end()
})

const port = 'net.ipv4.ip_unprivileged_port_start'

t.test('another value of a sysctl that the context sets is replaced, however it is written', (t) => {
  const compose = patchManifest(
    `services:\n  web:\n    sysctls:\n      - net.core.somaxconn=1 # mine\n      - ${port}=1024 # ports\n`,
    'c.yaml',
    as33,
  ).text
  t.ok(compose.includes(`      - net.core.somaxconn=1 # mine\n      - ${port}=80 # ports\n`), compose)
  const merged = `x: &x\n  sysctls: [${port}=1024]\nservices:\n  web:\n    <<: *x\n`
  t.same((parse(patchManifest(merged, 'c.yaml', as33).text) as { services: { web: object } }).services.web, {
    ...(parse(patchManifest('services: {web: {}}', 'c.yaml', as33).text) as { services: { web: object } })
      .services.web,
    '<<': { sysctls: [`${port}=1024`] },
    sysctls: [`${port}=80`],
  })
  const quadlet = (lines: string): string =>
    patchManifest(`[Container]\nImage=web\n${lines}\n`, 'web.container', as33).text
  for (const [lines, wanted] of [
    [`Sysctl=${port}=1024\nExec=x`, `Sysctl=${port}=80\nExec=x`],
    [`Sysctl=a=1 "${port}=1024" b=2\nExec=x`, `Sysctl=a=1 ${port}=80 b=2\nExec=x`],
    [`Sysctl=a=1  ${port}=80\nExec=x`, `Sysctl=a=1  ${port}=80\nExec=x`],
    [
      `PodmanArgs=--init --sysctl ${port}=1024 --sysctl a=1\nExec=x`,
      'PodmanArgs=--init --sysctl a=1\nExec=x',
    ],
    [`PodmanArgs=--sysctl="${port}=1024"\nExec=x`, 'Image=web\nExec=x'],
  ] as const) {
    const text = quadlet(lines)
    t.ok(text.includes(wanted), text)
    t.equal(text.split(port).length, 2, 'once')
    t.equal(patchManifest(text, 'web.container', as33).text, text, 'a second time changes nothing')
  }
  // What an empty value takes away is written again.
  t.match(quadlet(`Sysctl=${port}=80\nSysctl=`), new RegExp(`^Sysctl=\nSysctl=${port}=80$`, 'm'))
  for (const [text, overridden] of [
    [`Sysctl=${port}=1024`, [`d.conf: Sysctl=${port}=1024`]],
    [`Sysctl=${port}=80 a=1`, []],
    [`PodmanArgs=--sysctl ${port}=1024`, [`d.conf: PodmanArgs=--sysctl ${port}=1024`]],
  ] as const) {
    const dropIns = [{ name: 'd.conf', text: `[Container]\n${text}\n` }]
    t.same(patchManifest('[Container]\n', 'web.container', as33, { dropIns }).overridden, overridden, text)
  }
  t.end()
})

t.test('an option of PodmanArgs= with its argument on the next line', (t) => {
  const argsOf = (...values: readonly string[]): readonly string[] =>
    patchManifest(
      `[Container]\nImage=web\n${values.map((each) => `PodmanArgs=${each}\n`).join('')}`,
      'web.container',
      as33,
    ).text.match(/(?<=^PodmanArgs=).*$/gm) ?? []
  t.same(argsOf('--cap-add', 'SYS_ADMIN'), [])
  t.same(argsOf('--init --cap-add', 'SYS_ADMIN --log-driver  none'), ['--init', '--log-driver none'])
  t.same(argsOf('--label  a=b', '--user', '0', '--init'), ['--label  a=b', '--init'])
  // An argument of another option stays, and so does an option that the context does not decide.
  t.same(argsOf('--volume', '/a:/b'), ['--volume', '/a:/b'])
  t.same(
    argsOf('--cap-add', '', '--init'),
    ['--cap-add', '', '--init'],
    'an empty value takes the first away',
  )
  t.end()
})

t.test('comments of lists stay, and what stands behind a removed entry goes with it', (t) => {
  const compose = `services:
  web:
    cap_add: # caps
      # keep1
      - CHOWN # keep2
      # keep3
      - SYS_ADMIN # gone
      - SETUID # keep4
      # keep5
    # keep6
    privileged: true # gone
    security_opt:
      - label=disable # keep7
      # keep8
      - seccomp=x # keep9
      - no-new-privileges:false # gone
      # keep10
    image: x # keep11
`
  const pod = `kind: Pod
spec:
  containers:
    - name: web
      securityContext:
        capabilities:
          add: # caps
            # keep1
            - SYS_ADMIN # gone
            - CHOWN # keep2
            # keep3
            - SETUID # keep4
            # keep5
          drop: [ALL] # keep6
        # keep7
        privileged: true # gone
        seccompProfile: # keep8
          # keep9
          type: Localhost # keep10
          localhostProfile: a.json # keep11
`
  for (const [file, manifest] of [
    ['c.yaml', compose],
    ['p.yaml', pod],
  ] as const) {
    const { text } = patchManifest(manifest, file, asRoot)
    const lines = text.split('\n')
    for (const line of manifest.split('\n').filter((each) => /#/.test(each) && !/# gone/.test(each)))
      t.ok(lines.includes(line), line)
    t.notMatch(text, /gone|SYS_ADMIN/)
    t.equal(patchManifest(text, file, asRoot).text, text, 'a second time changes nothing')
  }
  const profiled = patchManifest(pod, 'p.yaml', asRoot, { seccomp: 'b.json' }).text
  t.match(profiled, /# keep9\n +type: Localhost # keep10\n +localhostProfile: b.json # keep11\n/)
  t.end()
})

t.test('documents of others stay when a container in flow style is patched', (t) => {
  const flow =
    '- {name: web, image: "x", securityContext: {privileged: true, capabilities: {add: [SYS_ADMIN]}}} # flow'
  const side = '- {name:   side, image: "y"} # side'
  const other = 'kind: Service\nmetadata: {name:   a, labels: {b:   c}}\n'
  const flat = `kind: Pod\nmetadata: {name:   x}\nspec:\n  containers: # all\n  ${side}\n  ${flow}\n`
  // Two ways to indent lists in one document: no layout fits both.
  const mixed = `kind: Pod\nmetadata:\n  finalizers:\n  - {a:   b}\nspec:\n  containers:\n    ${side}\n    ${flow}\n`
  for (const pod of [flat, mixed])
    for (const text of [
      `${other}---\n${pod}`,
      `${pod}---\n${other}`,
      `${other}---\n${pod}--- # next\n${other}`,
    ]) {
      const { text: patched } = patchManifest(text, 'm.yaml', as33)
      t.equal(patched.split(other).length, text.split(other).length, text)
      if (pod === flat) t.match(patched, `metadata: {name:   x}\nspec:\n  containers: # all\n  ${side}\n`)
      const plain = parseAllDocuments(text).map((each) => JSON.stringify(each.toJS()))
      const wanted = patchManifest(plain.join('\n---\n'), 'm.yaml', as33).text
      const valuesOf = (given: string): unknown =>
        parseAllDocuments(given).map((each) => each.toJS() as unknown)
      t.same(valuesOf(patched), valuesOf(wanted), 'its meaning')
    }
  t.end()
})
