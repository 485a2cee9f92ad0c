/** Makes dependency-cruiser resolve workspace packages to their sources, built or not. */
const { existsSync, readdirSync, readFileSync } = require('node:fs');
const { join } = require('node:path');

const root = join(__dirname, '..');
const packages = ['contracts', 'kernel', ...children('plugins'), ...children('services'), ...children('clients')];

function children(folder) {
  return readdirSync(join(root, folder)).map((name) => `${folder}/${name}`);
}

const manifests = packages.map((folder) => [folder, join(root, folder, 'package.json')]);

module.exports = {
  resolve: {
    alias: Object.fromEntries(
      manifests
        .filter(([, file]) => existsSync(file))
        .map(([folder, file]) => [
          `${JSON.parse(readFileSync(file, 'utf8')).name}$`,
          join(root, folder, 'src/index.ts'),
        ]),
    ),
  },
};
