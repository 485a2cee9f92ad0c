import type { ServiceIndex } from '@llmteam/contracts';

export function serviceIndex(version: string): ServiceIndex {
  const links = { docs: '/api/docs', openapi: '/api/v1/openapi.json', health: '/health', ready: '/ready' };
  return { name: 'llmteam', version, links };
}

/** The same for a browser. */
export function indexPage({ version, links }: ServiceIndex): string {
  const items = Object.entries(links).map(([name, path]) => `      <li><a href="${path}">${name}</a></li>`);
  return `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <title>LLMTeam</title>
  </head>
  <body>
    <h1>LLMTeam ${version}</h1>
    <ul>
${items.join('\n')}
    </ul>
  </body>
</html>
`;
}
