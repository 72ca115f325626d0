// The forms in which a security context is printed.
import type { User } from '../../harden/context.ts'
import { listOf, objectOf, text, type OptionTable } from '../../options.ts'

/** The forms in which a security context is printed. */
export const contextForms = [
  'json',
  'kubernetes',
  'docker',
  'podman',
  'compose',
  'systemd',
  'apparmor',
] as const

/** One of contextForms. */
export type ContextForm = (typeof contextForms)[number]

/** What the printed context refers to: the image and the seccomp profile. */
export interface PrintContextOptions {
  /** The image of every container. Default: the placeholder IMAGE. */
  readonly image?: string
  /** The seccomp profile as the form refers to it: a file for engines, a path below the kubelet's seccomp folder. */
  readonly seccomp?: string
}

/** What the patched manifest refers to, and what it belongs to. */
export interface PatchOptions extends PrintContextOptions {
  /** The text of the pod (`.pod`) that a quadlet names in Pod=: its network and its volumes are the container's. */
  readonly pod?: string
  /** The drop-ins of a quadlet, in the order in which Podman reads them. */
  readonly dropIns?: readonly DropIn[]
}

/** A file of `NAME.container.d`: Podman reads the drop-ins after the quadlet. */
export interface DropIn {
  readonly name: string
  readonly text: string
}

export const patchTable: OptionTable<PatchOptions> = {
  image: text,
  seccomp: text,
  pod: text,
  dropIns: listOf(objectOf<DropIn>({ name: text, text }, 'name', 'text')),
}

export const printContextTable: OptionTable<PrintContextOptions> = { image: text, seccomp: text }

/** Placeholder for the image if none is named. */
export const imagePlaceholder = 'IMAGE'

/** The name without `CAP_`, as engines and Kubernetes write it. */
export function shortName(capability: string): string {
  return capability.replace(/^CAP_/, '')
}

/** The user as engines write it. Root is named without a group and so keeps the groups that the image gives root. */
export function userWord({ uid, gid }: User): string {
  return uid === 0 ? '0' : `${uid}:${gid}`
}

/** The supplementary groups that must be named, because a user given with a group gets none from the image. */
export function groupWords(user: User | undefined): readonly string[] {
  if (user === undefined || user.uid === 0) return []
  return user.groups.filter((each) => each !== user.gid).map(String)
}
