// The forms in which a security context is printed.
import type { User } from '../../harden/context.ts'

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

/** What the printed context names: the image, and the path of the seccomp profile as the runtime finds it. */
export interface PrintContextOptions {
  /** Of every container. Default: the word IMAGE, to be replaced. */
  readonly image?: string
  /** The seccomp profile, as the form names one: a file for engines, a path below the kubelet's seccomp folder. */
  readonly seccomp?: string
}

/** What stands for an image that nobody named. */
export const imagePlaceholder = 'IMAGE'

/** `CAP_CHOWN` as engines and Kubernetes write it. */
export function shortName(capability: string): string {
  return capability.replace(/^CAP_/, '')
}

/** Root without a group has the groups that the image gives root, as without any word. */
export function userWord({ uid, gid }: User): string {
  return uid === 0 ? '0' : `${uid}:${gid}`
}

/** The supplementary groups that must be named: the image gives none to a user who is given with a group. */
export function groupWords(user: User | undefined): readonly string[] {
  if (user === undefined || user.uid === 0) return []
  return user.groups.filter((each) => each !== user.gid).map(String)
}
