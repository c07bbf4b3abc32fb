import './node_modules/directus/cli.js';
