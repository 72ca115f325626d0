// Reads the library's exports from the TypeScript compiler, for the API page and its tests. Whether a function throws
// follows from its own code and from code it calls by name; a call through an interface is not followed.
import { join, relative, resolve } from 'node:path'
import ts from 'typescript'

const root = resolve(import.meta.dirname, '..')

export const doors = [
  { file: 'src/index.ts', module: 'seccomp-gen' },
  { file: 'src/run.ts', module: 'seccomp-gen/run' },
] as const

export interface Exported {
  readonly name: string
  readonly kind: 'function' | 'class' | 'value' | 'type'
  /** The doc comment's text in Markdown; empty if there is none. */
  readonly doc: string
  /** The text of `@throws`. */
  readonly throws?: string
  /** Whether its code leads to `throw new UserError`. */
  readonly canThrow: boolean
  /** The declaration as TypeScript writes it; a function without its body. */
  readonly text: string
  /** Path below the project. */
  readonly file: string
  readonly module: (typeof doors)[number]['module']
}

/** All exports of both doors, sorted by name. */
export function readApi(): readonly Exported[] {
  const configuration = ts.readConfigFile(join(root, 'tsconfig.json'), ts.sys.readFile).config as object
  const { options } = ts.parseJsonConfigFileContent(configuration, ts.sys, root)
  const program = ts.createProgram(
    doors.map(({ file }) => join(root, file)),
    { ...options, noEmit: true },
  )
  const checker = program.getTypeChecker()
  const throwing = new Throwing(checker)
  return doors.flatMap(({ file, module }) => {
    const source = program.getSourceFile(join(root, file))
    const door = source && checker.getSymbolAtLocation(source)
    if (door === undefined) throw new Error(`${file} exports nothing`)
    return checker
      .getExportsOfModule(door)
      .map((each): Exported => {
        const symbol = each.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(each) : each
        const declaration = symbol.declarations?.[0]
        if (declaration === undefined) throw new Error(`${each.name} is declared nowhere`)
        const throws = symbol.getJsDocTags(checker).find(({ name }) => name === 'throws')?.text
        return {
          name: each.name,
          kind: kindOf(declaration),
          doc: ts.displayPartsToString(symbol.getDocumentationComment(checker)),
          ...(throws === undefined ? {} : { throws: ts.displayPartsToString(throws) }),
          canThrow: ts.isFunctionDeclaration(declaration) && throwing.of(declaration),
          text: textOf(declaration, each.name, checker),
          file: relative(root, declaration.getSourceFile().fileName),
          module,
        }
      })
      .sort((left, right) => (left.name.toLowerCase() < right.name.toLowerCase() ? -1 : 1))
  })
}

function kindOf(declaration: ts.Declaration): Exported['kind'] {
  if (ts.isFunctionDeclaration(declaration)) return 'function'
  if (ts.isClassDeclaration(declaration)) return 'class'
  return ts.isVariableDeclaration(declaration) ? 'value' : 'type'
}

/** `name`: the exported name, which may differ from the declared one. */
function textOf(declaration: ts.Declaration, name: string, checker: ts.TypeChecker): string {
  if (ts.isVariableDeclaration(declaration)) {
    const type = checker.typeToString(
      checker.getTypeAtLocation(declaration),
      undefined,
      ts.TypeFormatFlags.NoTruncation,
    )
    return `const ${name}: ${type}`
  }
  const source = declaration.getSourceFile().text
  const start = declaration.getStart()
  if (ts.isFunctionDeclaration(declaration))
    return renamed(source.slice(start, declaration.body?.getStart() ?? declaration.end).trimEnd(), name)
  if (ts.isClassDeclaration(declaration)) {
    const members = declaration.members
      .filter((member) => !ts.isConstructorDeclaration(member) || member.body === undefined)
      .map((member) =>
        ts.isMethodDeclaration(member)
          ? source.slice(member.getFullStart(), member.body?.getStart() ?? member.end).trimEnd()
          : source.slice(member.getFullStart(), member.end),
      )
    const head = source.slice(start, declaration.members.pos)
    return renamed(`${head}${members.join('')}\n}`, name)
  }
  return renamed(declaration.getText(), name)
}

function renamed(text: string, name: string): string {
  return text
    .replace(/^export /, '')
    .replace(/^((?:async )?(?:interface|type|function|class)) \w+/, (_, kind: string) => `${kind} ${name}`)
}

/** Decides which functions can throw a UserError. */
class Throwing {
  readonly #checker: ts.TypeChecker
  readonly #known = new Map<ts.Node, boolean>()

  constructor(checker: ts.TypeChecker) {
    this.#checker = checker
  }

  of(declaration: ts.Node): boolean {
    const known = this.#known.get(declaration)
    if (known !== undefined) return known
    // If a function calls itself, the rest of its code decides.
    this.#known.set(declaration, false)
    const found = this.#in(declaration)
    this.#known.set(declaration, found)
    return found
  }

  #in(node: ts.Node): boolean {
    if (ts.isThrowStatement(node)) return !ts.isIdentifier(node.expression) && isUserError(node.expression)
    // Errors of the try block are caught, unless the handler throws them again. The handler's own code counts.
    if (ts.isTryStatement(node) && node.catchClause !== undefined) {
      const rethrows = /\bthrow error\b/.test(node.catchClause.block.getText())
      return (
        (rethrows && this.#in(node.tryBlock)) ||
        this.#in(node.catchClause.block) ||
        (node.finallyBlock !== undefined && this.#in(node.finallyBlock))
      )
    }
    if (ts.isCallExpression(node) || ts.isNewExpression(node)) {
      const called = this.#checker.getResolvedSignature(node)?.declaration
      const body = called && 'body' in called ? called.body : undefined
      // What reads options throws for a value that is not taken (src/options.ts).
      const type = called?.parent
      if (type !== undefined && ts.isTypeAliasDeclaration(type) && type.name.text === 'OptionReader')
        return true
      if (called !== undefined && body !== undefined && this.of(called)) return true
    }
    return ts.forEachChild(node, (child) => this.#in(child) || undefined) ?? false
  }
}

function isUserError(node: ts.Expression): boolean {
  if (ts.isNewExpression(node)) return node.expression.getText() === 'UserError'
  // The call of a function that makes the error.
  return ts.isCallExpression(node)
}
