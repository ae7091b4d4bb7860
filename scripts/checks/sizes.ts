import ts from 'typescript'
import { type Finding, isCode, isFixture, isTest, type SourceFile } from './source-files.ts'

const FILE_LINES_WARN = 300
const FILE_LINES_MAX = 500
const TEST_LINES_MAX = 800
const FUNCTION_LINES_MAX = 70
const PARAMETERS_MAX = 3
const LINE_CHARACTERS_MAX = 100

/** What no line break makes better: addresses, rows of a table, sentences in a string. */
const unbreakable = /https?:\/\/|^\s*\* \||(['"`])(?:(?!\1).){50,}\1/

/** Calls whose function argument is a chapter of a test file, not a function with one job. */
const testChapters = new Set(['test', 'it', 'describe', 'suite'])

/** Judges lengths: of files, lines, functions and parameter lists. */
export function checkSizes(files: readonly SourceFile[]): readonly Finding[] {
  return files
    .filter(({ file }) => (isCode(file) || file.endsWith('.css')) && !isFixture(file))
    .flatMap((source) => [...judgeFile(source), ...judgeLines(source), ...judgeFunctions(source)])
}

function judgeFile({ file, text }: SourceFile): readonly Finding[] {
  const lines = text.split('\n').length - 1
  const most = isTest(file) ? TEST_LINES_MAX : FILE_LINES_MAX
  if (lines > most) return [{ file, text: `${lines} lines; the most is ${most}` }]
  if (lines <= FILE_LINES_WARN || isTest(file)) return []
  return [{ file, text: `${lines} lines; above ${FILE_LINES_WARN} it wants a cut`, warning: true }]
}

function judgeLines({ file, text }: SourceFile): readonly Finding[] {
  return text.split('\n').flatMap((line, index) => {
    if (line.length <= LINE_CHARACTERS_MAX || unbreakable.test(line)) return []
    const said = `${line.length} characters; the most is ${LINE_CHARACTERS_MAX}`
    return [{ file, line: index + 1, text: said }]
  })
}

function judgeFunctions({ file, text }: SourceFile): readonly Finding[] {
  if (!isCode(file)) return []
  const tree = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true)
  const findings: Finding[] = []
  const lineOf = (position: number) => tree.getLineAndCharacterOfPosition(position).line + 1
  const visit = (node: ts.Node): void => {
    if (ts.isFunctionLike(node)) {
      const line = lineOf(node.getStart(tree))
      const length = lineOf(node.getEnd()) - line + 1
      if (length > FUNCTION_LINES_MAX && !(isTest(file) && holdsChapters(node))) {
        const said = `${nameOf(node)} has ${length} lines; the most is ${FUNCTION_LINES_MAX}`
        findings.push({ file, line, text: said })
      }
      const count = positionalCount(node)
      if (count > PARAMETERS_MAX && !(isTest(file) && ts.isCallExpression(node.parent))) {
        const said = `${nameOf(node)} takes ${count} parameters; the most is ${PARAMETERS_MAX}`
        findings.push({ file, line, text: said })
      }
    }
    ts.forEachChild(node, visit)
  }
  visit(tree)
  return findings
}

/** True for a chapter itself, and for a function that is there to hold chapters. */
function holdsChapters(node: ts.Node): boolean {
  if (ts.isCallExpression(node.parent) && isChapterCall(node.parent)) return true
  const search = (inner: ts.Node): boolean =>
    (ts.isCallExpression(inner) && isChapterCall(inner)) || ts.forEachChild(inner, search) === true
  return search(node)
}

function isChapterCall({ expression }: ts.CallExpression): boolean {
  const first = ts.isPropertyAccessExpression(expression) ? expression.expression : expression
  return ts.isIdentifier(first) && testChapters.has(first.text)
}

/** The error handlers of Express are told by their four parameters, so they may have them. */
function positionalCount(node: ts.SignatureDeclaration): number {
  const names = node.parameters.map((parameter) => parameter.name.getText())
  if (names.length === 4 && /^_?next$/.test(names[3] ?? '')) return PARAMETERS_MAX
  return names.filter((name) => name !== 'this').length
}

function nameOf(node: ts.SignatureDeclaration): string {
  if (node.name !== undefined) return node.name.getText()
  const { parent } = node
  const named = ts.isVariableDeclaration(parent) || ts.isPropertyAssignment(parent)
  return named ? parent.name.getText() : 'this function'
}
