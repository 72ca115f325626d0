// Makes JSON safe to look at: characters that act on a terminal, change the order of display or command a CI become \u
// escapes. Programs read the same values.

export function harmlessJson(text: string): string {
  return text
    .replaceAll(/[\u007f-\u009f\p{Cf}\p{Zl}\p{Zp}]/gu, (character) =>
      Array.from(
        { length: character.length },
        (_, unit) => `\\u${character.charCodeAt(unit).toString(16).padStart(4, '0')}`,
      ).join(''),
    )
    .replaceAll('##[', '#\\u0023[')
}
