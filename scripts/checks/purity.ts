import ts from 'typescript'
import type { Finding, SourceFile } from './source-files.ts'

const domain = /^packages\/core\/src\/domain\//

/** What a pure rule has no business with: time, chance, the platform, waiting. */
const impureNames = new Set([
  'Date',
  'crypto',
  'process',
  'fetch',
  'globalThis',
  'performance',
  'setTimeout',
  'setInterval',
  'queueMicrotask',
  'console',
])

/** The domain decides and does nothing else: its results depend on its arguments alone. */
export function checkPurity(files: readonly SourceFile[]): readonly Finding[] {
  return files.filter(({ file }) => domain.test(file) && file.endsWith('.ts')).flatMap(judge)
}

function judge({ file, text }: SourceFile): readonly Finding[] {
  const tree = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true)
  const findings: Finding[] = []
  const visit = (node: ts.Node): void => {
    const impurity = impurityOf(node)
    if (impurity !== undefined) {
      const line = tree.getLineAndCharacterOfPosition(node.getStart(tree)).line + 1
      findings.push({ file, line, text: `the domain is pure: it may not name ${impurity}` })
    }
    ts.forEachChild(node, visit)
  }
  visit(tree)
  return findings
}

function impurityOf(node: ts.Node): string | undefined {
  if (node.kind === ts.SyntaxKind.AsyncKeyword) return 'async'
  if (ts.isAwaitExpression(node)) return 'await'
  if (ts.isPropertyAccessExpression(node) && node.getText() === 'Math.random') return 'Math.random'
  if (ts.isStringLiteral(node) && node.text.startsWith('node:')) return node.text
  if (!ts.isIdentifier(node) || !impureNames.has(node.text)) return undefined
  return isMemberName(node) ? undefined : node.text
}

/** `row.process` names a column of ours, not the platform's object. */
function isMemberName(node: ts.Identifier): boolean {
  const { parent } = node
  if (ts.isPropertyAccessExpression(parent)) return parent.name === node
  return (ts.isPropertySignature(parent) || ts.isPropertyAssignment(parent)) && parent.name === node
}
