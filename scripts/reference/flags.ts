/** The page docs/reference/flags.md, made from the flag table of the command line. */
import { flagTable } from '../../src/cli/manual.ts'

const INTRODUCTION = `<!-- Made by \`npm run docs\` of src/cli/flags.ts: edit it there. -->
# Flags

All flags of \`preq\`; [the command line](../cli.md) shows how they work together. \`preq --help-all\` and \`man preq\` list them
as well. Each flag has an environment variable (\`PREQ_\` and its name in capitals, with \`_\` for \`-\`), and a name in
\`preq.json\`. A unit is required: \`10s\`, \`64MiB\`, \`10/s\`.`

/** The whole page. */
export const flagsPage = (): string => `${INTRODUCTION}\n\n${flagTable().replaceAll(/^### /gm, '## ')}\n`
