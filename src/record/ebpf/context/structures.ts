// Finds the offsets of the members that give evidence about a security context, in the kernel's own BTF. Authority:
// include/linux/{cred,fs,dcache,fs_struct,fdtable,user_namespace,binfmts}.h, fs/mount.h.
import type { Btf } from '../btf.ts'

const required = {
  'task_struct.real_cred': 'real_cred',
  'task_struct.cred': 'cred',
  'task_struct.fs': 'fs',
  'task_struct.files': 'files',
  'task_struct.atomic_flags': 'atomic_flags',
  'task_struct.nsproxy': 'nsproxy',
  'task_struct.mm': 'mm',
  'mm_struct.arg_start': 'arg_start',
  'mm_struct.arg_end': 'arg_end',
  'cred.uid': 'uid',
  'cred.fsgid': 'fsgid',
  'cred.cap_permitted': 'cap_permitted',
  'cred.cap_effective': 'cap_effective',
  'cred.cap_bset': 'cap_bset',
  'cred.user_ns': 'user_ns',
  'cred.group_info': 'group_info',
  'group_info.ngroups': 'ngroups',
  'group_info.gid': 'gid',
  'user_namespace.uid_map': 'uid_map',
  'user_namespace.gid_map': 'gid_map',
  'user_namespace.level': 'level',
  'uid_gid_map.nr_extents': 'nr_extents',
  'uid_gid_map.extent': 'extent',
  'fs_struct.root.dentry': 'root.dentry',
  'fs_struct.root.mnt': 'root.mnt',
  'fs_struct.pwd.dentry': 'pwd.dentry',
  'fs_struct.pwd.mnt': 'pwd.mnt',
  'files_struct.fdt': 'fdt',
  'fdtable.fd': 'fd',
  'fdtable.max_fds': 'max_fds',
  'file.f_mode': 'f_mode',
  'file.f_path.dentry': 'f_path.dentry',
  'file.f_path.mnt': 'f_path.mnt',
  'dentry.d_parent': 'd_parent',
  'dentry.d_name.hash': 'd_name.hash',
  'dentry.d_name.name': 'd_name.name',
  'dentry.d_inode': 'd_inode',
  'inode.i_mode': 'i_mode',
  'inode.i_uid': 'i_uid',
  'inode.i_gid': 'i_gid',
  'vfsmount.mnt_root': 'mnt_root',
  'vfsmount.mnt_sb': 'mnt_sb',
  'vfsmount.mnt_flags': 'mnt_flags',
  'super_block.s_flags': 's_flags',
  'mount.mnt': 'mnt',
  'mount.mnt_parent': 'mnt_parent',
  'mount.mnt_mountpoint': 'mnt_mountpoint',
  'linux_binprm.file': 'file',
} as const

const optional = {
  'task_struct.real_parent': 'real_parent',
  'nsproxy.net_ns': 'net_ns',
  'nsproxy.pid_ns_for_children': 'pid_ns_for_children',
  'pid_namespace.child_reaper': 'child_reaper',
  'net.ipv4.sysctl_ip_prot_sock': 'ipv4.sysctl_ip_prot_sock',
  'net.ipv4.ping_group_range.range': 'ipv4.ping_group_range.range',
} as const

export type Structures = Readonly<Record<keyof typeof required, number>> &
  Readonly<Partial<Record<keyof typeof optional, number>>>

/** The offsets, or the name of a required member that this kernel does not have. */
export function structuresOf(btf: Btf): Structures | string {
  const found: Record<string, number> = {}
  for (const [place, path] of Object.entries({ ...required, ...optional })) {
    const offset = btf.offset(place.slice(0, place.indexOf('.')), path)
    if (offset !== undefined) found[place] = offset
    else if (Object.hasOwn(required, place)) return place
  }
  const structures = found as Structures
  // The programs copy these members in one piece, so they must be adjacent.
  if (structures['cred.fsgid'] - structures['cred.uid'] !== 28) return 'cred.uid to cred.fsgid'
  if (structures['inode.i_gid'] - structures['inode.i_uid'] !== 4) return 'inode.i_uid to inode.i_gid'
  return structures
}
