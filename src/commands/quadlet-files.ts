// Reads the files that belong to a quadlet, from the directory of the quadlet: its drop-ins, its pod and the drop-ins of
// the pod. Podman looks for them in more directories (podman-systemd.unit(5)), which belong to another machine or user.
import { readdir } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { dropInDirectories, podOfQuadlet, type DropIn } from '../print/context/index.ts'
import { ascending } from '../order.ts'
import { say } from './say.ts'
import { readText } from './texts.ts'
import type { World } from './world.ts'

export interface QuadletFiles {
  readonly pod?: string
  readonly dropIns?: readonly DropIn[]
}

/** Says which file cannot be read. A manifest that is no quadlet has no such files. */
export async function quadletFiles(manifest: string, patch: string, world: World): Promise<QuadletFiles> {
  const dropIns = await dropInsOf(patch, world)
  const name = podOfQuadlet(manifest, ...dropIns.map(({ text }) => text))
  const pod = name === undefined ? undefined : await podBeside(name, patch, world)
  return { ...(pod !== undefined && { pod }), ...(dropIns.length > 0 && { dropIns }) }
}

/** The pod with its drop-ins. */
async function podBeside(name: string, patch: string, world: World): Promise<string | undefined> {
  const place = join(dirname(patch), name)
  const text = await readText(place, world).catch(() => undefined)
  if (text === undefined) {
    say(world, `${name} cannot be read beside ${patch}: the network and the volumes of the pod are not known`)
    return undefined
  }
  return [text, ...(await dropInsOf(place, world)).map((each) => each.text)].join('\n')
}

/** The drop-ins of a quadlet or a pod, in the order in which Podman reads them. */
async function dropInsOf(place: string, world: World): Promise<readonly DropIn[]> {
  const found = new Map<string, string>()
  for (const each of dropInDirectories(place)) {
    const directory = join(dirname(place), each)
    for (const name of await readdir(resolve(world.cwd, directory)).catch(() => []))
      if (name.endsWith('.conf') && !found.has(name)) found.set(name, join(directory, name))
  }
  const dropIns: DropIn[] = []
  for (const [, name] of [...found].sort(([a], [b]) => ascending(a, b))) {
    const text = await readText(name, world).catch(() => undefined)
    if (text === undefined) say(world, `${name} cannot be read: its settings are not known`)
    else dropIns.push({ name, text })
  }
  return dropIns
}
