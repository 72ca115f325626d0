// Prints a security context as `docker run` and `podman run` commands, each option with its evidence. Authority:
// docker-run(1), podman-run(1). Comments below name differences between the engines. Tried on Docker 20.10 and Podman
// 4.3.
import { shellWord } from '../../escape.ts'
import type { ContainerContext, ContextMount, SecurityContext } from '../../harden/context.ts'
import { groupWords, imagePlaceholder, shortName, userWord, type PrintContextOptions } from './forms.ts'
import { checkPaths } from './paths.ts'
import { comments, headLines, reasonsOf } from './reasons.ts'

export type CommandEngine = 'docker' | 'podman'

interface Line {
  readonly words: readonly [string, ...string[]]
  /** The statement whose evidence is printed above the command. */
  readonly what?: string
}

export function engineText(
  context: SecurityContext,
  engine: CommandEngine,
  options: PrintContextOptions,
): string {
  return context.containers.map((each) => commandText(each, engine, options)).join('\n')
}

function commandText(
  container: ContainerContext,
  engine: CommandEngine,
  options: PrintContextOptions,
): string {
  // The options --tmpfs and --volume end a path at a colon.
  checkPaths(container, engine, /:/)
  const because = reasonsOf(container)
  const lines = linesOf(container, engine, options)
  const spelled = lines.map(({ words }) => words.map(shellWord).join(' '))
  return [
    comments(headLines(container)),
    comments(
      lines.flatMap(({ what }, at) => (what === undefined ? [] : [`${spelled[at]}: ${because(what)}`])),
    ),
    `${engine} run`,
    ...[...spelled, shellWord(options.image ?? imagePlaceholder)].map((line) => ` \\\n  ${line}`),
    '\n',
  ].join('')
}

/** Only the options, as words of a command. */
export function engineWords(container: ContainerContext, engine: CommandEngine): readonly string[] {
  checkPaths(container, engine, /:/)
  return linesOf(container, engine, {}).flatMap(({ words }) => words)
}

function linesOf(
  container: ContainerContext,
  engine: CommandEngine,
  { seccomp }: PrintContextOptions,
): readonly Line[] {
  const { capabilities, user, noNewPrivileges, readOnlyRoot, mounts, sysctls = {} } = container
  return [
    { words: ['--cap-drop', 'ALL'] },
    ...capabilities.needed.map((each): Line => ({ words: ['--cap-add', shortName(each)], what: each })),
    ...(user === undefined ? [] : [{ words: ['--user', userWord(user)], what: 'user' } satisfies Line]),
    ...groupWords(user).map((each): Line => ({ words: ['--group-add', each], what: 'user' })),
    ...(noNewPrivileges
      ? [{ words: ['--security-opt', 'no-new-privileges'], what: 'noNewPrivileges' } satisfies Line]
      : []),
    ...(seccomp === undefined ? [] : [{ words: ['--security-opt', `seccomp=${seccomp}`] } satisfies Line]),
    ...(readOnlyRoot ? readOnlyLines(engine) : []),
    ...(readOnlyRoot ? mounts : []).map((each): Line => ({
      words: engineMountWords(each, container, engine),
      what: each.path,
    })),
    ...Object.entries(sysctls).map(([name, value]): Line => ({
      words: ['--sysctl', `${name}=${value}`],
      what: name,
    })),
  ]
}

/** With --read-only alone, Podman also mounts a tmpfs on /run, /tmp and /var/tmp. */
function readOnlyLines(engine: CommandEngine): readonly Line[] {
  return [
    { words: ['--read-only'], what: 'readOnlyRoot' },
    ...(engine === 'podman' ? [{ words: ['--read-only-tmpfs=false'] } satisfies Line] : []),
  ]
}

/** The option for a mount. An anonymous volume starts with the image's content, owner and mode. */
export function engineMountWords(
  mount: ContextMount,
  { user }: ContainerContext,
  engine: CommandEngine,
): Line['words'] {
  const { path, kind, mode, uid, gid, exec } = mount
  const volume: Line['words'] = ['--volume', path]
  if (kind === 'volume') return volume
  const options = [`mode=${mode}`, exec === true ? 'exec' : 'noexec']
  if (engine === 'docker') return ['--tmpfs', `${path}:${[...options, `uid=${uid}`, `gid=${gid}`].join(',')}`]
  if (uid === 0 && gid === 0) return ['--tmpfs', `${path}:${options.join(',')}`]
  // Podman can give a tmpfs no owner but the container's user (option U).
  if (user?.uid === uid && user.gid === gid) return ['--tmpfs', `${path}:${[...options, 'U'].join(',')}`]
  return volume
}
