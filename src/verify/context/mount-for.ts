// Decides which mount makes a refused path writable, by the rules of harden, from what the refused run and a run without
// the context show. Only a path in the root file system gets a mount: other mounts are read-only on purpose.
import { directoriesIn, mountOf, needsWritable, placeOf } from '../../harden/changes.ts'
import type { ContextMount } from '../../harden/context.ts'
import { mountAt } from '../../harden/mounts.ts'
import { normal, parentOf } from '../../harden/paths.ts'
import { ContextFold } from '../../observe/context-fold.ts'
import type { ObservedContext } from '../../observe/index.ts'
import type { ContextFinding } from './finding.ts'
import { triedText } from './findings.ts'

/** Undefined if no mount is the repair. */
export function mountFor(
  { what, tried }: ContextFinding,
  seen: readonly ObservedContext[],
): ContextMount | undefined {
  const context = together(seen)
  const path = normal(what)
  if (context === undefined || path === undefined || mountOf(path, context.mounts) !== '/') return undefined
  const changes = context.changes.filter((each) => needsWritable(each, context))
  const made = new Set(changes.filter(({ kind }) => kind === 'mkdir').map((each) => each.path))
  const refused = context.changes.find((each) => each.path === what && triedText(each) === tried)
  const place = refused === undefined ? parentOf(path) : placeOf(refused, made, directoriesIn(context))
  return place === '/' ? undefined : mountAt(place, context, changes, [place]).mount
}

function together(seen: readonly ObservedContext[]): ObservedContext | undefined {
  const fold = new ContextFold()
  for (const each of seen) fold.add({ ...each, name: '' })
  return fold.contexts()[0]
}
