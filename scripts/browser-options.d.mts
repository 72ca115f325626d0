import type { BuildOptions } from 'esbuild'

export const browserOptions: BuildOptions & { readonly plugins: NonNullable<BuildOptions['plugins']> }
