// Notes once for each container what its first program was given, or what its init has: root, ids, capabilities, groups
// and network settings.
// Authority: credentials(7), user_namespaces(7), ip(7) for the settings.
import * as bpf from '../assembler.ts'
import type { AssemblyLine } from '../assembler.ts'
import { frame, lookup, noExist } from '../blocks.ts'
import { containerValue, groupLimit } from './layout.ts'
import { at, clear, follow, lose, readInto, type ProgramInputs } from './pieces.ts'

/** Notes the task in r8, the container's first program or init, unless the container is known. Uses memory in r9. */
export function noteContainer(given: ProgramInputs): readonly AssemblyLine[] {
  const { layout, structures, own } = given
  const place = containerValue
  return [
    ...lookup(own.containers, at.container),
    bpf.jumpIf(0, 'notEqual', 0, 'noted'),
    ...clear(0, place.size),
    ...follow(8, structures['task_struct.fs'], 7),
    ...readInto(7, structures['fs_struct.root.dentry'], 8, place.root),
    ...follow(7, structures['fs_struct.root.mnt'], 6),
    ...readInto(6, structures['vfsmount.mnt_flags'], 4, place.mountFlags),
    ...follow(6, structures['vfsmount.mnt_sb'], 7),
    ...readInto(7, structures['super_block.s_flags'], 4, place.superFlags),
    bpf.load(7, 9, place.root),
    ...follow(7, structures['dentry.d_inode'], 7),
    ...readInto(7, structures['inode.i_mode'], 2, place.rootMode),
    ...readInto(7, structures['inode.i_uid'], 8, place.rootUid),
    ...follow(8, structures['task_struct.cred'], 7),
    ...readInto(7, structures['cred.uid'], 32, place.ids),
    ...readInto(7, structures['cred.cap_bset'], 8, place.bounding),
    ...readInto(7, structures['cred.cap_permitted'], 8, place.permitted),
    ...follow(7, structures['cred.group_info'], 6),
    ...readInto(6, structures['group_info.ngroups'], 4, place.groupCount),
    ...readInto(6, structures['group_info.gid'], groupLimit * 4, place.groups),
    ...follow(7, structures['cred.user_ns'], 7),
    bpf.store(9, place.namespace, 7),
    ...readInto(7, structures['user_namespace.level'], 4, place.level),
    ...readInto(7, structures['user_namespace.uid_map'], 64, place.uidMap),
    ...readInto(7, structures['user_namespace.gid_map'], 64, place.gidMap),
    ...follow(8, structures['task_struct.atomic_flags'], 1),
    bpf.and(1, 1),
    bpf.storeLower(9, place.noNewPrivileges, 1),
    bpf.storeValue(9, place.ports, -1),
    ...network(given),
    ...readInto(8, layout.task.tgid, 4, place.pid),
    bpf.map(1, own.containers.descriptor),
    bpf.move(2, frame),
    bpf.add(2, at.container),
    bpf.move(3, 9),
    bpf.set(4, noExist),
    bpf.call('mapUpdate'),
    bpf.jumpIf(0, 'equal', 0, 'noted'),
    ...lose(given, 'starts', 'noted'),
    bpf.label('noted'),
  ]
}

/** Settings of the network namespace that decide which privileges a port or a ping needs. */
function network({ structures }: ProgramInputs): readonly AssemblyLine[] {
  const [net, ports, pings] = [
    structures['nsproxy.net_ns'],
    structures['net.ipv4.sysctl_ip_prot_sock'],
    structures['net.ipv4.ping_group_range.range'],
  ]
  if (net === undefined || ports === undefined || pings === undefined) return []
  return [
    ...follow(8, structures['task_struct.nsproxy'], 7),
    ...follow(7, net, 7),
    ...readInto(7, ports, 4, containerValue.ports),
    ...readInto(7, pings, 8, containerValue.pings),
  ]
}
