// What a container's files are called.

/** One part of a path, and no hidden file. */
export function fileName(name: string): string {
  return (
    name
      .replaceAll(/[^\w.+-]/g, '_')
      .replace(/^[.-]/, '_')
      .slice(0, 200) || 'container'
  )
}

/** Of an image: its last part, without tag and digest. */
export function nameOfImage(image: string): string {
  return image.replace(/@.*$/, '').split('/').at(-1)?.replace(/:.*$/, '') || 'container'
}
