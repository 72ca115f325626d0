// The path of a container's cgroup below the root, from its runtime's configuration. Authority: runtime-spec
// config-linux.md (cgroupsPath), runc's docs/systemd.md for how systemd's slices nest: `a-b.slice` lies in `a.slice`.

/** With cgroupfs, cgroupsPath is a path; with systemd `slice:prefix:name`, for `prefix-name.scope` in that slice. */
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

/** The container's id in a cgroup's name: `ID`, `cri-containerd-ID.scope`, `crio-ID.scope`, `docker-ID.scope`. */
export function containerIdIn(name: string): string | undefined {
  return /^(?!crio-conmon-)(?:[a-z][a-z-]*-)?([0-9a-f]{64})(?:\.scope)?$/.exec(name)?.[1]
}
