// The options that say where a profile is read (contract: "Options with one meaning everywhere").
import { InvalidArgumentError, Option, type Command } from 'commander'
import type { Architecture } from '../abi/architectures.ts'
import { UserError } from '../errors.ts'
import { contextOf, type Context, type ContextOptions } from '../meaning/index.ts'

export interface ContextWords {
  readonly cap?: readonly string[]
  readonly kernel?: string
  readonly runtime?: 'runc' | 'crun'
}

export function addContextOptions(command: Command): Command {
  return addHostOptions(command).addOption(
    new Option('--runtime <runtime>', 'runc: its ENOSYS for newer calls too').choices(['runc', 'crun']),
  )
}

/** Those of them that do not say which runtime. */
export function addHostOptions(command: Command): Command {
  return command
    .addOption(
      new Option('--cap <cap>', 'capability, repeatable; none, all; else the engine’s').argParser(
        (word: string, before: readonly string[] = []) => [...before, capability(word)],
      ),
    )
    .option('--kernel <x.y>', 'kernel of the host (default 6.12)')
}

function capability(word: string): string {
  const name = word.toUpperCase()
  if (/^(?:NONE|ALL)$/.test(name)) return name.toLowerCase()
  if (/^(?:CAP_)?[A-Z_]+$/.test(name)) return name.startsWith('CAP_') ? name : `CAP_${name}`
  throw new InvalidArgumentError('Write CAP_NET_ADMIN, none or all.')
}

/** `engine`: the capabilities that the engine of a built-in profile gives. */
export function contextOptionsFrom(
  { cap, kernel, runtime }: ContextWords,
  architecture: Architecture,
  engine?: readonly string[],
): ContextOptions {
  const capabilities = capabilitiesFrom(cap) ?? engine
  return {
    architecture,
    ...(capabilities === undefined ? {} : { capabilities }),
    ...(kernel === undefined ? {} : { kernel }),
    ...(runtime === undefined ? {} : { runtime }),
  }
}

export function contextFrom(
  words: ContextWords,
  architecture: Architecture,
  engine?: readonly string[],
): Context {
  return contextOf(contextOptionsFrom(words, architecture, engine))
}

/** Undefined where none is named. Throws a UserError where all and none are. */
export function capabilitiesFrom(cap: ContextWords['cap']): readonly string[] | 'all' | undefined {
  if (cap?.includes('all') && cap.includes('none')) throw new UserError('cap-contradiction')
  return cap?.includes('all') ? 'all' : cap?.filter((each) => each !== 'none')
}
