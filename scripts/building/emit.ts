import { cpSync, globSync } from 'node:fs'
import path from 'node:path'
import ts from 'typescript'
import { root } from '../checks/source-files.ts'
import { builtPath, type Workspace } from './workspace.ts'

/** Options of the repository's tsconfig.json that a build changes. */
const buildOptions: ts.CompilerOptions = {
  target: ts.ScriptTarget.ES2024,
  noEmit: false,
  declaration: true,
  noEmitOnError: true,
  rewriteRelativeImportExtensions: true,
  incremental: false,
}

/** Compiles a package's `src` into its `dist`; returns the compiler's complaints, if any. */
export function emit(workspace: Workspace, all: readonly Workspace[]): string | undefined {
  const source = path.join(workspace.sourceDir, 'src')
  const dist = path.join(workspace.buildDir, 'dist')
  const rootNames = globSync('**/*.{ts,tsx}', { cwd: source }).map((file) =>
    path.join(source, file),
  )
  const options = {
    ...readOptions(),
    ...buildOptions,
    rootDir: source,
    outDir: dist,
    paths: builtEntries(all.filter((other) => other !== workspace)),
  }
  const program = ts.createProgram({ rootNames, options, host: libraryCachingHost(options) })
  const emitted = program.emit(undefined, writeWithBuiltSpecifiers)
  copyAssets(source, dist)
  const complaints = [...ts.getPreEmitDiagnostics(program), ...emitted.diagnostics]
  if (complaints.length === 0) return undefined
  return ts.formatDiagnostics(complaints, {
    getCanonicalFileName: (name) => name,
    getCurrentDirectory: () => root,
    getNewLine: () => '\n',
  })
}

/** The platform's types are most of what is parsed, and the same for every package. */
const parsedLibraries = new Map<string, ts.SourceFile | undefined>()

function libraryCachingHost(options: ts.CompilerOptions): ts.CompilerHost {
  const host = ts.createCompilerHost(options)
  const parse: ts.CompilerHost['getSourceFile'] = host.getSourceFile.bind(host)
  host.getSourceFile = (file, version, ...more) => {
    if (!file.includes('/node_modules/')) return parse(file, version, ...more)
    if (!parsedLibraries.has(file)) parsedLibraries.set(file, parse(file, version, ...more))
    return parsedLibraries.get(file)
  }
  return host
}

function readOptions(): ts.CompilerOptions {
  const file = path.join(root, 'tsconfig.json')
  const { config } = ts.readConfigFile(file, ts.sys.readFile)
  return ts.convertCompilerOptionsFromJson(config.compilerOptions, root).options
}

/** Other packages are seen as their users will see them: by the types they publish. */
function builtEntries(others: readonly Workspace[]): Record<string, string[]> {
  const entries = others.flatMap(({ manifest, buildDir }) =>
    Object.entries(manifest.exports).map(([subpath, source]) => {
      const specifier = path.posix.join(manifest.name, subpath)
      const entry: [string, string[]] = [
        specifier,
        [path.join(buildDir, builtPath(source, '.d.ts'))],
      ]
      return entry
    }),
  )
  return Object.fromEntries(entries)
}

/** The compiler rewrites `./x.ts` to `./x.js` in what runs, but not in declarations. */
function writeWithBuiltSpecifiers(file: string, text: string): void {
  const declaration = file.endsWith('.d.ts')
  ts.sys.writeFile(file, declaration ? rewriteSpecifiers(file, text) : text)
}

function rewriteSpecifiers(file: string, text: string): string {
  const tree = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true)
  const ends: number[] = []
  const visit = (node: ts.Node): void => {
    if (ts.isStringLiteral(node) && isSpecifier(node) && /^\.\.?\/.*\.ts$/.test(node.text)) {
      ends.push(node.getEnd())
    }
    ts.forEachChild(node, visit)
  }
  visit(tree)
  // From the last to the first, so that earlier places stay where they are.
  return ends.reduceRight(
    (rewritten, end) => `${rewritten.slice(0, end - 3)}js${rewritten.slice(end - 1)}`,
    text,
  )
}

function isSpecifier({ parent }: ts.StringLiteral): boolean {
  if (ts.isImportDeclaration(parent) || ts.isExportDeclaration(parent)) return true
  return ts.isLiteralTypeNode(parent) && ts.isImportTypeNode(parent.parent)
}

/** What is read at run time and is not code: migrations, pages. */
function copyAssets(source: string, dist: string): void {
  cpSync(source, dist, {
    recursive: true,
    filter: (file) => !/\.tsx?$/.test(file),
  })
}
