/**
 * Writes the reference of the public interface as Markdown, from the doc comments. TypeDoc 0.28 does not start with
 * TypeScript 7, so it is given TypeScript 5.9.
 */
import { registerHooks } from 'node:module'

/** The public entries, by the name with which they are imported. */
export const ENTRIES: Readonly<Record<string, string>> = {
  'parallel-requests': 'src/index.ts',
  'parallel-requests/sinks': 'src/sinks/index.ts',
  'parallel-requests/report': 'src/report/index.ts',
  'parallel-requests/otel': 'src/otel/index.ts',
  'parallel-requests/distributed': 'src/distributed/index.ts',
  'parallel-requests/testing': 'src/testing/index.ts',
}

/** Types that only the types of the interface need: how results are inferred, and what a transport is given. */
const HELPERS = [
  'AnyFailureMode',
  'AnyReturnType',
  'Body',
  'Clock',
  'DrainedValue',
  'FaultClass',
  'FIELDS',
  'HeaderList',
  'Items',
  'OneShotExtra',
  'OptionValue',
  'Origin',
  'PAGE_STYLES',
  'PageOptions',
  'PartInput',
  'Phase',
  'Problem',
  'Rate',
  'RequestCall',
  'ShapeOptions',
  'StreamCall',
  'Taken',
  'Target',
  'Timer',
  'ValueOptions',
  'Words',
  'unset',
]

const nameOf = (module: string): string =>
  Object.keys(ENTRIES).find(entry => ENTRIES[entry] === `src/${module === 'index' ? '' : `${module}/`}index.ts`) ??
  module

/** @throws when TypeDoc has an error or a warning */
export async function writeApi(folder: string): Promise<void> {
  const hooks = registerHooks({
    resolve(specifier, context, next) {
      const isOfTypeDoc = context.parentURL?.includes('/node_modules/typedoc') === true
      return next(isOfTypeDoc && specifier === 'typescript' ? 'typescript-5.9' : specifier, context)
    },
  })
  const { Application } = await import('typedoc')
  const options: Readonly<Record<string, unknown>> = {
    entryPoints: Object.values(ENTRIES),
    tsconfig: 'tsconfig.json',
    plugin: ['typedoc-plugin-markdown'],
    outputs: [{ name: 'markdown', path: folder }],
    router: 'member',
    // `npm run check` has looked for errors.
    skipErrorChecking: true,
    intentionallyNotExported: HELPERS,
    readme: 'none',
    excludeInternal: true,
    excludePrivate: true,
    excludeExternals: true,
    disableSources: true,
    disableGit: true,
    treatWarningsAsErrors: true,
    // Of the markdown plugin.
    hideBreadcrumbs: true,
    hidePageHeader: true,
    entryFileName: 'index',
    sanitizeComments: true,
  }
  const app = await Application.bootstrapWithPlugins(options)
  const project = await app.convert()
  if (project === undefined) throw new Error('TypeDoc made nothing of src/.')
  app.validate(project)
  for (const module of project.children ?? []) module.name = nameOf(module.name)
  await app.generateOutputs(project)
  hooks.deregister()
  const { logger } = app
  if (logger.hasErrors() || logger.hasWarnings()) throw new Error('TypeDoc has warnings.')
}

if (import.meta.main) await writeApi('site/pages/reference/api')
