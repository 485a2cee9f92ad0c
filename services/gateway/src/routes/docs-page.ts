/** The API reference page. It loads its script from this host and nothing from other hosts. */
export const docsPage = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>LLMTeam API</title>
    <link rel="stylesheet" href="/api/docs/page.css">
    <script type="module" src="/api/docs/rapidoc.js"></script>
  </head>
  <body>
    <rapi-doc spec-url="/api/v1/openapi.json" load-fonts="false" render-style="read" show-header="false"
      allow-server-selection="false" persist-auth="false" schema-style="table" sort-endpoints-by="none">
    </rapi-doc>
  </body>
</html>
`;

export const docsStyle = 'body { margin: 0; }\nrapi-doc { height: 100vh; width: 100%; }\n';

/** The viewer sets inline styles; scripts are loaded from files only. */
export const docsPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "connect-src 'self'",
  "img-src 'self' data:",
  "font-src 'self' data:",
  "frame-ancestors 'none'",
  "base-uri 'none'",
  "form-action 'self'",
].join('; ');
