import path from 'node:path'
import ts from 'typescript'
import { type Finding, isCode, isTest, type SourceFile } from './source-files.ts'

/** Words that say nothing about what a file holds. */
const emptyWords = /(^|-)(utils?|helpers?|common|manager|base|misc)$/

const kebabCase = /^\.?[a-z0-9]+([-.][a-z0-9]+)*$/

/** Judges the names of files, and that each export of a package says what it is. */
export function checkNames(files: readonly SourceFile[]): readonly Finding[] {
  return files
    .filter(({ file }) => isCode(file))
    .flatMap((source) => [...judgeName(source.file), ...judgeDocstrings(source)])
}

function judgeName(file: string): readonly Finding[] {
  const words = file.replace(/\.[a-z]+$/, '').split('/')
  const findings: Finding[] = []
  const empty = words.find((word) => emptyWords.test(word))
  if (empty !== undefined) findings.push({ file, text: `"${empty}" does not say what is in it` })
  if (!kebabCase.test(path.posix.basename(file))) findings.push({ file, text: 'not kebab-case' })
  return findings
}

function judgeDocstrings({ file, text }: SourceFile): readonly Finding[] {
  if (!/^packages\/[^/]+\/src\//.test(file) || isTest(file)) return []
  const tree = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true)
  return tree.statements.flatMap((statement) => {
    if (!isExportedDeclaration(statement) || isDocumented(statement)) return []
    const line = tree.getLineAndCharacterOfPosition(statement.getStart(tree)).line + 1
    const said = `${declaredName(statement)} is exported without a docstring`
    return [{ file, line, text: said }]
  })
}

function isExportedDeclaration(statement: ts.Statement): boolean {
  if (!ts.canHaveModifiers(statement) || !isNamed(statement)) return false
  const modifiers = ts.getModifiers(statement) ?? []
  return modifiers.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword)
}

/** A type of the same name as a value shares the value's docstring; overloads share the first's. */
function isDocumented(statement: ts.Statement): boolean {
  if (ts.getJSDocCommentsAndTags(statement).length > 0) return true
  const name = declaredName(statement)
  const siblings = statement.getSourceFile().statements
  return siblings.some(
    (other) =>
      other !== statement &&
      isExportedDeclaration(other) &&
      declaredName(other) === name &&
      ts.getJSDocCommentsAndTags(other).length > 0,
  )
}

function isNamed(statement: ts.Statement): boolean {
  return declaredName(statement) !== ''
}

function declaredName(statement: ts.Statement): string {
  if (ts.isVariableStatement(statement)) {
    return statement.declarationList.declarations[0]?.name.getText() ?? ''
  }
  const declared =
    ts.isFunctionDeclaration(statement) ||
    ts.isClassDeclaration(statement) ||
    ts.isInterfaceDeclaration(statement) ||
    ts.isTypeAliasDeclaration(statement)
  return declared ? (statement.name?.text ?? '') : ''
}
