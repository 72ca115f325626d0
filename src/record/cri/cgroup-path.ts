// Where a container's cgroup lies below the root, from what the runtime was told. Authority: runtime-spec config-linux.md
// (cgroupsPath), runc's docs/systemd.md for how systemd's slices nest: `a-b.slice` lies in `a.slice`.

/** cgroupfs: a path. systemd: `slice:prefix:name`, which is the scope `prefix-name.scope` in that slice. */
export function directoryOf(cgroupsPath: string): string {
  const [slice, prefix, name] = cgroupsPath.split(':')
  if (name === undefined) return cgroupsPath.startsWith('/') ? cgroupsPath : `/${cgroupsPath}`
  const scope = name.endsWith('.slice') ? name : `${prefix === '' ? '' : `${prefix}-`}${name}.scope`
  return `${slicePath(slice === undefined || slice === '' ? 'system.slice' : slice)}/${scope}`
}

function slicePath(slice: string): string {
  const parts = slice.replace(/\.slice$/, '').split('-')
  if (slice === '-.slice') return ''
  return parts.map((_, at) => `/${parts.slice(0, at + 1).join('-')}.slice`).join('')
}

/** The id of a container in the name of its cgroup: `ID`, `cri-containerd-ID.scope`, `crio-ID.scope`, `docker-ID.scope`. */
export function containerIdIn(name: string): string | undefined {
  return /^(?!crio-conmon-)(?:[a-z][a-z-]*-)?([0-9a-f]{64})(?:\.scope)?$/.exec(name)?.[1]
}
