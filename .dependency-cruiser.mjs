/**
 * The walls of the repository. Imports point inward only; each row of the table says all that the
 * source of a part may import from the rest of the repository. What a row does not list is
 * forbidden, so a new package is closed until it gets its row.
 */

const protocol = '^packages/protocol/src/'
const core = '^packages/core/src/'
const embedded = '^packages/embedded/src/'
const stores = '^packages/store-(?!kit|testkit)[a-z]+/src/'
const storeKit = '^packages/store-kit/src/'
const storeTestkit = '^packages/store-testkit/src/'
const client = '^packages/client/src/'
const node = '^packages/node/src/'
const web = '^packages/web/src/'

const domain = '^packages/core/src/domain/'
const ports = '^packages/core/src/ports/'
const usecases = '^packages/core/src/usecases/'

/** Part -> [where it lives, what it may import besides itself]. */
const walls = {
  protocol: [protocol, []],
  'core-domain': [domain, [protocol]],
  'core-ports': [ports, [protocol, domain]],
  'core-usecases': [usecases, [protocol, domain, ports]],
  core: [core, [protocol]],
  'store-testkit': [storeTestkit, [protocol, core]],
  'store-kit': [storeKit, [protocol, core]],
  stores: [stores, [protocol, core, storeKit]],
  embedded: [embedded, [protocol, core]],
  server: ['^packages/server/src/', [protocol, core, embedded, stores]],
  node: [node, [protocol]],
  client: [client, [protocol]],
  web: [web, [protocol, client]],
  faces: ['^packages/(react|react-native)/src/', [protocol, client]],
  dashboard: ['^packages/dashboard/src/', [protocol]],
  examples: ['^examples/', [protocol, node, web]],
}

/** A row covers its own folder; parts of one package are told apart by their own rows. */
const wallRules = Object.entries(walls).map(([name, [place, allowed]]) => ({
  name: `wall-${name}`,
  comment: `${name} may import only: itself${allowed.map((one) => `, ${one}`).join('')}`,
  severity: 'error',
  from: { path: place, pathNot: ['/test/'] },
  to: {
    path: '^(packages|simulation|bench|examples|scripts|test)/',
    pathNot: [place, ...allowed, '/node_modules/'],
  },
}))

const packagesInTable = Object.values(walls).map(([place]) => place)

export default {
  forbidden: [
    {
      name: 'no-cycle',
      comment: 'No cycles, not even of types.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'unresolvable',
      comment: 'Every import leads somewhere.',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
    ...wallRules,
    {
      name: 'package-without-a-row',
      comment: 'A new package gets a row in the table of walls.',
      severity: 'error',
      from: { path: '^packages/[^/]+/src/', pathNot: packagesInTable },
      to: {},
    },
    {
      name: 'one-store-knows-no-other',
      comment: 'Stores share the contract and the kit, never each other.',
      severity: 'error',
      from: { path: '^packages/(store-(?!testkit)[a-z]+)/src/' },
      to: { path: '^packages/store-[a-z]+/src/', pathNot: ['^packages/$1/src/', storeKit] },
    },
    {
      name: 'compatible-wire-translates-only',
      comment:
        'The wire of the SuperTokens SDKs speaks with the core through its front door and through an embedded core: it knows no store, no rule and no token envelope.',
      severity: 'error',
      from: { path: '^packages/server/src/supertokens/' },
      to: {
        path: '^packages/',
        pathNot: [
          '^packages/server/src/(supertokens|http)/',
          '^packages/(core|protocol|embedded)/src/index[.]ts$',
        ],
      },
    },
    {
      name: 'compatible-wire-takes-types-of-the-core-only',
      comment: 'What it does, it does through the use cases of a core that it is handed.',
      severity: 'error',
      from: { path: '^packages/server/src/supertokens/' },
      to: { path: core, dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'core-speaks-no-wire',
      comment: 'Nothing but the edge knows that there is another wire.',
      severity: 'error',
      from: {
        path: '^packages/',
        pathNot: [
          '^packages/server/src/(supertokens/|start-server|open-edge|http/edge-context|metrics/metered-routes|commands/(import|secret)|config/wire-defaults)',
          '/test/',
        ],
      },
      to: { path: '^packages/server/src/supertokens/' },
    },
    {
      name: 'imported-by-none',
      comment: 'The simulation, the benchmarks, the examples and the scripts are ends, not parts.',
      severity: 'error',
      from: { path: '^(packages/[^/]+|simulation|bench|examples/[^/]+|scripts|test)/' },
      to: {
        path: '^(simulation|bench|examples/[^/]+|scripts|test)/',
        pathNot: ['^$1/', '^test/engines/'],
      },
    },
    {
      name: 'no-tests-in-source',
      comment: 'Source never imports a test.',
      severity: 'error',
      from: { pathNot: '(^|/)test/' },
      to: { path: '(^|/)test/', pathNot: ['node_modules', '^test/engines/'] },
    },
    {
      name: 'engines-for-tests-and-benchmarks',
      comment: 'The database servers of the tests serve tests and benchmarks, nothing else.',
      severity: 'error',
      from: { pathNot: ['(^|/)test/', '^bench/'] },
      to: { path: '^test/engines/' },
    },
    {
      name: 'core-without-a-platform',
      comment: 'The core runs anywhere: no Node built-ins.',
      severity: 'error',
      from: { path: core },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'wire-without-a-platform',
      comment: 'The wire and the front end run in a browser: no Node built-ins.',
      severity: 'error',
      from: { path: [protocol, client, web] },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'protocol-needs-a-schema-library-only',
      comment: 'The wire imports its schema library and nothing else.',
      severity: 'error',
      from: { path: protocol },
      to: { path: 'node_modules/', pathNot: ['node_modules/valibot/'] },
    },
    {
      name: 'core-needs-nothing',
      comment: 'The rules import the wire and nothing else.',
      severity: 'error',
      from: { path: core },
      to: { path: 'node_modules/' },
    },
    {
      name: 'through-the-front-door',
      comment: 'Another package is entered through its exports only.',
      severity: 'error',
      from: { path: '^packages/([^/]+)/src/' },
      to: {
        path: '^packages/[^/]+/src/',
        pathNot: ['^packages/$1/src/'],
        dependencyTypes: ['local'],
        dependencyTypesNot: ['npm', 'npm-dev', 'localmodule', 'aliased', 'aliased-workspace'],
      },
    },
  ],
  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^(build|(packages|examples)/[^/]+/(build|dist))/' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['types', 'import', 'node', 'default'],
      extensions: ['.ts', '.tsx', '.mjs', '.js', '.json'],
    },
  },
}
