import assert from 'node:assert/strict'
import path from 'node:path'
import { describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'

const entries = ['../src/index.ts', '../src/global.ts'].map((file) =>
  fileURLToPath(new URL(file, import.meta.url)),
)

describe('the types of the SDK', () => {
  it('need the DOM and nothing of Node', () => {
    const declarations: string[] = []
    const program = ts.createProgram(entries, {
      target: ts.ScriptTarget.ES2022,
      module: ts.ModuleKind.NodeNext,
      moduleResolution: ts.ModuleResolutionKind.NodeNext,
      lib: ['lib.es2022.d.ts', 'lib.dom.d.ts', 'lib.dom.iterable.d.ts'],
      types: [],
      strict: true,
      exactOptionalPropertyTypes: true,
      allowImportingTsExtensions: true,
      rewriteRelativeImportExtensions: true,
      declaration: true,
      emitDeclarationOnly: true,
      skipLibCheck: true,
    })
    const emitted = program.emit(undefined, (_file, text) => declarations.push(text))
    const faults = [...ts.getPreEmitDiagnostics(program), ...emitted.diagnostics]
    assert.deepEqual(
      faults.map(({ file, messageText }) => [path.basename(file?.fileName ?? ''), messageText]),
      [],
    )
    assert.ok(declarations.length > 0)
    for (const text of declarations) assert.doesNotMatch(text, /node:|types="node"/)
  })
})
