// Decides mode and owner of a directory of the image: those that the recording shows, else those that it has by
// convention. Authority: systemd's tmpfiles.d (tmp.conf, provision.conf); FHS 3.0, 3.18 and 5.15 for what they are for.
import type { ObservedContext } from '../observe/index.ts'
import { permissions, type Owned } from './modes.ts'

/** Directories of root whose mode is not 0755. Distributions disagree about /run/lock. */
const conventional: ReadonlyMap<string, string> = new Map([
  ['/tmp', '1777'],
  ['/var/tmp', '1777'],
  ['/root', '0700'],
])

/** `why`: empty if the recording shows mode and owner, else what stands in for them. */
export function directoryOwner(
  path: string,
  context: Pick<ObservedContext, 'directories' | 'changes'>,
): Owned & { readonly why: string } {
  const owned = ownerOf(path, context)
  if (owned !== undefined) return { mode: permissions(owned.mode), uid: owned.uid, gid: owned.gid, why: '' }
  const mode = conventional.get(path)
  return {
    mode: mode ?? '0755',
    uid: 0,
    gid: 0,
    why:
      mode === undefined
        ? 'its mode and owner are not evidenced'
        : `its mode and owner are not evidenced: ${mode} and root are those of tmpfiles.d`,
  }
}

/** The mode and owner of a directory in the image: the first row that no recorded change explains, else the first. */
export function ownerOf(
  path: string,
  { directories, changes }: Pick<ObservedContext, 'directories' | 'changes'>,
): Owned | undefined {
  const rows = directories.filter((each) => each.path === path)
  const isExplained = (row: Owned): boolean =>
    changes.some(
      (each) =>
        each.path === path &&
        each.refused === undefined &&
        ((each.kind === 'chmod' &&
          each.mode !== undefined &&
          permissions(each.mode) === permissions(row.mode)) ||
          (each.kind === 'chown' && each.toUid === row.uid)),
    )
  return rows.find((each) => !isExplained(each)) ?? rows[0]
}
