// Decides which settings of a quadlet's drop-ins win over the context in the quadlet: Podman reads the drop-ins after
// the quadlet. Authority: podman-systemd.unit(5); podman-run(1) for lists of capabilities.
import type { ContainerContext } from '../../harden/context.ts'
import { shortName, type DropIn } from './forms.ts'
import { withoutDecided } from './podman-args.ts'
import { withSysctls } from './quadlet-sysctls.ts'
import { parse, section, type QuadletLine } from './quadlet.ts'

/** The values of each key. `more`: add them to the values that the quadlet has. */
export type Settings = ReadonlyMap<string, { readonly values: readonly string[]; readonly more?: true }>

/** A setting of a drop-in. */
type DropInSetting = QuadletLine & { readonly from: string; readonly key: string; readonly value: string }

/** The settings of drop-ins that win over the context, as FILE: KEY=VALUE. */
export function winning(
  dropIns: readonly DropIn[],
  settings: Settings,
  container: ContainerContext,
): readonly string[] {
  const all = dropIns.flatMap(({ name, text }) =>
    parse(text).flatMap((each): readonly DropInSetting[] => {
      const { key, value = '' } = each
      return each.section === section && key !== undefined ? [{ ...each, from: name, key, value }] : []
    }),
  )
  const hasProfile = settings.has('SeccompProfile')
  const wins = (set: DropInSetting): boolean => {
    const { key, value } = set
    if (key === 'PodmanArgs') return withoutDecided([value], container, hasProfile).values[0] !== value
    if (key === 'Sysctl' && withSysctls(value, container) !== value) return true
    const { values, more } = settings.get(key) ?? { values: [] }
    if (key === 'AddCapability' && value !== '') {
      const wanted = values.map(plainCapability)
      return words(value).some((each) => !wanted.includes(plainCapability(each)))
    }
    if (values.length === 0) return false
    // An empty value takes the context's away. More lost capabilities lose nothing: all are dropped.
    if (more === true || key.endsWith('Capability')) return value === ''
    return set === all.findLast((each) => each.key === key) && plainBoolean(value) !== values[0]
  }
  return all.filter(wins).map(({ from, key, value }) => `${from}: ${key}=${value}`)
}

const words = (value: string): readonly string[] => value.split(/\s+/).filter((each) => each !== '')
const plainCapability = (name: string): string => shortName(name.toUpperCase())
const plainBoolean = (value: string): string => (/^(?:1|yes|true|on)$/i.test(value) ? 'true' : value)
