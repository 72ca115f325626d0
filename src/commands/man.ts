// `man`: prints the manual page, made from the commands' own declarations. Authority: man(7), man-pages(7).
import type { Command } from 'commander'
import type { Declare } from './world.ts'

export const declare: Declare = (command, world, end) => {
  command
    .addHelpText('after', '\nExample:\n  seccomp-gen man > /usr/local/share/man/man1/seccomp-gen.1')
    .action(() => {
      const program = command.parent ?? command
      const { version } = world.tool?.() ?? {}
      world.stdout.write(manualPage(program, version))
      end(0)
    })
}

export function manualPage(program: Command, version = ''): string {
  const commands = program.commands.filter((each) => each.name() !== 'help')
  return [
    `.TH SECCOMP\\-GEN 1 "" "seccomp\\-gen ${roff(version)}" "User Commands"`,
    '.SH NAME',
    `seccomp\\-gen \\- ${roff(program.description().replace(/\.$/, ''))}`,
    '.SH SYNOPSIS',
    '.B seccomp\\-gen',
    '.I command',
    '.RI [ options ]',
    '.SH COMMANDS',
    ...commands.flatMap(section),
    '.SH EXIT STATUS',
    ...listed('0', 'Done, and there is nothing to report.'),
    ...listed('1', 'Done, and there is something to report: problems, differences, refused calls.'),
    ...listed('2', 'It could not be done: wrong usage, input that cannot be read, nothing recorded.'),
    '.PP',
    roff(
      'trace and verify return the status of the command; 125 when seccomp-gen itself failed, 126 or 127 when the command could not be run or found.',
    ),
    '.SH ENVIRONMENT',
    ...listed('NO_COLOR', 'No colour, also on a terminal.'),
    ...listed('FORCE_COLOR', 'Colour, also in a pipe.'),
    '.SH SEE ALSO',
    '.BR seccomp (2),\n.BR strace (1),\n.BR docker\\-run (1)',
    '',
  ].join('\n')
}

function section(command: Command): readonly string[] {
  const help = command.createHelp()
  const options = help
    .visibleOptions(command)
    .flatMap((option) => listed(option.flags, help.optionDescription(option)))
  const operands = help
    .visibleArguments(command)
    .flatMap((each) => listed(each.name(), help.argumentDescription(each)))
  return [
    `.SS "seccomp\\-gen ${roff(`${command.name()} ${command.usage().split('\n')[0] ?? ''}`).replaceAll('"', '')}"`,
    `${roff(capital(command.description()))}.`,
    ...operands,
    ...options,
  ]
}

function listed(term: string, text: string): readonly string[] {
  return ['.TP', `.B ${roff(term)}`, roff(text)]
}

/**
 * Escapes backslashes, hyphens, and dots and quotes at the start of a line, so that roff reads no text as a request.
 */
function roff(text: string): string {
  return text
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replaceAll(/\s*\n\s*/g, ' ')
    .replaceAll(
      /[^\u0020-\u007e]/g,
      (character) => `\\[u${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}]`,
    )
    .replace(/^([.'])/, '\\&$1')
}

function capital(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1)
}
