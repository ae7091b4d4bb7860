import ts from 'typescript'
import { type Finding, isCode, isFixture, isTest, type SourceFile } from './source-files.ts'

const FILE_LINES_WARN = 300
const FILE_LINES_MAX = 500
const TEST_LINES_MAX = 800
const FUNCTION_LINES_MAX = 70
const PARAMETERS_MAX = 3
const LINE_CHARACTERS_MAX = 100

/** Addresses, and a sentence in a string alone on its line: both are found by searching. */
const unbreakable = /https?:\/\/|^\s*(['"`]).*\1[,)]*$/

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
      if (length > FUNCTION_LINES_MAX && !(isTest(file) && isChapter(node))) {
        const said = `${nameOf(node)} has ${length} lines; the most is ${FUNCTION_LINES_MAX}`
        findings.push({ file, line, text: said })
      }
      const count = positionalCount(node)
      if (count > PARAMETERS_MAX) {
        const said = `${nameOf(node)} takes ${count} parameters; the most is ${PARAMETERS_MAX}`
        findings.push({ file, line, text: said })
      }
    }
    ts.forEachChild(node, visit)
  }
  visit(tree)
  return findings
}

function isChapter(node: ts.Node): boolean {
  if (!ts.isCallExpression(node.parent)) return false
  const callee = node.parent.expression
  const first = ts.isPropertyAccessExpression(callee) ? callee.expression : callee
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
