/** Makes dependency-cruiser resolve workspace packages to their sources, built or not. */
const { existsSync, readdirSync, readFileSync } = require('node:fs');
const { join } = require('node:path');

const root = join(__dirname, '..');
const packages = ['contracts', 'kernel', ...children('plugins'), ...children('services'), ...children('clients')];

function children(folder) {
  return readdirSync(join(root, folder)).map((name) => `${folder}/${name}`);
}

const manifests = packages.map((folder) => [folder, join(root, folder, 'package.json')]);

/** The entries of a package: `.`, and the modules that it exports beside it. */
function aliasesOf([folder, file]) {
  const { name, exports } = JSON.parse(readFileSync(file, 'utf8'));
  const beside = Object.entries(exports ?? {}).flatMap(([path, target]) => {
    const source = /^\.\/dist\/(.*)\.js$/.exec(target.default ?? '')?.[1];
    return path === '.' || source === undefined ? [] : [[`${name}/${path.slice(2)}$`, `${source}.ts`]];
  });
  return [[`${name}$`, 'index.ts'], ...beside].map(([alias, source]) => [alias, join(root, folder, 'src', source)]);
}

module.exports = {
  resolve: {
    alias: Object.fromEntries(manifests.filter(([, file]) => existsSync(file)).flatMap(aliasesOf)),
  },
};
