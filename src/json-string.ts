// JSON for people to look at: what could act on a terminal, be displayed in another order than it stands, or command a
// CI that reads its log is written as \u escapes. Programs read the same values.

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
