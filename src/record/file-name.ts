// The names of a container's files.

/** Makes a name one path component that is not hidden. */
export function fileName(name: string): string {
  return (
    name
      .replaceAll(/[^\w.+-]/g, '_')
      .replace(/^[.-]/, '_')
      .slice(0, 200) || 'container'
  )
}

/** The last component of an image's name, without tag and digest. */
export function nameOfImage(image: string): string {
  return image.replace(/@.*$/, '').split('/').at(-1)?.replace(/:.*$/, '') || 'container'
}
