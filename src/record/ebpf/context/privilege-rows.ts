// Makes rows of calls that concern privileges: ids, ports, capability sets, user namespaces, io_uring.
import type { Container } from './container.ts'
import { bindKey, identityKey, privilegeKey } from './layout.ts'
import { textIn } from './walked.ts'
import { capabilitiesIn, optionNames, refusedOf } from './words.ts'

export function identityRows(of: Container): void {
  for (const [key, value] of of.mine(of.reading.own.identities, identityKey.container)) {
    const program = textIn(key.subarray(identityKey.comm, identityKey.comm + 16))
    of.rows.identities.push({
      call: of.call(key.readUInt32LE(identityKey.slot)),
      program,
      started: true,
      ...of.ids(key, identityKey.ids),
      ...of.groups(key, key.readUInt32LE(identityKey.groupCount), identityKey.groups),
      ...of.count(value, program),
    })
  }
}

export function bindRows(of: Container): void {
  for (const [key, value] of of.mine(of.reading.own.binds, bindKey.container)) {
    const program = textIn(key.subarray(bindKey.comm, bindKey.comm + 16))
    of.rows.binds.push({
      port: key.readUInt32LE(bindKey.port),
      family: key.readUInt32LE(bindKey.family) === 2 ? 'inet' : 'inet6',
      program,
      euid: of.uid(key.readUInt32LE(bindKey.euid)),
      started: true,
      ...refusedOf(key.readUInt32LE(bindKey.errno)),
      ...of.count(value, program),
    })
  }
}

export function privilegeRows(of: Container): void {
  for (const [key, value] of of.mine(of.reading.own.privileges, privilegeKey.container)) {
    const program = textIn(key.subarray(privilegeKey.comm, privilegeKey.comm + 16))
    const counted = of.count(value, program)
    const euid = of.uid(key.readUInt32LE(privilegeKey.euid))
    const refused = refusedOf(key.readUInt32LE(privilegeKey.errno))
    const call = of.call(key.readUInt32LE(privilegeKey.slot))
    const who = { program, started: true, euid, ...counted }
    if (call === 'io_uring_setup') of.rows.rings.push({ program, ...counted })
    else if (call !== 'capset' && call !== 'prctl') of.rows.userNamespaces.push({ call, ...who, ...refused })
    else
      of.rows.raises.push({
        call:
          call === 'capset' ? 'capset' : (optionNames[key.readUInt32LE(privilegeKey.option)] ?? 'ambient'),
        capabilities: capabilitiesIn(key.readBigUInt64LE(privilegeKey.set)),
        ...who,
        ...refused,
      })
  }
}
