export function skippedLine(tap: string): string
